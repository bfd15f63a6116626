import { expect, test } from 'vitest';
import { traceConversation } from '../../../../src/firewall/conversation/trace-conversation.ts';
import { planFix } from '../../../../src/firewall/fix/plan-fix.ts';
import { parseNftRuleset } from '../../../../src/firewall/nftables/read/parse-nft-ruleset.ts';
import { rootConversation } from '../../../../src/firewall/questions/probe-conversations.ts';
import { rules, surroundings } from '../rules.ts';

const toSsh = rootConversation('tcp', '127.0.0.1', 22);
const options = { caseId: 'c1', iptables: 'nft' } as const;

const CHAINS = [
  'f2b-sshd',
  'fail2ban-ssh',
  'DOCKER-USER',
  'KUBE-FIREWALL',
  'NETAVARK_INPUT',
  'CNI-ADMIN',
  'LIBVIRT_INP',
  'cali-INPUT',
  'CROWDSEC_CHAIN',
  'sshguard',
  'ts-input',
  'CILIUM_INPUT',
  'FLANNEL-FWD',
];

test.each(CHAINS)('a permit stands before the jump to %s, whose maker makes it anew, and outside of it', (chain) => {
  const text = `:${chain} - [0:0]\n-A INPUT -p icmp -j ACCEPT\n-A INPUT -p tcp -m multiport --dports 22 -j ${chain}\n-A ${chain} -s 10.0.0.0/8 -j RETURN\n-A ${chain} -s 127.0.0.1/32 -j REJECT --reject-with icmp-port-unreachable\n-A ${chain} -j RETURN`;
  const plan = planFix(rules(text), surroundings, [toSsh], { kind: 'all' }, options);
  expect(plan.changes.map(({ place, position }) => `${place.chain} ${position}`)).toEqual(['INPUT 2']);
  expect(traceConversation(plan.after, toSsh, surroundings).outcome).toBe('works');
});

test("for a ban of fail2ban's, its own words come first, and that its jump comes first again", () => {
  const text =
    ':f2b-sshd - [0:0]\n-A INPUT -p tcp -j f2b-sshd\n-A f2b-sshd -s 127.0.0.1/32 -j REJECT\n-A f2b-sshd -j RETURN';
  const { ownersWords } = planFix(rules(text), surroundings, [toSsh], { kind: 'all' }, options);
  expect(ownersWords).toHaveLength(1);
  expect(ownersWords[0]).toContain('fail2ban-client unban 127.0.0.1');
  expect(ownersWords[0]).toContain('ignoreip');
});

test('where a whole table is made anew, nothing outside of it helps: so it is said, and saved nowhere', () => {
  const chain = { family: 'inet', table: 'f2b-table', name: 'f2b-chain', type: 'filter', hook: 'input', prio: -1 };
  const from = { match: { op: '==', left: { payload: { protocol: 'ip', field: 'saddr' } }, right: '127.0.0.1' } };
  const rule = { family: 'inet', table: 'f2b-table', chain: 'f2b-chain', handle: 4, expr: [from, { reject: null }] };
  const nftables = [
    { metainfo: { json_schema_version: 1 } },
    { table: { family: 'inet', name: 'f2b-table', handle: 1 } },
    { chain: { ...chain, policy: 'accept', handle: 1 } },
    { rule },
  ];
  const ruleset = { tables: parseNftRuleset(JSON.stringify({ nftables }), { file: 'test' }) };
  const plan = planFix(ruleset, surroundings, [toSsh], { kind: 'all' }, options);
  expect(plan.changes.map(({ place }) => place.table)).toEqual(['f2b-table']);
  expect(plan.nftInsertions).toEqual([]);
  expect(plan.bootAdvice.join(' ')).toContain('which fail2ban makes anew');
});
