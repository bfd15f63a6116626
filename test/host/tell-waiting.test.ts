import { expect, test } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { tellWaiting } from '../../src/host/tell-waiting.ts';

const slow = (milliseconds: number): Host => ({
  name: 'slow',
  run: async () => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return { code: 0, stdout: '', stderr: '', timedOut: false };
  },
  follow: () => {
    throw new Error('nothing is followed');
  },
});

test('a tool that hangs is named, once', async () => {
  const told: string[] = [];
  const host = tellWaiting(slow(80), (line) => told.push(line), 20);
  await Promise.all([host.run(['iptables-save']), host.run(['iptables-save'])]);
  await host.run(['iptables-save']);
  expect(told).toEqual(['waiting for iptables-save …']);
});

test('quick tools, and attempts to connect, are not', async () => {
  const told: string[] = [];
  await tellWaiting(slow(0), (line) => told.push(line), 200).run(['nft', '-j', 'list', 'ruleset']);
  await tellWaiting(slow(60), (line) => told.push(line), 20).run(['nc', '-z', '127.0.0.1', '25']);
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(told).toEqual([]);
});
