// Why the log is silent: each verdict from recorded facts, and the same facts with the one that decides turned round.
import { expect, test } from 'vitest';
import { findLostInDaemons } from '../../../src/diagnosis/silence/find-lost-in-daemons.ts';
import { findNotLogged, findSilence } from '../../../src/diagnosis/silence/find-silence.ts';
import { planLogTest } from '../../../src/diagnosis/silence/plan-log-test.ts';
import { traceConversation } from '../../../src/firewall/conversation/trace-conversation.ts';
import { rootConversation } from '../../../src/firewall/questions/probe-conversations.ts';
import type { LogHealth, LogPathTest } from '../../../src/log/files/log-path.ts';
import { rules, surroundings } from '../../firewall/fix/rules.ts';

/** A healthy Debian server with rsyslog. */
const HEALTHY: LogHealth = {
  backends: { ip: 'nf_log_syslog', ip6: 'nf_log_syslog' },
  loggers: { ip: true, ip6: true },
  nflogReaders: [],
  isFirstNamespace: true,
  logsAllNamespaces: false,
  container: null,
  consoleLevel: 4,
  isKernelLogRestricted: true,
  isKernelLogReadable: true,
  daemons: ['rsyslogd', 'systemd-journal'],
  hasImklog: true,
  hasImjournal: false,
  rsyslogConfig: [],
  rotatedFiles: [],
  unreadableFiles: [],
  rateLimited: null,
  journal: { Storage: null, ReadKMsg: null, RateLimitIntervalSec: null, RateLimitBurst: null, MaxLevelStore: null },
  freeBytes: 1e9,
  freeInodes: 1e6,
};

const smtp = rootConversation('tcp', '127.0.0.1', 25);

const probeOf = (text: string, failing = [smtp]) => planLogTest(rules(text), surroundings, failing);

const counted = (change: Partial<LogPathTest> = {}, text = '-A OUTPUT -j LOG\n-A OUTPUT -j DROP'): LogPathTest => {
  const probe = probeOf(text);
  if (probe === null) throw new Error('nothing logs');
  return { ...probe, counted: 1, sources: ['kernel log', '/var/log/syslog'], seenIn: [], text: null, ...change };
};

const idsOf = (test: LogPathTest, health: Partial<LogHealth> = {}) =>
  findSilence(test, { ...HEALTHY, ...health }, false).map(({ id }) => id);

test('what failed is the test, then the discard port; none where nothing logs it', () => {
  const log = '-A OUTPUT -p tcp -m limit --limit 1/min -j LOG\n-A OUTPUT -p udp -j LOG\n-A OUTPUT -j DROP';
  expect(probeOf(log)).toMatchObject({ conversation: smtp, rule: { number: 1 }, limited: true });
  expect(probeOf(log, [])).toMatchObject({
    conversation: { protocol: 'udp', destinationPort: 9 },
    rule: { number: 2 },
    limited: false,
  });
  expect(probeOf('-A OUTPUT -j DROP\n-A OUTPUT -j LOG')).toBeNull();
});

test('a rule that logs nothing before the drop is named', () => {
  const traces = [traceConversation(rules('-A OUTPUT -j DROP\n-A OUTPUT -j LOG'), smtp, surroundings)];
  expect(findNotLogged(traces)?.evidence).toEqual([
    'stops without logging: rule 1 of OUTPUT (iptables, IPv4): -A OUTPUT -j DROP',
  ]);
  expect(findNotLogged([])).toBeNull();
});

test('a rule that did not count was not reached, or its limit is used up', () => {
  const limited = '-A OUTPUT -m limit --limit 1/min -j LOG\n-A OUTPUT -j DROP';
  expect(idsOf(counted({ counted: 0 }))).toEqual(['log-rule-not-reached']);
  expect(idsOf(counted({ counted: 0 }, limited))).toEqual(['log-limit-used-up']);
  expect(idsOf(counted({ counted: 1 }, limited))).not.toContain('log-limit-used-up');
});

test('NFLOG without a reader is told from one that writes elsewhere', () => {
  const nflog = counted({}, '-A OUTPUT -j NFLOG --nflog-group 7\n-A OUTPUT -j DROP');
  expect(idsOf(nflog, { nflogReaders: [1] })).toEqual(['nflog-without-reader']);
  expect(idsOf(nflog, { nflogReaders: [7] })).toEqual(['nflog-read-elsewhere']);
});

test('a kernel that can not write such lines is told by its list of loggers', () => {
  expect(idsOf(counted(), { loggers: { ip: false, ip6: true } })).toEqual(['log-no-backend']);
  expect(idsOf(counted(), { loggers: { ip: true, ip6: false } })).not.toContain('log-no-backend');
});

test('a network namespace is only blamed where the rule counted, the log can be read, and the line is not in it', () => {
  expect(idsOf(counted(), { isFirstNamespace: false })).toEqual(['log-in-namespace']);
  expect(idsOf(counted(), { container: 'docker' })).toEqual(['log-in-namespace']);
  expect(idsOf(counted({ counted: null }), { isFirstNamespace: false })).toEqual(['log-in-namespace']);
  expect(idsOf(counted({ seenIn: ['/var/log/syslog'] }), { isFirstNamespace: false })).toEqual(['log-path-works']);
  expect(idsOf(counted({ counted: 0 }), { isFirstNamespace: false })).toEqual(['log-rule-not-reached']);
  expect(idsOf(counted())).toEqual(['log-line-lost']);
});

test('a kernel log that may not be read is named, and what else is wrong behind it', () => {
  const blind = { isKernelLogReadable: false };
  const test = counted({ sources: ['/var/log/syslog'] });
  expect(idsOf(test, blind)).toEqual(['kernel-log-unreadable', 'rsyslog-filters']);
  expect(idsOf(test, { ...blind, freeBytes: 0 })).toEqual(['kernel-log-unreadable', 'log-disk-full']);
});

test('a line that is in the kernel log alone was lost by a daemon', () => {
  const test = counted({ seenIn: ['kernel log'] });
  expect(idsOf(test)).toEqual(['log-path-works', 'rsyslog-filters']);
  expect(idsOf(test, { hasImklog: false })).toEqual(['log-path-works', 'rsyslog-without-imklog']);
  expect(idsOf(counted({ seenIn: ['kernel log', 'journal'] }))).toEqual(['log-path-works']);
});

const journal = (change: Partial<LogHealth['journal']>): Partial<LogHealth> => ({
  journal: { ...HEALTHY.journal, ...change },
});

test.each<[string | null, Partial<LogHealth>]>([
  [null, {}],
  ['log-disk-full', { freeBytes: 0 }],
  ['log-disk-full', { freeInodes: 0 }],
  [null, { freeBytes: null, freeInodes: null }],
  ['no-log-daemon', { daemons: ['ulogd'], hasImklog: null, hasImjournal: null }],
  [null, { daemons: ['systemd-journal'], hasImklog: null, hasImjournal: null }],
  ['rsyslog-without-imklog', { hasImklog: false }],
  [null, { hasImklog: false, hasImjournal: true }],
  ['log-file-rotated', { rotatedFiles: ['/var/log/syslog.1'] }],
  ['log-rate-limited', { rateLimited: 'imklog: 12 messages lost due to rate-limiting' }],
  ['log-unreadable', { unreadableFiles: ['/var/log/syslog'] }],
  ['journal-settings', journal({ Storage: 'none' })],
  [null, journal({ Storage: 'volatile' })],
  ['journal-settings', journal({ ReadKMsg: 'no' })],
  ['journal-settings', journal({ MaxLevelStore: 'err' })],
  ['journal-settings', journal({ MaxLevelStore: '3' })],
  [null, journal({ MaxLevelStore: 'warning' })],
  [null, { ...journal({ Storage: 'none' }), daemons: ['rsyslogd'] }],
])('of what daemons lose, %s is found in %j', (id, change) => {
  expect(findLostInDaemons({ ...HEALTHY, ...change }, 4).map((finding) => finding.id)).toEqual(id === null ? [] : [id]);
});

test('every finding has evidence and advice, and every command is a vector', () => {
  const all = [
    ...findSilence(counted({ counted: 0 }), HEALTHY, true),
    ...findSilence(counted(), { ...HEALTHY, isFirstNamespace: false }, true),
    ...findLostInDaemons({ ...HEALTHY, freeBytes: 0, hasImklog: false, rotatedFiles: ['/var/log/x.1'] }, 4),
  ];
  for (const { evidence, advice, commands } of all) {
    expect(evidence.length).toBeGreaterThan(0);
    expect(advice).not.toBe('');
    for (const [program] of commands) expect(program).toMatch(/^\S+$/);
  }
});
