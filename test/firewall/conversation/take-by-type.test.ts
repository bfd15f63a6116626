// A rule without a verdict that stops TCP nevertheless is named as the one that does.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { traceText } from '../../../src/commands/trace/trace-text.ts';
import type { Trace } from '../../../src/firewall/conversation/trace.ts';
import { judge, parseDumps } from '../../kernel/fuzz/judge.ts';

function traceFixture(name: string): Trace {
  const { attempt, dumps } = JSON.parse(
    readFileSync(new URL(`../../fixtures/kernel/${name}.json`, import.meta.url), 'utf8'),
  );
  return judge(parseDumps(dumps), attempt);
}

test('the rule that sets the type stops TCP', () => {
  const trace = traceFixture('tcp-takes-no-packet-that-is-not-for-the-host');
  expect(trace.stoppedAt?.rule).toMatchObject({ chain: 'pre', number: 1, text: 'meta pkttype set multicast' });
  expect(traceText(trace)).toContain('It says that the packet is not meant for this host: TCP takes no such packet.');
});

test('UDP passes the same rule', () => {
  expect(traceFixture('udp-takes-packets-whomever-they-are-for')).toMatchObject({ outcome: 'works', stoppedAt: null });
});
