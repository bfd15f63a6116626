import { expect, test } from 'vitest';
import type { FixPlan } from '../../../src/firewall/fix/plan.ts';
import { planFix } from '../../../src/firewall/fix/plan-fix.ts';
import { planLogging } from '../../../src/firewall/fix/plan-logging.ts';
import type { Ruleset } from '../../../src/firewall/model/model.ts';
import { parseNftRuleset } from '../../../src/firewall/nftables/read/parse-nft-ruleset.ts';
import { surroundings } from './rules.ts';

const options = { caseId: 'c1', iptables: 'nft' } as const;

/** Two base chains on output as `nft -j list ruleset` prints them: the first ends in a drop, the second has only a policy. */
function twoChains(lastOfFirst: object, chain = 'out'): Ruleset {
  const base = { type: 'filter', hook: 'output', prio: 0, policy: 'accept', handle: 1 };
  const https = { match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: 443 } };
  const rule = (handle: number, ...expr: object[]) => ({ rule: { family: 'inet', table: 'a', chain, handle, expr } });
  const nftables = [
    { metainfo: { json_schema_version: 1 } },
    { table: { family: 'inet', name: 'a', handle: 1 } },
    { chain: { family: 'inet', table: 'a', name: chain, ...base } },
    rule(4, https, { accept: null }),
    rule(7, lastOfFirst, { drop: null }),
    { table: { family: 'ip', name: 'b', handle: 2 } },
    { chain: { family: 'ip', table: 'b', name: 'late', ...base, prio: 10, policy: 'drop' } },
  ];
  return { tables: parseNftRuleset(JSON.stringify({ nftables }), { file: 'test' }) };
}

const all = (ruleset: Ruleset): FixPlan => planFix(ruleset, surroundings, [], { kind: 'all' }, options);
const counter = { counter: { packets: 1, bytes: 2 } };

test('all rules go in by one transaction, by handle where there is a rule to stand before', () => {
  const fix = all(twoChains(counter));
  expect(fix.remaining).toEqual([]);
  expect(fix.apply).toEqual([
    {
      command: ['nft', '-f', '-'],
      input:
        'insert rule inet a out handle 7 oifname "lo" counter accept comment "lo-doctor c1: permit loopback"\n' +
        'add rule ip b late oifname "lo" counter accept comment "lo-doctor c1: permit loopback"\n',
    },
  ]);
});

test('the undo finds each rule by its comment', () => {
  expect(all(twoChains(counter)).undo.map(({ command }) => command.join(' '))).toEqual([
    `sh -c rules=$(nft -a list chain ip b late) || exit; printf '%s\\n' "$rules" | sed -n 's/.* comment "lo-doctor c1: permit loopback" # handle \\([0-9]*\\)$/delete rule ip b late handle \\1/p' | nft -f -`,
    `sh -c rules=$(nft -a list chain inet a out) || exit; printf '%s\\n' "$rules" | sed -n 's/.* comment "lo-doctor c1: permit loopback" # handle \\([0-9]*\\)$/delete rule inet a out handle \\1/p' | nft -f -`,
  ]);
});

test('the script that makes the chains at boot gets the rules before what follows them in force', () => {
  const statement = 'oifname "lo" counter accept comment "lo-doctor c1: permit loopback"';
  expect(all(twoChains(counter)).nftInsertions).toEqual([
    { family: 'inet', table: 'a', chain: 'out', followedBy: ['counter drop'], statement },
    { family: 'ip', table: 'b', chain: 'late', followedBy: [], statement },
  ]);
});

test('a conditional drop is logged under its own conditions, without its counter', () => {
  const mail = {
    match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: { set: [25, 587] } },
  };
  const logging = planLogging(twoChains(mail), surroundings, options);
  expect(logging?.changes.find(({ place }) => place.chain === 'out')?.rule.text).toBe(
    'oifname "lo" tcp dport { 25, 587 } limit rate 10/second burst 50 packets counter log prefix "lo-doctor c1 1 " flags skuid comment "lo-doctor c1-log: 1"',
  );
});

test('a chain whose name could be more than a name gets no rule', () => {
  const fix = all(twoChains(counter, 'out; flush ruleset'));
  expect(fix.apply.map(({ input }) => input).join()).not.toContain('flush');
  expect(fix.remaining.map(({ rule }) => rule?.chain)).toContain('out; flush ruleset');
});
