// The practice server's iptables on its own; what it says and does is compared with the real one in test/kernel.
import { describe, expect, it } from 'vitest';
import type { Host } from '../../../src/host/host.ts';
import { practiceHost } from '../../../src/host/practice/practice-host.ts';

const start = (): Host => practiceHost('wordpress', { speed: 20 });

const type = async (host: Host, line: string) => {
  const [program = '', ...args] = line.split(' ');
  return host.run([program, ...args]);
};

describe('iptables on the practice server', () => {
  it('inserts where it is told and deletes what reads the same', async () => {
    const host = start();
    await type(host, 'iptables -w 5 -t filter -I OUTPUT 2 -o lo -m comment --comment lo-doctor -j ACCEPT');
    expect((await type(host, 'iptables -S OUTPUT 2')).stdout).toBe(
      '-A OUTPUT -o lo -m comment --comment lo-doctor -j ACCEPT\n',
    );
    expect(await type(host, 'iptables -D OUTPUT -o lo -m comment --comment lo-doctor -j ACCEPT')).toMatchObject({
      code: 0,
    });
    expect(await type(host, 'iptables -D OUTPUT -o lo -m comment --comment lo-doctor -j ACCEPT')).toMatchObject({
      code: 1,
      stderr: 'iptables: Bad rule (does a matching rule exist in that chain?).\n',
    });
  });

  it('changes nothing when one line of a dump is wrong', async () => {
    const host = start();
    const rules = async () => (await type(host, 'iptables -S')).stdout;
    const before = await rules();
    const input = '*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -j NOWHERE\nCOMMIT\n';
    expect((await host.run(['iptables-restore'], { input })).code).toBe(2);
    expect(await rules()).toBe(before);
  });

  it('only tests a dump when asked to', async () => {
    const host = start();
    const before = (await type(host, 'iptables -S')).stdout;
    const input = '*filter\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n';
    expect((await host.run(['iptables-restore', '--test'], { input })).code).toBe(0);
    expect((await type(host, 'iptables -S')).stdout).toBe(before);
  });

  it('counts the packets and bytes that its rules meet, and loads counters back', async () => {
    const host = start();
    await type(host, 'iptables -I OUTPUT -o lo -p tcp --dport 21 -j ACCEPT');
    await type(host, 'nc -z 127.0.0.1 21');
    const { stdout } = await type(host, 'iptables-save -c');
    expect(stdout).toMatch(/^\[[1-9]\d*:[1-9]\d*\] -A OUTPUT -o lo -p tcp -m tcp --dport 21 -j ACCEPT$/m);
    await host.run(['iptables-restore', '-c'], { input: stdout });
    expect((await type(host, 'iptables-save -c')).stdout.split('\n').slice(1, -2)).toEqual(
      stdout.split('\n').slice(1, -2),
    );
  });

  it('has no legacy variant and no nft', async () => {
    const host = start();
    expect((await type(host, 'iptables-legacy-save')).code).toBe(127);
    expect((await type(host, 'nft -j list ruleset')).code).toBe(127);
  });
});

describe('a rate limit', () => {
  it('lets through as many entries as its burst holds', async () => {
    const host = start();
    await type(host, 'iptables -F OUTPUT');
    await host.run([
      'iptables',
      '-A',
      'OUTPUT',
      '-m',
      'limit',
      '--limit',
      '1/hour',
      '--limit-burst',
      '3',
      '-j',
      'LOG',
      '--log-prefix',
      'limited ',
    ]);
    await type(host, 'iptables -A OUTPUT -j REJECT');
    for (let port = 1; port <= 5; port += 1) await type(host, `nc -z 127.0.0.1 ${port}`);
    const { stdout } = await host.run(['grep', '-c', 'limited IN= OUT=lo', '/var/log/syslog']);
    expect(stdout).toBe('3\n');
  });
});
