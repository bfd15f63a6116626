// What NAT makes of loopback, held against the kernel: other senders, containers behind a bridge, other ports.
import { expect, test } from 'vitest';
import { describeKernel } from './available.ts';
import { startSituation } from './situation.ts';

const plain = (text: string): string => text.replaceAll(/\s+/g, ' ');

const DOCKER = `ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up
iptables -t nat -N DOCKER; iptables -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A DOCKER ! -i docker0 -p tcp --dport 8090 -j DNAT --to-destination 172.17.0.2:80`;

describeKernel('what NAT does to loopback', () => {
  for (const [name, script] of [
    ['iptables', 'iptables -t nat -A POSTROUTING -j MASQUERADE'],
    ['nft', "nft 'table ip n { chain p { type nat hook postrouting priority 100; masquerade; }; }'"],
  ] as const) {
    test(`${name}: a sender that is changed is told`, async () => {
      await using server = await startSituation({ script, log: 'none' });
      const { code, stdout } = await server.doctor(['check']);
      expect(code).toBe(0);
      expect(plain(stdout)).toMatch(
        /A NAT rule changes the sender of loopback connections from 127.0.0.1 to 192.0.2.10/,
      );
    });
  }

  test('a drop that a changed sender causes is said to be caused by it', async () => {
    const input = `iptables -A INPUT -s 127.0.0.0/8 -j ACCEPT; iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT; iptables -P INPUT DROP`;
    const script = `iptables -t nat -A POSTROUTING -j MASQUERADE; ${input}`;
    await using server = await startSituation({ script, log: 'none' });
    const { code, stdout } = await server.doctor(['check']);
    expect([code, plain(stdout)]).toEqual([1, expect.stringMatching(/stopped because of it: TCP to 127\.0\.0\.1:/)]);
  });

  test('a published port leaves loopback as it is, and needs no fix', async () => {
    await using server = await startSituation({ script: DOCKER, log: 'none' });
    const { code, stdout } = await server.doctor(['check']);
    expect([code, plain(stdout)]).toEqual([0, expect.stringContaining('sends tcp/8090 to 172.17.0.2:80, off lo')]);
    expect(await server.doctor(['fix', '--all', '--dry-run'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing to fix'),
    });
  });

  test('a redirect to a dead port is a problem, one to a living port is told', async () => {
    const script = 'iptables -t nat -A OUTPUT -o lo -p tcp --dport 80 -j REDIRECT --to-ports 8081';
    await using server = await startSituation({ script, log: 'none' });
    expect(plain((await server.doctor(['check'])).stdout)).toContain('to 127.0.0.1:8081, where nobody listens');
    await server.startTcpServer(8081);
    expect(plain((await server.doctor(['check'])).stdout)).toMatch(/at 127.0.0.1:8081 answers TCP to 127.0.0.1:80/);
  });
});
