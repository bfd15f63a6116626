import { expect, test } from 'vitest';
import type { Attempt } from '../../src/diagnosis/attempt.ts';
import type { ConnectionEnd } from '../../src/firewall/conversation/trace.ts';
import { rootConversation } from '../../src/firewall/questions/probe-conversations.ts';
import type { EntryLine } from '../../src/log/packet/entry.ts';
import { parseLine } from '../../src/log/packet/parse-line.ts';
import { judgeVerification } from '../../src/wizard/judge-verification.ts';
import { SMTP_LINE } from '../fixtures/walk.ts';

const own = (end: ConnectionEnd, protocol: 'tcp' | 'udp' | 'icmp' = 'tcp'): Attempt => ({
  kind: 'connection',
  conversation: rootConversation(protocol, '127.0.0.1', 25),
  end,
  detail: '',
});
const command = (code: number): Attempt => ({ kind: 'command', commandLine: 'x', code, output: '' });
const drop = { source: 'x', line: parseLine(SMTP_LINE, { now: new Date('2026-11-22T18:00:02Z') }) as EntryLine };
const ALL = { kind: 'all' } as const;
const judge = (attempts: Attempt[], known: { drops?: (typeof drop)[] | null; passes?: boolean } = {}) =>
  judgeVerification({ attempts, drops: [], passes: true, ...known }, ALL);

test('nothing tried, or nothing that tells, is no success, and no failure', () => {
  expect(judge([])).toBe('untried');
  expect(judge([], { drops: null })).toBe('untried');
  expect(judge([own('timed-out', 'udp')])).toBe('untried');
  expect(judge([own('failed')])).toBe('untried');
});

test('one attempt that works is needed, and none may fail', () => {
  expect(judge([own('connected')])).toBe('works');
  expect(judge([command(0)], { drops: null })).toBe('works');
  expect(judge([own('connected'), own('timed-out', 'udp')])).toBe('works');
  expect(judge([own('connected'), command(7)])).toBe('fails');
  for (const end of ['refused', 'not-permitted'] as const) expect(judge([own(end, 'udp')])).toBe('fails');
  expect(judge([own('timed-out', 'icmp')])).toBe('fails');
});

test('rules that still stop it, or a new drop, speak against every attempt', () => {
  expect(judge([own('connected')], { passes: false })).toBe('fails');
  expect(judge([], { passes: false })).toBe('fails');
  expect(judge([own('connected')], { drops: [drop] })).toBe('fails');
});

test('a drop of what the choice is not about is none of the fix', () => {
  const seen = { attempts: [own('connected')], drops: [drop], passes: true };
  const service = (port: number) => ({ kind: 'services', services: [{ protocol: 'tcp', port }] }) as const;
  expect(judgeVerification(seen, service(25))).toBe('fails');
  expect(judgeVerification(seen, service(80))).toBe('works');
});
