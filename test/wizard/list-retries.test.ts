import { expect, test } from 'vitest';
import { inspect } from '../../src/diagnosis/inspect/inspect.ts';
import { listRetries } from '../../src/wizard/list-retries.ts';
import { begin, type Case } from '../../src/wizard/state.ts';
import { planFor } from '../../src/work/plan-for.ts';
import { rules } from '../firewall/fix/rules.ts';

/** A walk on a server whose rules stop loopback, and where nobody listens. */
const walkOn = (ownAddresses: readonly string[]): Case => {
  const ruleset = rules('-A OUTPUT -j DROP');
  const facts = {
    host: 'web1',

    ruleset,
    users: new Map(),
    ownAddresses,
    listeners: [],
    iptables: 'nft',
    ownerFacts: null,
    logs: [],
    way: null,
    dump: null,
  } as const;
  const inspection = inspect({ ...facts, users: new Map() }, 'c1');
  const plan = planFor(inspection, 'c1', [], { kind: 'all-but-guarded' });
  const { case: known } = begin({ id: 'c1', startedAt: new Date(), confirmWithin: 60, story: null });
  return { ...known, inspection, plan };
};
const tried = (walk: Case) => [
  ...new Set(
    listRetries(walk)
      .flat()
      .map(({ destination }) => destination),
  ),
];

test('a server without an address of its own is not tried at the one that stands for it', () => {
  expect(tried(walkOn([]))).toContain('127.0.0.1');
  expect(tried(walkOn([]))).not.toContain('192.0.2.1');
});

test('an address of its own is', () => {
  expect(tried(walkOn(['192.0.2.10']))).toContain('192.0.2.10');
});
