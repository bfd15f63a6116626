import { expect, test } from 'vitest';
import { findSuspects, settleByTrying, type Tried } from '../../../src/diagnosis/inspect/tried.ts';
import { traceConversation } from '../../../src/firewall/conversation/trace-conversation.ts';
import { parseIptablesSave } from '../../../src/firewall/iptables/read/parse-iptables-save.ts';
import { rootConversation } from '../../../src/firewall/questions/probe-conversations.ts';

const rules = (...lines: readonly string[]) => ({
  tables: parseIptablesSave(`*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${lines.join('\n')}\nCOMMIT\n`, {
    file: 'x',
    family: 'ip',
  }),
});

const mail = rootConversation('tcp', '127.0.0.1', 25);
const web = rootConversation('tcp', '127.0.0.1', 80);
const surroundings = { ownAddresses: null, serverUid: null, serverGid: null };

/** What becomes of mail, which was tried, and of the web, which was not. */
const outcomes = (ruleset: ReturnType<typeof rules>, end: Tried['end'], counted: readonly number[] = []) => {
  const traces = [mail, web].map((one) => traceConversation(ruleset, one, surroundings));
  const suspects = traces.flatMap(({ packets }) => packets.flatMap(({ hooks }) => hooks.flatMap((hook) => hook.rules)));
  const rose = suspects.map(({ rule }) => rule).filter(({ number }) => counted.includes(number));
  return settleByTrying(ruleset, traces, [{ conversation: mail, end, rose }]).map(({ outcome }) => outcome);
};

const SET = '-A OUTPUT -m set --match-set s dst -j ACCEPT';

test.each(['connected', 'failed'] as const)(
  'an attempt that ends with "%s" acquits nobody and convicts nobody',
  (end) => {
    expect(outcomes(rules(SET, '-A OUTPUT -j REJECT'), end, [1, 2])).toEqual(['unknown', 'unknown']);
  },
);

test('a refusal convicts, and all that hangs on the same answer with it', () => {
  expect(outcomes(rules(SET, '-A OUTPUT -j REJECT'), 'refused')).toEqual(['blocked', 'blocked']);
});

test('a rule that drops refuses nobody', () => {
  for (const end of ['refused', 'unreachable', 'not-permitted'] as const)
    expect(outcomes(rules(SET, '-A OUTPUT -j DROP'), end, [2])).toEqual(['unknown', 'unknown']);
});

test('silence convicts only where a rule in doubt has counted', () => {
  expect(outcomes(rules(SET, '-A OUTPUT -j DROP'), 'timed-out')).toEqual(['unknown', 'unknown']);
  expect(outcomes(rules(SET, '-A OUTPUT -j DROP'), 'timed-out', [2])).toEqual(['blocked', 'blocked']);
});

test('who sends a datagram is told of a drop on its way out, and the rule that counted it is convicted', () => {
  const dns = rootConversation('udp', '127.0.0.1', 53);
  const judge = (end: Tried['end'], counted: boolean, chain = 'OUTPUT') => {
    const ruleset = rules(SET.replace('OUTPUT', chain), `-A ${chain} -j DROP`);
    const trace = traceConversation(ruleset, dns, surroundings);
    const rose = counted ? findSuspects(ruleset, trace) : [];
    return settleByTrying(ruleset, [trace], [{ conversation: dns, end, rose }])[0]?.outcome;
  };
  expect(judge('not-permitted', true)).toBe('blocked');
  expect(judge('not-permitted', false)).toBe('unknown');
  expect(judge('timed-out', false)).toBe('unknown');
  expect(judge('timed-out', true, 'INPUT')).toBe('blocked');
  expect(judge('not-permitted', true, 'INPUT')).toBe('unknown');
});

test('what another rule or more than the address decides stays open', () => {
  const byPort = '-A OUTPUT -m set --match-set s dst,dst -j ACCEPT';
  expect(outcomes(rules(byPort, '-A OUTPUT -j REJECT'), 'refused')).toEqual(['blocked', 'unknown']);
  const other = ['-A OUTPUT -p tcp --dport 80 -m set --match-set t dst -j ACCEPT', SET, '-A OUTPUT -j REJECT'];
  expect(outcomes(rules(...other), 'refused')).toEqual(['blocked', 'unknown']);
});
