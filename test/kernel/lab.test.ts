// The lab does what the kernel tests rely on: a real firewall, a real log, real services, and nothing left behind.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeKernel } from './available.ts';
import { ownAddresses, startLab } from './lab.ts';

const dropping = (prefix: string) => `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -p tcp -m tcp --dport 25 -j LOG --log-prefix "${prefix}: "
-A OUTPUT -p tcp -m tcp --dport 25 -j DROP
COMMIT
`;

describeKernel('a lab', () => {
  it.each(['nft', 'legacy'] as const)('has a real iptables (%s): a dropped packet is dropped', async (variant) => {
    await using lab = await startLab();
    await lab.startSmtp();
    expect(await lab.probe('127.0.0.1', 25)).toMatchObject({
      outcome: 'works',
      answer: expect.stringMatching(/^220 web1 ESMTP/),
    });
    await lab.loadRules(dropping('lab'), { variant });
    expect(await lab.probe('127.0.0.1', 25, { deadline: 200 })).toMatchObject({ outcome: 'silent', connected: false });
    expect(await lab.run([`iptables-${variant}-save`])).toContain('--dport 25 -j DROP');
  });

  it('has a real nft and IPv6: a rejected packet is refused, another one passes', async () => {
    await using lab = await startLab();
    await lab.startTcpServer(80, '::1');
    await lab.startTcpServer(81, ownAddresses.ip6);
    await lab.loadNft('add table inet t; add chain inet t out { type filter hook output priority 0; }');
    await lab.loadNft('add rule inet t out oifname lo tcp dport 80 reject with tcp reset');
    expect(await lab.probe('::1', 80)).toMatchObject({ outcome: 'refused' });
    expect(await lab.probe(ownAddresses.ip6, 81)).toMatchObject({ outcome: 'works', answer: 'hello\r\n' });
  });

  it('has cases of its own: it sees none of the machine that it runs on, and that machine none of its', async () => {
    const roots = ['/var/lib/lo-doctor', '/run/lo-doctor', '/dev/shm/lo-doctor'];
    const absent = roots.filter((root) => !existsSync(root));
    for (const root of roots) mkdirSync(`${root}/of-the-machine`, { recursive: true });
    try {
      await using lab = await startLab();
      expect((await lab.exec(['ls', ...roots])).stdout).toBe('');
      await lab.run(['mkdir', '-p', ...roots.map((root) => `${root}/of-the-lab`)]);
      expect(roots.flatMap((root) => readdirSync(root))).not.toContain('of-the-lab');
    } finally {
      for (const root of roots) rmdirSync(`${root}/of-the-machine`);
      for (const root of absent) rmdirSync(root);
    }
  });

  it('knows its own name, and asks no name server', async () => {
    await using lab = await startLab();
    expect(await lab.run(['getent', 'hosts', 'web1'])).toMatch(/^127\.0\.1\.1\s+web1$/m);
    const before = Date.now();
    expect((await lab.exec(['getent', 'hosts', 'nowhere.invalid'])).code).toBe(2);
    expect(Date.now() - before).toBeLessThan(2000);
  });

  it('tells users apart', async () => {
    await using lab = await startLab();
    await lab.listen([{ protocol: 'udp', address: '127.0.0.1', port: 53, kind: 'echo', banner: '' }]);
    await lab.loadRules('*filter\n-A OUTPUT -p udp --dport 53 -m owner --uid-owner 33 -j DROP\nCOMMIT\n');
    const probeAs = (uid: number) => lab.probe('127.0.0.1', 53, { protocol: 'udp', uid, deadline: 200 });
    expect((await probeAs(0)).outcome).toBe('works');
    expect((await probeAs(33)).error).toContain('EPERM');
    expect((await lab.exec(['id', '-un'], { uid: 33 })).stdout).toBe('www-data\n');
  });

  it.each(['nft', 'legacy'] as const)(
    'has a real rsyslog: a LOG line (%s) arrives in its own syslog',
    async (variant) => {
      await using lab = await startLab();
      const prefix = `lab-syslog-${variant}`;
      await lab.startRsyslog({ only: prefix });
      await lab.loadRules(dropping(prefix), { variant });
      await lab.probe('127.0.0.1', 25, { deadline: 50 });
      // A newer rsyslogd (Debian 13's) makes the line's time of the kernel's, and leaves that out.
      const line = new RegExp(
        `^\\w{3} [ \\d]\\d [\\d:]{8} web1 kernel: (?:\\[ *[\\d.]+\\] )?${prefix}: IN= OUT=lo SRC=127.0.0.1 .* DPT=25 .*\\n$`,
      );
      await expect.poll(() => lab.run(['cat', '/var/log/syslog'])).toMatch(line);
      expect(existsSync('/run/rsyslog.conf')).toBe(false);
    },
  );

  it('has a real journal: a LOG line arrives in it', async () => {
    await using lab = await startLab();
    await lab.startJournald();
    await lab.loadRules(dropping('lab-journal'));
    await lab.probe('127.0.0.1', 25, { deadline: 50 });
    const read = () => lab.run(['sh', '-c', 'journalctl -k -o json | grep -F lab-journal | tail -n 1']);
    await expect.poll(read).toMatch(/"MESSAGE":"lab-journal: IN= OUT=lo /);
  });

  it('keeps what is written in /etc, /var, /run and /root to itself', async () => {
    await using lab = await startLab();
    const files = ['/etc/lab-test', '/var/lib/lab-test', '/var/log/lab-test', '/run/lab-test', '/root/lab-test'];
    await lab.run(['touch', ...files]);
    expect(files.filter((file) => existsSync(file))).toEqual([]);
    expect(await lab.run(['ls', '/var/log'])).toBe('lab-test\n');
  });

  it('ends what was started in it, even what has detached itself', async () => {
    const lab = await startLab();
    await lab.run(['sh', '-c', 'setsid -f sleep 98765 >/dev/null 2>&1']);
    const running = () => spawnSync('pgrep', ['-f', 'sleep 98765']).status === 0;
    expect(running()).toBe(true);
    await lab.close();
    expect(running()).toBe(false);
  });

  it('ends a command that takes too long and says what it wrote', async () => {
    await using lab = await startLab();
    const late = lab.exec(['sh', '-c', 'echo so far; exec sleep 60'], { timeout: 300 });
    await expect(late).rejects.toThrow('still running after 300 ms\nso far\n');
    expect(await lab.run(['ps', '-e'])).not.toContain('sleep');
  });

  it('lets the kernel log print lines of namespaces', () => {
    expect(readFileSync('/proc/sys/net/netfilter/nf_log_all_netns', 'utf8')).toBe('1\n');
  });
});
