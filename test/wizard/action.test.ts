import { expect, test } from 'vitest';
import type { Listener } from '../../src/diagnosis/listener.ts';
import { type ActionId, listActions } from '../../src/wizard/action.ts';
import { blockedInspection } from '../fixtures/walk.ts';

const tries = (id: ActionId, listeners: readonly Listener[] | null) =>
  listActions({ ...blockedInspection, listeners }, null)
    .find((one) => one.id === id)
    ?.tries.map(({ protocol, destination, destinationPort }) => `${protocol} ${destination}:${destinationPort}`);

const resolver = (protocol: 'tcp' | 'udp'): Listener => ({ protocol, address: '127.0.0.53', port: 53, process: 'r' });

test('names are looked up over UDP and TCP, wherever a name server listens', () => {
  expect(tries('names', [resolver('udp'), resolver('tcp')])).toEqual(['udp 127.0.0.53:53', 'tcp 127.0.0.53:53']);
});

test('a datagram is sent to no other service than is meant', () => {
  const web: Listener = { protocol: 'udp', address: '127.0.0.1', port: 443, process: 'h3' };
  expect(tries('wordpress', [web])).toEqual([]);
});

test('nobody at a local port explains no failing name and no failing update, but a failing mail', () => {
  for (const listeners of [[], null]) {
    expect(tries('names', listeners)).toEqual([]);
    expect(tries('wordpress', listeners)).toEqual([]);
    expect(tries('mail', listeners)).toEqual(['tcp 127.0.0.1:25']);
  }
});
