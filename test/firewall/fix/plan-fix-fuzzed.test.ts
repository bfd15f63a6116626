// What the fuzzer of fixes found wrong with plans, each as the smallest rules that show it.
import { expect, test } from 'vitest';
import type { Choice, FixPlan } from '../../../src/firewall/fix/plan.ts';
import { planFix } from '../../../src/firewall/fix/plan-fix.ts';
import type { Ruleset } from '../../../src/firewall/model/model.ts';
import { parseNftRuleset } from '../../../src/firewall/nftables/read/parse-nft-ruleset.ts';
import { probeConversations, rootConversation } from '../../../src/firewall/questions/probe-conversations.ts';
import { judgePlan } from '../../kernel/fuzz/judge-plan.ts';
import { rules, surroundings } from './rules.ts';

/** The plan for these rules, which holds what it says: repairs all that fails, breaks nothing, has no rule too many. */
function soundPlan(ruleset: Ruleset, choice: Choice = { kind: 'all' }): FixPlan {
  const { ownAddresses } = surroundings;
  const probes = probeConversations({ ruleset, ownAddresses, ports: [25, 53] });
  const options = { caseId: 'c1', iptables: 'nft', probes } as const;
  const plan = planFix(ruleset, surroundings, [], choice, options);
  expect(judgePlan({ ruleset, surroundings, failing: [], probes, plan })).toEqual([]);
  expect(plan.remaining).toEqual([]);
  return plan;
}

const places = ({ changes }: FixPlan) =>
  changes.map(({ place, position }) => `${place.table} ${place.chain} ${position}`);

test('a RETURN that leaves the rest to a dropping policy gets the permit before it', () => {
  const plan = soundPlan(
    rules(':OUTPUT DROP [0:0]\n-A OUTPUT -p icmp -j ACCEPT\n-A OUTPUT -p tcp -j RETURN\n-A OUTPUT -j ACCEPT'),
  );
  expect(places(plan)).toEqual(['filter OUTPUT 2']);
  expect(plan.changes[0]?.reason).toBe(
    'Just before rule 2, which leaves it to the policy of OUTPUT, and that drops it.',
  );
});

test('a goto whose chain comes to its end leaves the rest to the policy as well', () => {
  const plan = soundPlan(
    rules(
      ':OUTPUT DROP [0:0]\n:out - [0:0]\n-A OUTPUT -p icmp -j ACCEPT\n-A OUTPUT -g out\n-A OUTPUT -j ACCEPT\n-A out -p tcp -m tcp --dport 443 -j ACCEPT',
    ),
  );
  expect(places(plan)).toEqual(['filter OUTPUT 2']);
});

test('a RETURN that the traffic does not meet leaves the permit at the end', () => {
  const plan = soundPlan(rules(':OUTPUT DROP [0:0]\n-A OUTPUT -o eth0 -j RETURN\n-A OUTPUT -p icmp -j ACCEPT'));
  expect(places(plan)).toEqual(['filter OUTPUT 3']);
});

test('what passed because of a rule behind the permit goes on to pass', () => {
  const plan = soundPlan(
    rules(
      '*raw\n-A OUTPUT -p tcp -m tcp --dport 25 -j DROP\n-A OUTPUT -j CT --notrack\nCOMMIT\n*filter\n-A OUTPUT -p tcp -j ACCEPT\n-A OUTPUT -m conntrack --ctstate UNTRACKED -j ACCEPT\n-A OUTPUT -j DROP\nCOMMIT',
    ),
  );
  expect(places(plan)).toEqual(['raw OUTPUT 1', 'filter OUTPUT 3']);
});

type Exprs = readonly (readonly (object | string)[])[];

/** Base chains on output, named by their priorities, as `nft -j list ruleset` prints them. */
function outputChains(chains: Readonly<Record<number, Exprs>>): Ruleset {
  const own = { family: 'ip', table: 'a' };
  const nftables = Object.entries(chains).flatMap(([prio, exprs], number) => [
    { chain: { ...own, name: `at${prio}`, type: 'filter', hook: 'output', prio: Number(prio), policy: 'accept' } },
    ...exprs.map((expr, at) => ({ rule: { ...own, chain: `at${prio}`, handle: 10 * number + at + 1, expr } })),
  ]);
  const text = JSON.stringify({ nftables: [{ table: { ...own, name: 'a' } }, ...nftables] });
  return { tables: parseNftRuleset(text, { file: 'test' }) };
}

test('a map that only might have dropped needs no permit once nothing before it is in doubt', () => {
  const set = [
    ['invalid', { drop: null }],
    ...['established', 'new', 'related'].map((name) => [name, { accept: null }]),
  ];
  const tcp = { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: 'tcp' } };
  const limited = [tcp, { limit: { rate: 2, burst: 2, per: 'minute' } }, { accept: null }];
  const byState = [{ vmap: { key: { ct: { key: 'state' } }, data: { set } } }];
  const plan = soundPlan(outputChains({ 0: [limited, [{ drop: null }]], 10: [byState] }));
  expect(places(plan)).toEqual(['a at0 2']);
});

test('what a chain in braces stops is permitted before the rule that holds the braces', () => {
  // nft 1.0.6 prints it as plain text.
  const braces = 'jump {\n\t\t\ttcp dport 443 accept\n\t\t\tdrop\n\t\t}';
  expect(places(soundPlan(outputChains({ 0: [[{ counter: { packets: 0, bytes: 0 } }], [braces]] })))).toEqual([
    'a at0 2',
  ]);
});

test('a permit of ping is written as nft prints it, so that it is found again', () => {
  const plan = soundPlan(outputChains({ 0: [[{ drop: null }]] }), {
    kind: 'services',
    services: [{ protocol: 'icmp', port: null }],
  });
  expect(plan.changes.map(({ rule }) => rule.text.replace(/ counter.*/, ''))).toEqual([
    'oifname "lo" icmp type echo-request',
    'oifname "lo" icmp type echo-reply ct state established',
  ]);
  expect(plan.repaired).toContainEqual(rootConversation('icmp', '127.0.0.1', null));
});
