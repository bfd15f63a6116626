// Real conversations through a real firewall, and who listens there.
import { expect, it } from 'vitest';
import type { Conversation } from '../../src/firewall/conversation/trace.ts';
import { probeConversation } from '../../src/host/network/probe.ts';
import { readListeners } from '../../src/host/network/who-listens.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { ownAddresses, startLab } from './lab.ts';

function to(destination: string, destinationPort: number | null, more: Partial<Conversation> = {}): Conversation {
  return { protocol: 'tcp', source: destination, destination, sourcePort: null, destinationPort, uid: 0, ...more };
}

describeKernel('probeConversation', () => {
  it('tells connected, refused, dropped and rejected apart, over both families', async () => {
    await using lab = await startLab();
    const host = hostInLab(lab);
    await lab.startSmtp(25);
    await lab.startTcpServer(80, ownAddresses.ip6);
    await lab.startTcpServer(81);
    await lab.startTcpServer(82);
    await lab.startTcpServer(83);
    await lab.loadRules(`*filter
-A OUTPUT -p tcp --dport 81 -j DROP
-A OUTPUT -p tcp --dport 82 -j REJECT --reject-with icmp-host-prohibited
-A OUTPUT -p tcp --sport 83 -j DROP
-A OUTPUT -p tcp --dport 25 -m owner --uid-owner 33 -j REJECT --reject-with tcp-reset
COMMIT
`);
    const ends = await Promise.all(
      [
        to('127.0.0.1', 25),
        to(ownAddresses.ip6, 80),
        to('127.0.0.1', 26),
        to('127.0.0.1', 81),
        to('127.0.0.1', 82),
        to('127.0.0.1', 83),
        to('127.0.0.1', 25, { uid: 33, gid: 33 }),
      ].map(async (conversation) => (await probeConversation(host, conversation)).end),
    );
    expect(ends).toEqual(['connected', 'connected', 'refused', 'timed-out', 'unreachable', 'timed-out', 'refused']);
    expect(await probeConversation(host, to('127.0.0.1', 25))).toMatchObject({ detail: '220 web1 ESMTP' });
    expect(await probeConversation(host, to('127.0.0.1', 81))).toMatchObject({ end: 'timed-out', detail: '' });
  });

  it('asks over UDP and ICMP', async () => {
    await using lab = await startLab();
    const host = hostInLab(lab);
    const echo = `const socket = require('node:dgram').createSocket('udp4');
      socket.on('message', (data, from) => socket.send(data, from.port, from.address));
      socket.bind(53, '127.0.0.1', () => console.log('ready'));`;
    const server = await lab.spawn([process.execPath, '-e', echo]);
    await expect.poll(() => server.stdout()).toBe('ready\n');
    await lab.loadRules(`*filter
-A OUTPUT -p udp --dport 54 -j DROP
-A OUTPUT -p icmp -d 127.0.0.2 -j DROP
COMMIT
`);
    const udp = { protocol: 'udp' } as const;
    const icmp = { protocol: 'icmp' } as const;
    const ends = await Promise.all(
      [
        to('127.0.0.1', 53, udp),
        to('127.0.0.1', 54, udp),
        to('127.0.0.1', 56, udp),
        to('127.0.0.1', null, icmp),
        to('127.0.0.2', null, icmp),
      ].map(async (conversation) => (await probeConversation(host, conversation)).end),
    );
    expect(ends).toEqual(['connected', 'not-permitted', 'refused', 'connected', 'timed-out']);
  });

  it('uses nc where bash is missing, and says so where nothing can connect', async () => {
    await using lab = await startLab();
    await lab.startSmtp(25);
    await lab.run(['mount', '--bind', '/dev/null', '/usr/bin/bash']);
    const host = hostInLab(lab);
    expect((await probeConversation(host, to('127.0.0.1', 26))).end).toBe('refused');
    expect((await probeConversation(host, to('127.0.0.1', 25))).end).toBe('connected');
    await lab.run(['sh', '-c', 'mount --bind /dev/null "$(readlink -f "$(command -v nc)")"']);
    const { end, detail } = await probeConversation(host, to('127.0.0.1', 25));
    expect({ end, detail }).toEqual({ end: 'failed', detail: 'Neither bash nor nc is here to connect with.' });
  });

  it('stops when told', async () => {
    await using lab = await startLab();
    await lab.loadRules('*filter\n-A OUTPUT -j DROP\nCOMMIT\n');
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 300);
    const started = Date.now();
    expect((await probeConversation(hostInLab(lab), to('127.0.0.1', 25), controller.signal)).end).toBe('failed');
    expect(Date.now() - started).toBeLessThan(2800);
  });

  it('finds the listeners with their programs', async () => {
    await using lab = await startLab();
    await lab.startSmtp(25, '::1');
    const listeners = await readListeners(hostInLab(lab));
    expect(listeners).toEqual([
      {
        protocol: 'tcp',
        address: '::1',
        port: 25,
        process: expect.stringMatching(/node|MainThread/),
        pid: expect.any(Number),
      },
    ]);
  });
});
