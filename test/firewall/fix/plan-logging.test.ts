import { expect, test } from 'vitest';
import { traceConversation } from '../../../src/firewall/conversation/trace-conversation.ts';
import type { LoggingPlan } from '../../../src/firewall/fix/plan.ts';
import { planLogging } from '../../../src/firewall/fix/plan-logging.ts';
import type { Ruleset } from '../../../src/firewall/model/model.ts';
import { probeConversations } from '../../../src/firewall/questions/probe-conversations.ts';
import { rules, surroundings, together } from './rules.ts';

const options = { caseId: 'c1', iptables: 'nft' } as const;

/** The plan, after checking what holds for all: no verdict changes, and what is dropped is logged by a rule of the case. */
function plan(ruleset: Ruleset): LoggingPlan {
  const logging = planLogging(ruleset, surroundings, options);
  if (logging === null) throw new Error('no plan');
  const probes = probeConversations({ ruleset, ownAddresses: surroundings.ownAddresses });
  for (const probe of probes) {
    const before = traceConversation(ruleset, probe, surroundings);
    const after = traceConversation(logging.after, probe, surroundings);
    expect([after.outcome, after.stoppedAt?.rule.text]).toEqual([before.outcome, before.stoppedAt?.rule.text]);
    const lines = after.packets.flatMap(({ hooks }) => hooks.flatMap(({ logs }) => logs));
    const ours = lines.filter(({ log }) => log.prefix.startsWith(logging.prefix));
    if (after.outcome === 'works') expect(ours).toEqual([]);
    else if (before.logged !== 'yes' && logging.unlogged.length === 0) expect(ours).not.toEqual([]);
  }
  return logging;
}

const texts = ({ changes }: LoggingPlan) => changes.map(({ position, rule }) => `${position} ${rule.text}`);

test('lo is logged right before the final rule, and all else sparsely apart from it', () => {
  const logging = plan(rules('-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\n-A OUTPUT -j DROP'));
  expect(texts(logging)).toEqual([
    '2 -A OUTPUT -o lo -m limit --limit 10/sec --limit-burst 50 -m comment --comment "lo-doctor c1-log: 1" -j LOG --log-prefix "lo-doctor c1 1 " --log-uid',
    '3 -A OUTPUT ! -o lo -m limit --limit 6/min -m comment --comment "lo-doctor c1-log: 2" -j LOG --log-prefix "lo-doctor c1 2 " --log-uid',
  ]);
  expect(logging.changes.map(({ traffic, reports }) => [traffic, reports.text])).toEqual([
    ['loopback', '-A OUTPUT -j DROP'],
    ['other', '-A OUTPUT -j DROP'],
  ]);
  expect(logging.unlogged).toEqual([]);
});

test('the undo deletes exactly the rules that were added, the last first', () => {
  const logging = plan(rules('-A OUTPUT -j DROP'));
  const spec = (command: readonly string[]) =>
    command.slice(command.indexOf('OUTPUT') + 1).filter((word) => !/^\d+$/.test(word) || word === '50');
  expect(logging.undo.map(({ command }) => spec(command))).toEqual(
    logging.apply.map(({ command }) => spec(command)).reverse(),
  );
  expect(logging.undo.every(({ command }) => command.includes('-D'))).toBe(true);
});

test('a policy that drops is logged at the end of the chain', () => {
  expect(texts(plan(rules(':OUTPUT DROP [0:0]\n-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT')))[0]).toMatch(
    /^2 -A OUTPUT -o lo/,
  );
});

test('a conditional drop is logged under its own conditions', () => {
  const logging = plan(
    rules(
      '-A OUTPUT ! -s 10.0.0.1/32 ! -o eth0 -p tcp -m tcp --dport 25 -m comment --comment "no mail" -j REJECT --reject-with tcp-reset',
    ),
  );
  expect(texts(logging)).toEqual([
    '1 -A OUTPUT ! -s 10.0.0.1/32 -o lo -p tcp -m tcp --dport 25 -m limit --limit 10/sec --limit-burst 50 -m comment --comment "lo-doctor c1-log: 1" -j LOG --log-prefix "lo-doctor c1 1 " --log-uid',
  ]);
});

test('drops on the way in are logged there', () => {
  const logging = plan(rules('-A INPUT -p tcp -m tcp --dport 25 -j DROP'));
  expect(texts(logging)[0]).toContain('-A INPUT -i lo -p tcp');
});

test('a drop in a chain of its own is logged in that chain', () => {
  const logging = plan(
    rules(':out - [0:0]\n-A OUTPUT -j out\n-A out -p tcp -m tcp --dport 443 -j ACCEPT\n-A out -j DROP'),
  );
  expect(logging.changes.map(({ place, position, traffic }) => [place.chain, position, traffic])).toEqual([
    ['out', 2, 'loopback'],
    ['out', 3, 'other'],
  ]);
});

test('what comes in from elsewhere is not logged in a chain that INPUT uses, too', () => {
  const logging = plan(rules(':stop - [0:0]\n-A INPUT -p udp -j stop\n-A OUTPUT -j stop\n-A stop -j DROP'));
  expect(logging.changes.map(({ traffic }) => traffic)).not.toContain('other');
});

test('both families get their rules', () => {
  const logging = plan(together(rules('-A OUTPUT -j DROP'), rules('-A OUTPUT -j DROP', 'ip6')));
  expect([...new Set(logging.apply.map(({ command }) => command[0]))]).toEqual(['iptables', 'ip6tables']);
});

test('a log rule behind the drop does not count, one before it does', () => {
  expect(plan(rules('-A OUTPUT -j DROP\n-A OUTPUT -j LOG')).changes).not.toEqual([]);
  expect(planLogging(rules('-A OUTPUT -j LOG\n-A OUTPUT -j DROP'), surroundings, options)).toBeNull();
});

test('a log rule whose limit other traffic can use up is not enough', () => {
  expect(plan(rules('-A OUTPUT -m limit --limit 1/sec -j LOG\n-A OUTPUT -j DROP')).changes[0]?.position).toBe(2);
});

test('where nothing on lo is dropped, nothing is planned', () => {
  expect(planLogging(rules('-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -j DROP'), surroundings, options)).toBeNull();
});

test('a drop that depends on more than the packet is not copied, and said to stay silent', () => {
  const ruleset = rules('-A OUTPUT -p tcp -m tcp --dport 25 -m statistic --mode random --probability 0.5 -j DROP');
  const logging = plan(ruleset);
  expect(logging.changes).toEqual([]);
  expect(logging.unlogged[0]?.conversation.destinationPort).toBe(25);
});

test('a prefix is never longer than the kernel takes', () => {
  const long = planLogging(rules('-A OUTPUT -j DROP'), surroundings, {
    ...options,
    caseId: '2026-11-22-abcdefghijklmnopqrstuvwxyz',
  });
  for (const { prefix } of long?.changes ?? []) expect(prefix.length).toBeLessThanOrEqual(29);
  expect(long?.prefix).toBe('lo-doctor lmnopqrstuvwxyz ');
});
