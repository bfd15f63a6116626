import { describe, expect, test } from 'vitest';
import type { Conversation } from '../../../../src/firewall/conversation/trace.ts';
import { traceConversation } from '../../../../src/firewall/conversation/trace-conversation.ts';
import type { Choice, FixPlan } from '../../../../src/firewall/fix/plan.ts';
import { planFix } from '../../../../src/firewall/fix/plan-fix.ts';
import { rootConversation } from '../../../../src/firewall/questions/probe-conversations.ts';
import { rules, surroundings } from '../rules.ts';

const REDIS = '-A OUTPUT -o lo -p tcp -m tcp --dport 6379 -m owner ! --uid-owner 110 -j DROP';

const plan = (lines: string, kind: Exclude<Choice['kind'], 'services'>, failing: readonly Conversation[] = []) =>
  planFix(rules(lines), surroundings, failing, { kind }, { caseId: 'c1', iptables: 'nft' });
const places = ({ changes }: FixPlan) => changes.map(({ place, position }) => `${place.chain} ${position}`);
const kept = ({ keptGuards }: FixPlan) => keptGuards.map(({ rule }) => `${rule.chain} ${rule.number}`);
const jumped = ({ jumped: rows }: FixPlan) =>
  rows.map(({ rule, does, isGuard }) => `${rule.chain} ${rule.number} ${does.join()}${isGuard ? ' guard' : ''}`);
const outcome = (fix: FixPlan, port: number, uid = 0) =>
  traceConversation(fix.after, { ...rootConversation('tcp', '127.0.0.1', port), uid }, surroundings).outcome;

describe('a permit that leaves guards in force', () => {
  test('it stands behind the guard, just before the final rule, and the guard still stops what it did', () => {
    const fix = plan(`${REDIS}\n-A OUTPUT -j DROP`, 'all-but-guarded');
    expect(places(fix)).toEqual(['OUTPUT 2']);
    expect(kept(fix)).toEqual(['OUTPUT 1']);
    expect(fix.jumped).toEqual([]);
    expect(fix.remaining).toEqual([]);
    expect([outcome(fix, 25), outcome(fix, 6379), outcome(fix, 6379, 110)]).toEqual(['works', 'blocked', 'works']);
  });

  test('a permit for all of it says what it opens', () => {
    const fix = plan(`${REDIS}\n-A OUTPUT -j DROP`, 'all');
    expect(places(fix)).toEqual(['OUTPUT 1']);
    expect(kept(fix)).toEqual([]);
    expect(jumped(fix)).toEqual(['OUTPUT 1 stops guard']);
  });

  test('where guards alone stop anything, nothing is permitted', () => {
    const fix = plan(REDIS, 'all-but-guarded');
    expect(fix.changes).toEqual([]);
    expect(kept(fix)).toEqual(['OUTPUT 1']);
  });

  test('what is seen to fail is opened all the same, and said', () => {
    const seen = { ...rootConversation('tcp', '127.0.0.1', 6379), uid: 33 };
    const fix = plan(`${REDIS}\n-A OUTPUT -j DROP`, 'all-but-guarded', [seen]);
    expect(outcome(fix, 6379, 33)).toBe('works');
    expect(jumped(fix)).toEqual(['OUTPUT 1 stops guard']);
  });

  test('what the opened guard stopped beside it is not said to stay in force', () => {
    const seen = { ...rootConversation('tcp', '127.0.0.1', 6379), uid: 33 };
    const fix = plan(
      '-A OUTPUT -m owner --uid-owner 33 -j DROP\n-A OUTPUT -o lo -p tcp --dport 25 -j DROP',
      'all-but-guarded',
      [seen],
    );
    expect(outcome(fix, 21, 33)).toBe('works');
    expect(kept(fix).every((rule) => rule === 'OUTPUT 2')).toBe(true);
    expect(outcome(fix, 25)).toBe(kept(fix).length === 0 ? 'works' : 'blocked');
  });

  test.each([
    '-A OUTPUT -p tcp -m tcp --dport 25 -j REJECT',
    '-A OUTPUT -p tcp -m multiport --dports 25,587 -j DROP',
    '-A OUTPUT -m owner --uid-owner 33 -j DROP',
    '-A OUTPUT -d 127.0.0.53/32 -j DROP',
    '-A OUTPUT -d 127.0.0.0/8 -p tcp -m tcp --dport 25 -j DROP',
    '-A OUTPUT -o lo -p udp -m udp --dport 53 -j REJECT --reject-with icmp-port-unreachable',
  ])('a guard before the final rule stays: %s', (guard) => {
    const fix = plan(`${guard}\n-A OUTPUT -j DROP`, 'all-but-guarded');
    expect(places(fix)).toEqual(['OUTPUT 2']);
    expect(kept(fix)).toEqual(['OUTPUT 1']);
  });

  test.each([
    '-A OUTPUT -d 127.0.0.0/8 -j DROP',
    '-A OUTPUT -o lo -j DROP',
    '-A OUTPUT -p tcp -j DROP',
    '-A OUTPUT -p tcp -m tcp ! --dport 443 -j DROP',
    '-A OUTPUT -p tcp -m tcp --dport 1:65535 -j DROP',
    '-A OUTPUT -m set --match-set banned dst -j DROP',
  ])('what is no guard is passed by: %s', (rule) => {
    const fix = plan(`${rule}\n-A OUTPUT -j DROP`, 'all-but-guarded');
    expect(kept(fix)).toEqual([]);
    expect(places(fix)).toEqual(['OUTPUT 1']);
  });

  test('a guard behind the first stop stays in its chain as well', () => {
    const text = `:INPUT ACCEPT [0:0]\n-A INPUT -i lo -p tcp -m tcp --dport 11211 -j DROP\n-A OUTPUT -j DROP`;
    const fix = plan(text, 'all-but-guarded');
    expect(places(fix)).toEqual(['OUTPUT 1']);
    expect(kept(fix)).toEqual(['INPUT 1']);
    expect(outcome(fix, 11211)).toBe('blocked');
  });

  test('an outbound rule by port alone, and nothing else that stops, has forgotten lo', () => {
    const rule = '-A OUTPUT -p tcp -m tcp --dport 25 -j DROP';
    const fix = plan(rule, 'all-but-guarded');
    expect(outcome(fix, 25)).toBe('works');
    expect(jumped(fix)).toEqual(['OUTPUT 1 stops guard']);
  });

  test('once a permit stands behind it, it has been left on purpose: a second run does not open it', () => {
    const text = '-A OUTPUT -p tcp -m tcp --dport 25 -j DROP\n-A OUTPUT -j DROP';
    const first = plan(text, 'all-but-guarded');
    const again = planFix(
      first.after,
      surroundings,
      [],
      { kind: 'all-but-guarded' },
      { caseId: 'c2', iptables: 'nft' },
    );
    expect(again.changes).toEqual([]);
    expect(kept(again)).toEqual(['OUTPUT 1']);
  });
});

describe('the rules that loopback packets will no longer meet', () => {
  const afterGuard = (...lines: string[]) =>
    jumped(
      plan(
        [
          ':OUTPUT ACCEPT [0:0]',
          '-A OUTPUT -o lo -p tcp -m tcp --dport 25 -j DROP',
          ...lines,
          '-A OUTPUT -j DROP',
        ].join('\n'),
        'all',
      ),
    );

  test.each([
    ['-A OUTPUT -j CONNMARK --save-mark', 'OUTPUT 2 marks'],
    ['-A OUTPUT -m quota --quota 1000 -j ACCEPT', 'OUTPUT 2 counts'],
    ['-A OUTPUT -p tcp -m tcp --dport 80', 'OUTPUT 2 counts'],
    ['-A OUTPUT -j LOG --log-prefix "all "', 'OUTPUT 2 logs'],
    ['-A OUTPUT -m recent --name seen --set', 'OUTPUT 2 lists'],
    ['-A OUTPUT -j SET --add-set seen dst', 'OUTPUT 2 lists'],
    ['-A OUTPUT -m conntrack --ctstate INVALID -j DROP', 'OUTPUT 2 stops'],
    ['-A OUTPUT -p tcp -m tcp --dport 5432 -j REJECT', 'OUTPUT 2 stops guard'],
  ])('named: %s', (line, row) => {
    expect(afterGuard(line)).toEqual(['OUTPUT 1 stops guard', row]);
  });

  test.each([
    '-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT',
    '-A OUTPUT -o eth0 -j CONNMARK --save-mark',
    '-A OUTPUT -d 203.0.113.7/32 -j LOG',
  ])('not named, as it lets pass or is not met: %s', (line) => {
    expect(afterGuard(line)).toEqual(['OUTPUT 1 stops guard']);
  });

  test('also in chains that are jumped to, and behind the jump that led to the permit', () => {
    const text = `*filter
:OUTPUT ACCEPT [0:0]
:mine - [0:0]
:count - [0:0]
-A OUTPUT -j mine
-A OUTPUT -j LOG
-A mine -p tcp -m tcp --dport 443 -j ACCEPT
-A mine -j DROP
-A count -j CONNMARK --save-mark
COMMIT`;
    const fix = planFix(rules(text), surroundings, [], { kind: 'all' }, { caseId: 'c1', iptables: 'nft' });
    expect(places(fix)).toEqual(['mine 2']);
    expect(jumped(fix)).toEqual([]);
    const counted = text.replace('-A mine -j DROP', '-A mine -o lo -p tcp -m tcp --dport 25 -j DROP\n-A mine -j count');
    const moved = planFix(rules(counted), surroundings, [], { kind: 'all' }, { caseId: 'c1', iptables: 'nft' });
    expect(jumped(moved)).toEqual(['mine 2 stops guard', 'count 1 marks', 'OUTPUT 2 logs']);
  });
});
