import { describe, expect, test } from 'vitest';
import type { Conversation } from '../../../src/firewall/conversation/trace.ts';
import { traceConversation } from '../../../src/firewall/conversation/trace-conversation.ts';
import type { Choice, FixPlan } from '../../../src/firewall/fix/plan.ts';
import { planFix } from '../../../src/firewall/fix/plan-fix.ts';
import type { Ruleset } from '../../../src/firewall/model/model.ts';
import { isLetThrough } from '../../../src/firewall/questions/is-let-through.ts';
import { probeConversations, rootConversation } from '../../../src/firewall/questions/probe-conversations.ts';
import { rules, surroundings, together } from './rules.ts';

const all: Choice = { kind: 'all' };
const mail: Choice = { kind: 'services', services: [{ protocol: 'tcp', port: 25 }] };
const toMail = rootConversation('tcp', '127.0.0.1', 25);

function plan(ruleset: Ruleset, choice: Choice = all, failing: readonly Conversation[] = [toMail]): FixPlan {
  const fix = planFix(ruleset, surroundings, failing, choice, { caseId: 'c1', iptables: 'nft' });
  // Whatever a plan is about, these hold.
  for (const one of fix.repaired) expect(isLetThrough(traceConversation(fix.after, one, surroundings))).toBe(true);
  expect(fix.apply.length).toBe(fix.changes.length);
  expect(fix.undo.length).toBe(fix.changes.length);
  expect(fix.proof.holds).toBe(true);
  if (fix.changes.length > 0) expect(fix.proof.packets).toBeGreaterThan(10);
  return fix;
}

const places = ({ changes }: FixPlan) =>
  changes.map(({ place, position }) => `${place.table} ${place.chain} ${position}`);
const commands = ({ apply }: FixPlan) => apply.map(({ command }) => command.join(' '));

/** After a plan for all of loopback nothing on lo is stopped. */
function passesAll(fix: FixPlan): void {
  for (const probe of probeConversations({ ruleset: fix.after, ownAddresses: surroundings.ownAddresses })) {
    expect(traceConversation(fix.after, probe, surroundings).outcome, JSON.stringify(probe)).toBe('works');
  }
  expect(fix.remaining).toEqual([]);
}

describe('permitting all of loopback', () => {
  test('the permit goes right before the final rule', () => {
    const fix = plan(rules('-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\n-A OUTPUT -j DROP'));
    passesAll(fix);
    expect(commands(fix)).toEqual([
      'iptables -w 5 -t filter -I OUTPUT 2 -o lo -m comment --comment lo-doctor c1: permit loopback -j ACCEPT',
    ]);
    expect(fix.changes[0]?.reason).toContain('final rule, rule 2');
  });

  test('the logging in front of the final rule stays behind the permit, so that it reports drops only', () => {
    const fix = plan(
      rules('-A OUTPUT -p udp -j ACCEPT\n-A OUTPUT -j LOG\n-A OUTPUT -j NFLOG --nflog-group 1\n-A OUTPUT -j DROP'),
    );
    passesAll(fix);
    expect(places(fix)).toEqual(['filter OUTPUT 2']);
  });

  test('where only the policy drops, the permit goes to the end', () => {
    const fix = plan(rules(':OUTPUT DROP [0:0]\n-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT'));
    passesAll(fix);
    expect(commands(fix)[0]).toContain('-t filter -A OUTPUT -o lo');
    expect(fix.changes[0]).toMatchObject({ position: 2, before: { number: 0, text: 'policy drop' } });
  });

  test('an earlier drop of one port moves the permit before it', () => {
    const fix = plan(
      rules(
        '-A OUTPUT -p udp -j ACCEPT\n-A OUTPUT -p tcp -m tcp --dport 25 -j DROP\n-A OUTPUT -p icmp -j ACCEPT\n-A OUTPUT -j DROP',
      ),
    );
    passesAll(fix);
    expect(places(fix)).toEqual(['filter OUTPUT 2']);
    expect(fix.changes[0]?.reason).toContain('too late');
  });

  test('a permit after the drop is noticed and said', () => {
    const fix = plan(rules('-A OUTPUT -j DROP\n-A OUTPUT -o lo -j ACCEPT'));
    passesAll(fix);
    expect(places(fix)).toEqual(['filter OUTPUT 1']);
    expect(fix.notes).toEqual([
      'Rule 2 of OUTPUT permits loopback already, but rule 1 of OUTPUT comes first and stops this traffic.',
    ]);
  });

  test('a permit of loopback addresses only is noticed where own addresses fail', () => {
    const fix = plan(rules('-A OUTPUT -d 127.0.0.0/8 -j ACCEPT\n-A OUTPUT -j DROP'), all, [
      rootConversation('tcp', '192.0.2.10', 80),
    ]);
    passesAll(fix);
    expect(places(fix)).toEqual(['filter OUTPUT 2']);
    expect(fix.notes[0]).toContain('Rule 1 of OUTPUT permits loopback addresses only');
  });

  test('drops on the way in are permitted there', () => {
    const fix = plan(rules(':INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A OUTPUT -j DROP'));
    passesAll(fix);
    expect(places(fix).sort()).toEqual(['filter INPUT 2', 'filter OUTPUT 1']);
    expect(commands(fix).join()).toContain('-A INPUT -i lo');
  });

  test('a chain that only logs and drops counts as the final rule that jumps to it', () => {
    const fix = plan(
      rules(
        ':LOGDROP - [0:0]\n-A OUTPUT -p udp -j ACCEPT\n-A OUTPUT -j LOGDROP\n-A LOGDROP -j LOG\n-A LOGDROP -j DROP',
      ),
    );
    passesAll(fix);
    expect(places(fix)).toEqual(['filter OUTPUT 2']);
    expect(fix.changes[0]?.reason).toContain('sends the traffic to LOGDROP');
  });

  test('the final rule of a policy in a chain of its own is looked for there, also behind a goto', () => {
    for (const verb of ['-j', '-g']) {
      const fix = plan(
        rules(
          `:out - [0:0]\n-A OUTPUT ${verb} out\n-A out -p tcp -m tcp --dport 443 -j ACCEPT\n-A out -j REJECT --reject-with icmp-port-unreachable`,
        ),
      );
      passesAll(fix);
      expect(places(fix)).toEqual(['filter out 2']);
    }
  });

  test('two chains that both stop it are served by one permit before the jump to the first', () => {
    const fix = plan(
      rules(
        ':t - [0:0]\n:u - [0:0]\n-A OUTPUT -p icmp -j ACCEPT\n-A OUTPUT -p tcp -j t\n-A OUTPUT -p udp -j u\n-A t -p tcp -m tcp --dport 443 -j ACCEPT\n-A t -j DROP\n-A u -p udp -m udp --dport 53 -j ACCEPT\n-A u -j DROP',
      ),
    );
    passesAll(fix);
    expect(places(fix)).toEqual(['filter OUTPUT 2']);
  });

  test('each table that drops gets its permit', () => {
    const fix = plan(
      rules(
        '*raw\n-A OUTPUT -j DROP\nCOMMIT\n*mangle\n-A POSTROUTING -o lo -j DROP\n-A PREROUTING -i lo -j DROP\nCOMMIT\n*security\n-A INPUT -j DROP\nCOMMIT',
      ),
    );
    passesAll(fix);
    expect(places(fix).sort()).toEqual([
      'mangle POSTROUTING 1',
      'mangle PREROUTING 1',
      'raw OUTPUT 1',
      'security INPUT 1',
    ]);
  });

  test('only the family that drops is changed', () => {
    const fix = plan(rules('-A OUTPUT -j DROP', 'ip6'), all, [rootConversation('tcp', '::1', 25)]);
    passesAll(fix);
    expect(commands(fix)[0]).toMatch(/^ip6tables -w 5/);
    expect(fix.changes).toHaveLength(1);
  });

  test('a drop for one user only is met by a permit, too', () => {
    const fix = plan(rules('-A OUTPUT -m owner --uid-owner 33 -j REJECT'), all, [{ ...toMail, uid: 33 }]);
    passesAll(fix);
    expect(places(fix)).toEqual(['filter OUTPUT 1']);
  });

  test('rules that can not be judged are gone around', () => {
    const fix = plan(rules('-A OUTPUT -m string --string "x" --algo bm --to 65535 -j DROP\n-A OUTPUT -j DROP'));
    passesAll(fix);
    expect(places(fix)).toEqual(['filter OUTPUT 1']);
  });

  test('healthy rules stay as they are', () => {
    const fix = plan(rules('-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -j DROP'), all, []);
    expect(fix.changes).toEqual([]);
    expect(fix.remaining).toEqual([]);
  });
});

describe('what no permit can cure', () => {
  test('a redirect is named beforehand', () => {
    const ruleset = rules('*nat\n-A OUTPUT -p tcp -m tcp --dport 25 -j DNAT --to-destination 10.9.9.9:25\nCOMMIT');
    const fix = plan(ruleset, mail);
    expect(fix.changes).toEqual([]);
    expect(fix.remaining[0]).toMatchObject({ conversation: toMail, rule: { table: 'nat', number: 1 } });
  });

  test('no permit is offered for a goal that stays stuck', () => {
    const ruleset = rules(
      '*nat\n-A OUTPUT -p tcp -m tcp --dport 25 -j DROP\nCOMMIT\n*filter\n-A OUTPUT -j DROP\nCOMMIT',
    );
    expect(plan(ruleset, mail).changes).toEqual([]);
  });

  test('what NAT sends off lo is let out, and not said to arrive', () => {
    const ruleset = rules(
      '*nat\n-A OUTPUT -p tcp -m tcp --dport 25 -j DNAT --to-destination 10.9.9.9:25\nCOMMIT\n*filter\n-A OUTPUT -j DROP\nCOMMIT',
    );
    const { changes, notes } = plan(ruleset, mail);
    expect(changes).toHaveLength(1);
    expect(notes.join()).toContain('tcp/25 (to 10.9.9.9) off lo');
  });

  test('a failure that the rules do not explain is said to be another cause', () => {
    const fix = plan(rules('-A OUTPUT -p udp -j DROP'), mail);
    expect(fix.remaining).toEqual([
      { conversation: toMail, why: expect.stringContaining('something else'), rule: null },
    ]);
  });
});

describe('permitting a service', () => {
  test('replies are permitted where the policy does not let them out', () => {
    const fix = plan(rules('-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\n-A OUTPUT -j DROP'), mail);
    expect(fix.remaining).toEqual([]);
    expect(fix.changes.map(({ rule }) => rule.text)).toEqual([
      '-A OUTPUT -o lo -p tcp -m tcp --dport 25 -m comment --comment "lo-doctor c1: permit tcp/25 on loopback" -j ACCEPT',
      '-A OUTPUT -o lo -p tcp -m tcp --sport 25 -m conntrack --ctstate ESTABLISHED -m comment --comment "lo-doctor c1: permit replies of tcp/25 on loopback" -j ACCEPT',
    ]);
  });

  test('where established traffic passes, the request alone is permitted', () => {
    const fix = plan(rules('-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A OUTPUT -j DROP'), mail);
    expect(fix.changes).toHaveLength(1);
    expect(fix.remaining).toEqual([]);
  });

  test('replies that conntrack does not know are permitted by their port', () => {
    const fix = plan(rules('*raw\n-A OUTPUT -o lo -j CT --notrack\nCOMMIT\n*filter\n-A OUTPUT -j DROP\nCOMMIT'), mail);
    expect(fix.remaining).toEqual([]);
    expect(fix.changes.map(({ rule }) => rule.text).join()).not.toContain('ctstate');
  });

  test('in the raw table, replies are permitted by their port', () => {
    const fix = plan(rules('*raw\n-A OUTPUT -j DROP\nCOMMIT'), mail);
    expect(fix.remaining).toEqual([]);
    expect(fix.changes).toHaveLength(2);
  });

  test('what stays broken is said: other ports, ping, FTP data', () => {
    const ftp: Choice = { kind: 'services', services: [{ protocol: 'tcp', port: 21 }] };
    const fix = plan(rules('-A OUTPUT -p udp -m udp --dport 53 -j ACCEPT\n-A OUTPUT -j DROP'), ftp, [
      rootConversation('tcp', '127.0.0.1', 21),
    ]);
    expect(fix.staysBroken.join('\n')).toMatch(/FTP's data connections.*TCP ports stay blocked, to 127.0.0.1.*Ping/s);
  });

  test('the service works at every address of the host, IPv6 included', () => {
    const four = rules('-A OUTPUT -j DROP');
    const both = together(four, rules('-A OUTPUT -j DROP', 'ip6'));
    const fix = plan(both, mail);
    expect(fix.repaired.map(({ destination }) => destination).sort()).toEqual(
      ['127.0.0.1', '192.0.2.10', '::1', 'fd00::10'].sort(),
    );
    expect(fix.changes).toHaveLength(4);
  });

  test('ping is a service as well', () => {
    const ping: Choice = { kind: 'services', services: [{ protocol: 'icmp', port: null }] };
    const fix = plan(rules('-A OUTPUT -j DROP'), ping, [rootConversation('icmp', '127.0.0.1', null)]);
    expect(fix.remaining).toEqual([]);
    expect(fix.changes.map(({ rule }) => rule.text).join()).toMatch(/--icmp-type 8.*--icmp-type 0/);
  });

  test('behind a redirect, the permit is for the port that the rules see', () => {
    const fix = plan(
      rules(
        '*nat\n-A OUTPUT -p tcp -m tcp --dport 25 -j REDIRECT --to-ports 2525\nCOMMIT\n*filter\n-A OUTPUT -j DROP\nCOMMIT',
      ),
      mail,
    );
    expect(fix.repaired).toContainEqual(toMail);
    expect(fix.changes.map(({ rule }) => rule.text).join()).toContain('--dport 2525');
  });
});

describe('what a plan says of itself', () => {
  test('the policy is listed before and after with its signs', () => {
    const fix = plan(rules('-A OUTPUT -p udp -j ACCEPT\n-A OUTPUT -j DROP'));
    const [policy] = fix.policies;
    expect(policy?.before.map(({ number, sign }) => `${sign}${number}`)).toEqual([' 1', '>2', ' 0']);
    expect(policy?.after.map(({ number, sign }) => `${sign}${number}`)).toEqual([' 1', '+2', '>3', ' 0']);
  });

  test('the saved file gets the rule before the same rule, not before temporary logging', () => {
    const fix = plan(
      rules(
        '-A OUTPUT -p udp -j ACCEPT\n-A OUTPUT -o lo -m comment --comment "lo-doctor c1-log: 1" -j LOG\n-A OUTPUT -j DROP',
      ),
    );
    expect(places(fix)).toEqual(['filter OUTPUT 2']);
    expect(fix.bootInsertions).toEqual([
      {
        family: 'ip',
        table: 'filter',
        chain: 'OUTPUT',
        beforeRuleText: '-A OUTPUT -j DROP',
        ruleText: '-A OUTPUT -o lo -m comment --comment "lo-doctor c1: permit loopback" -j ACCEPT',
      },
    ]);
  });

  test('the other variant is called by its full name', () => {
    const legacy = rules('-A OUTPUT -j DROP', 'ip6', 'legacy');
    const fix = plan(legacy, all, [rootConversation('tcp', '::1', 25)]);
    expect(commands(fix)[0]).toMatch(/^ip6tables-legacy /);
  });
});

test.each([
  ['none', 'iptables -t filter'],
  ['forever', 'iptables -w -t filter'],
  ['seconds', 'iptables -w 5 -t filter'],
] as const)('an iptables whose lock is waited for %s is called so: %s', (lock, called) => {
  const fix = planFix(rules('-A OUTPUT -j DROP'), surroundings, [], all, { caseId: 'c1', iptables: 'nft', lock });
  for (const { command } of [...fix.apply, ...fix.undo]) expect(command.join(' ')).toContain(called);
});
