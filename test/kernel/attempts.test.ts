// What own attempts prove on the real kernel: over UDP as over TCP, and nothing where nothing could be tried.
import { expect, it } from 'vitest';
import { describeKernel } from './available.ts';
import { type Situation, startSituation } from './situation.ts';

/** A UDP service that answers every datagram, or none. */
const serveUdp = async (server: Situation, port: number, answer: 'echo' | 'silence') => {
  const reply = answer === 'echo' ? 's.sendto(b"ok", sender)' : 'pass';
  const code = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", ${port}))
while True:
    _, sender = s.recvfrom(2000)
    ${reply}`;
  await server.spawn(['python3', '-c', code]);
  await expect.poll(() => server.sh(`ss -Hlun "sport = :${port}"`), { timeout: 15_000 }).toContain(`:${port}`);
};

const flat = (text: string) => text.replaceAll(/\s+/g, ' ');
const udpDropped = 'iptables -A OUTPUT -p udp --dport 5353 -j DROP';

describeKernel('a fix for a UDP service', () => {
  it('is verified by an answer of it', async () => {
    await using server = await startSituation({ script: udpDropped });
    await serveUdp(server, 5353, 'echo');
    const { code, stdout } = await server.doctor(['fix', '--service', 'udp/5353', '--yes']);
    expect(flat(stdout)).toContain('UDP to 127.0.0.1:5353: answers');
    expect([code, flat(stdout)]).toEqual([0, expect.stringContaining('Fixed, verified and kept')]);
  });

  it('is kept and not called verified where the service is silent, or nobody listens', async () => {
    await using server = await startSituation({ script: udpDropped });
    const deserted = await server.doctor(['fix', '--service', 'udp/5353', '--yes']);
    expect([deserted.code, flat(deserted.stdout)]).toEqual([
      4,
      expect.stringContaining('Kept, not verified: nothing could be tried'),
    ]);
    expect((await server.doctor(['undo'])).code).toBe(0);
    await serveUdp(server, 5353, 'silence');
    const silent = await server.doctor(['fix', '--service', 'udp/5353', '--yes']);
    expect(flat(silent.stdout)).toContain('no answer, which over UDP proves nothing by itself');
    expect([silent.code, flat(silent.stdout)]).toEqual([
      4,
      expect.stringContaining('Kept, not verified: what was tried got no answer'),
    ]);
  });
});

describeKernel('what the rules of a UDP service do not tell', () => {
  it('is settled by an own datagram and the counters', async () => {
    const script = 'iptables -A OUTPUT -p udp --dport 5353 -m statistic --mode random --probability 0.999999 -j DROP';
    await using server = await startSituation({ script });
    await serveUdp(server, 5353, 'silence');
    const { code, stdout } = await server.doctor(['check']);
    expect(flat(stdout)).toMatch(
      /own attempt: UDP to 127\.0\.0\.1:5353 was not permitted, and rule 1 of .*: .* counted it/,
    );
    expect(code).toBe(1);
  });
});

describeKernel('a server without ss and netstat', () => {
  it("knows by the kernel's own tables who listens", async () => {
    await using server = await startSituation({ script: 'iptables -A OUTPUT -p tcp --dport 8080 -j REJECT' });
    await server.startTcpServer(8080);
    await server.sh(
      'for tool in ss netstat; do path=$(command -v $tool) && mount --bind /dev/null $(readlink -f $path); done; true',
    );
    const { code, stdout } = await server.doctor(['check']);
    expect(flat(stdout)).toContain('a service listens at 127.0.0.1:8080');
    expect(code).toBe(1);
    const fixed = await server.doctor(['fix', '--service', 'tcp/8080', '--yes']);
    expect([fixed.code, flat(fixed.stdout)]).toEqual([0, expect.stringContaining('Fixed, verified and kept')]);
  });
});

describeKernel('a reset that the kernel sends in the name of another machine', () => {
  it('goes by lo, and is told as no loopback traffic', async () => {
    const script = `iptables -A OUTPUT -p tcp -d 192.0.2.99 -j REJECT --reject-with tcp-reset
      iptables -A OUTPUT -o lo -p tcp --tcp-flags RST RST -j LOG --log-prefix "attempts-lo: "
      iptables -A INPUT -i lo -p tcp --tcp-flags RST RST -j LOG --log-prefix "attempts-in: "
      iptables -A INPUT -i lo -p tcp --tcp-flags RST RST -j DROP`;
    await using server = await startSituation({ script });
    const { stdout } = await server.walk({ command: 'timeout 3 bash -c "</dev/tcp/192.0.2.99/443"', logging: false });
    const page = flat(stdout.slice(stdout.indexOf('exit code')));
    expect(page).toMatch(/TCP from 192\.0\.2\.99:443 to 192\.0\.2\.10:\d+ \(ACK RST\)/);
    expect(page).toContain('is no loopback traffic: an end of it is another machine');
    expect(page).not.toContain('The firewall stops local connections');
  });
});

describeKernel('lo that is down', () => {
  it('makes nothing of the next boot that the rules alone can tell', async () => {
    await using server = await startSituation({ script: 'ip link set lo down' });
    const { stdout } = await server.doctor(['check']);
    expect(flat(stdout)).toContain('With the next boot: not known');
    expect(flat(stdout)).toContain('whether lo, which is down now, is up after the boot is not known');
  });
});

describeKernel('another program that waits in vain while the command fails', () => {
  it('is told as possible only, and blames nothing for the command', async () => {
    const script = `iptables -A OUTPUT -o lo -j ACCEPT; iptables -P OUTPUT DROP
      ip route replace default via 192.0.2.1 dev eth0 onlink
      cat > /run/agent.py <<'PY'
import socket, time
while True:
    s = socket.socket(); s.settimeout(1)
    try: s.connect(('198.51.100.7', 443))
    except OSError: pass
    s.close(); time.sleep(0.2)
PY`;
    await using server = await startSituation({ script, log: 'none' });
    await server.spawn(['python3', '/run/agent.py']);
    const { stdout } = await server.walk({ command: 'sleep 4; echo no such plugin >&2; false', logging: false });
    const page = flat(stdout.slice(stdout.indexOf('exit code')));
    expect(page).toContain('packets of other programs to other machines; whether the command needs them is not known');
    expect(page).toMatch(/TCP to 198\.51\.100\.7:443 by eth0 \(meanwhile python3 waited for an answer from there/);
    expect(page).not.toContain('that the failed command needs');
    expect(stdout).not.toContain('a permit of loopback would not help');
  });
});
