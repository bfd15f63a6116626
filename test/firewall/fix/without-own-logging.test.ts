// Rules as they are without lo-doctor's temporary log rules.
import { expect, test } from 'vitest';
import { planLogging } from '../../../src/firewall/fix/plan-logging.ts';
import { withoutOwnLogging } from '../../../src/firewall/fix/without-own-logging.ts';
import type { Ruleset } from '../../../src/firewall/model/model.ts';
import { parseNftRuleset } from '../../../src/firewall/nftables/read/parse-nft-ruleset.ts';
import { rules, surroundings } from './rules.ts';

const rowsOf = ({ tables }: Ruleset) =>
  tables.flatMap(({ chains }) =>
    [...chains.values()].flatMap((chain) => chain.rules.map(({ number, text }) => [chain.name, number, text])),
  );

test.each([
  '-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\n-A OUTPUT -p tcp -m tcp --dport 25 -j DROP\n-A OUTPUT -j DROP',
  ':OUTPUT DROP [0:0]\n:x - [0:0]\n-A OUTPUT -j x\n-A x -p udp -j REJECT',
])('what turning logging on has added is gone, and the numbers are as before: %j', (text) => {
  const before = rules(text);
  const plan = planLogging(before, surroundings, { caseId: 'c1', iptables: 'nft' });
  expect(plan?.changes.length).toBeGreaterThan(0);
  if (plan === null) return;
  expect(rowsOf(plan.after)).not.toEqual(rowsOf(before));
  expect(rowsOf(withoutOwnLogging(plan.after))).toEqual(rowsOf(before));
});

test('the very same ruleset comes back where there is none; a permit of a case and a comment about lo-doctor stay', () => {
  const ruleset = rules(
    '-A OUTPUT -o lo -m comment --comment "lo-doctor c1: loopback" -j ACCEPT\n-A OUTPUT -m comment --comment "see lo-doctor c1-log: 1" -j LOG\n-A OUTPUT -j DROP',
  );
  expect(withoutOwnLogging(ruleset)).toBe(ruleset);
});

test("nft's rules are known by their comment too, and keep their handles", () => {
  const chain = {
    family: 'inet',
    table: 't',
    name: 'out',
    handle: 1,
    type: 'filter',
    hook: 'output',
    prio: 0,
    policy: 'drop',
  };
  const rule = (handle: number, comment: string | undefined, expr: unknown[]) => ({
    rule: { family: 'inet', table: 't', chain: 'out', handle, ...(comment && { comment }), expr },
  });
  const text = JSON.stringify({
    nftables: [
      { metainfo: { json_schema_version: 1 } },
      { table: { family: 'inet', name: 't', handle: 1 } },
      { chain },
      rule(7, 'lo-doctor c1-log: 1', [{ log: { prefix: 'lo-doctor c1 1 ' } }]),
      rule(8, undefined, [{ drop: null }]),
    ],
  });
  const bare = withoutOwnLogging({ tables: parseNftRuleset(text, { file: 'nft' }) });
  expect([...(bare.tables[0]?.chains.get('out')?.rules ?? [])]).toMatchObject([{ number: 1, handle: 8 }]);
});
