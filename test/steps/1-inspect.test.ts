import { expect, test } from 'vitest';
import { inspect } from '../../src/diagnosis/inspect/inspect.ts';
import type { Ruleset } from '../../src/firewall/model/model.ts';
import { inspectPage, tellInspection } from '../../src/steps/1-inspect.ts';
import { begin } from '../../src/wizard/state.ts';
import { layOut, lineText } from '../../src/words/lay-out.ts';
import { rules, together } from '../firewall/fix/rules.ts';

const tell = (ruleset: Ruleset): string => {
  const known = {
    host: 'web1',
    ownAddresses: [],
    listeners: [],
    iptables: null,
    ownerFacts: null,
    logs: null,
    way: null,
    dump: null,
  };
  const { glance, details } = tellInspection(inspect({ ...known, ruleset }, 'c1'));
  return layOut([...glance, ...details], 80)
    .map(lineText)
    .join('\n');
};

const beside = rules('-A OUTPUT -d 198.51.100.1 -j DROP', 'ip', 'legacy');

test('a policy that is not what blocks loopback takes one line', () => {
  const told = tell(together(rules('-A OUTPUT -j DROP'), beside));
  expect(told).toContain('> 1  -A OUTPUT -j DROP');
  expect(told).toContain("Accepts what its own rules don't stop: OUTPUT (iptables-legacy, IPv4).");
  expect(told).not.toContain('198.51.100.1');
});

test('it is listed where nothing blocks loopback, and where a rule in it does', () => {
  expect(tell(beside)).toContain('1  -A OUTPUT -d 198.51.100.1 -j DROP');
  const stopping = rules('-A OUTPUT -o lo -p udp -j DROP', 'ip', 'legacy');
  expect(tell(stopping)).toContain('1  -A OUTPUT -o lo -p udp -j DROP');
});

test('the first page of the walk has the answer about the next boot', () => {
  const nextBoot = { loopback: 'blocked', reasons: ['TCP to 127.0.0.1:25 is stopped'] } as const;
  const known = { host: 'web1', ownAddresses: [], listeners: [], iptables: null, ownerFacts: null, logs: null };
  const facts = { ...known, way: null, dump: null, ruleset: beside };
  const tellFirst = (inspection: ReturnType<typeof inspect>): string => {
    const walk = begin({ id: 'c1', startedAt: new Date(0), confirmWithin: 60, story: null }).case;
    const { body, details = [] } = inspectPage({ name: 'inspected', problem: null }, { ...walk, inspection });
    return [body, details].map((blocks) => layOut(blocks, 80).map(lineText).join('\n')).join('\n-- details --\n');
  };
  expect(tellFirst(inspect({ ...facts, nextBoot }, 'c1'))).toMatch(
    /boot: loopback is stopped\.[\s\S]*-- details --[\s\S]*boot: loopback is stopped \(TCP to 127\.0\.0\.1:25 is stopped\)\./,
  );
  expect(tellFirst(inspect(facts, 'c1'))).not.toContain('next boot');
});
