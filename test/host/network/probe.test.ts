import { expect, test } from 'vitest';
import { rootConversation } from '../../../src/firewall/questions/probe-conversations.ts';
import { probeConversation } from '../../../src/host/network/probe.ts';
import { fakeHost } from '../../fakes/fake-host.ts';

const ping = ['ping', '-c', '1', '-W', '2', '127.0.0.1'] as const;

test('of a ping the line of the answer is told', async () => {
  const stdout = `PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.
64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.051 ms

--- 127.0.0.1 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 0ms
`;
  const host = fakeHost([{ command: ping, stdout }]);
  const found = await probeConversation(host, rootConversation('icmp', '127.0.0.1', null));
  expect(found).toMatchObject({ end: 'connected', detail: '64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.051 ms' });
});

test('what is missing to send with is named', async () => {
  const host = fakeHost([{ command: ping, code: 127 }]);
  const found = await probeConversation(host, rootConversation('icmp', '127.0.0.1', null));
  expect(found).toMatchObject({ end: 'failed', detail: 'No ping is here.' });
});
