import { expect, test } from 'vitest';
import type { Choice, FixPlan } from '../../../src/firewall/fix/plan.ts';
import { planFix } from '../../../src/firewall/fix/plan-fix.ts';
import { rootConversation } from '../../../src/firewall/questions/probe-conversations.ts';
import { rules, surroundings, together } from '../fix/rules.ts';

/** ufw's outbound chains of one family, with what its files say. */
function ufw(version: '' | '6', before: string, user = '', policy = 'DROP') {
  return rules(
    [
      `:OUTPUT ${policy} [0:0]`,
      `:ufw${version}-before-output - [0:0]`,
      `:ufw${version}-user-output - [0:0]`,
      `-A OUTPUT -j ufw${version}-before-output`,
      before,
      `-A ufw${version}-before-output -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
      `-A ufw${version}-before-output -j ufw${version}-user-output`,
      user,
    ]
      .filter((line) => line !== '')
      .join('\n'),
    version === '' ? 'ip' : 'ip6',
  );
}

function plan(ruleset: ReturnType<typeof rules>, choice: Choice = { kind: 'all' }): FixPlan {
  return planFix(ruleset, surroundings, [], choice, { caseId: 'c1', iptables: 'nft', manager: 'ufw' });
}

const lines = ({ apply }: FixPlan) => apply.map(({ command }) => command.join(' '));

test('ufw makes the rule for both families by one command, and takes it back by one', () => {
  const fix = plan(together(ufw('', ''), ufw('6', '')));
  expect(lines(fix)).toEqual(['ufw prepend allow out on lo comment lo-doctor c1: permit loopback']);
  expect(fix.undo).toEqual([{ command: ['ufw', 'delete', 'allow', 'out', 'on', 'lo'] }]);
  expect(fix.changes.map(({ place }) => place.chain)).toEqual(['ufw-user-output', 'ufw6-user-output']);
  expect(fix.remaining).toEqual([]);
  expect(fix.bootInsertions).toEqual([]);
});

test.each(['ACCEPT', 'DROP'])(
  'a rule in ufw’s files that drops first is answered in their chain and file, policy %s',
  (policy) => {
    const before = ufw('', '-A ufw-before-output -p tcp -m tcp --dport 25 -j DROP', '', policy);
    const fix = plan(before);
    expect(lines(fix).join()).toContain('-I ufw-before-output 1 -o lo');
    expect(fix.bootInsertions[0]).toMatchObject({ chain: 'ufw-before-output', file: '/etc/ufw/before.rules' });
  },
);

test('the user’s own rule is not taken for ours: ufw would not add the same one again', () => {
  const deny = '-A ufw-user-output -p tcp -m tcp --dport 25 -j DROP';
  const fix = plan(ufw('', '', `${deny}\n-A ufw-user-output -o lo -j ACCEPT`));
  expect(lines(fix).join()).not.toContain('ufw prepend');
  expect(fix.undo.flatMap(({ command }) => command)).not.toContain('ufw');
  expect(fix.remaining).toEqual([]);
});

test('ping alone is more than ufw can say', () => {
  const fix = plan(ufw('', ''), { kind: 'services', services: [{ protocol: 'icmp', port: null }] });
  expect(lines(fix)[0]).toMatch(/^iptables /);
  expect(fix.repaired).toContainEqual(rootConversation('icmp', '127.0.0.1', null));
});
