// lo-doctor's own host functions, unchanged, on the practice server.
import { describe, expect, it } from 'vitest';
import { writeRecord } from '../../../src/host/files/write-record.ts';
import { findLogSources } from '../../../src/host/logs/log-source.ts';
import { openLogs } from '../../../src/host/logs/open-logs.ts';
import { readLogHealth } from '../../../src/host/logs/read-log-health.ts';
import { probeConversation } from '../../../src/host/network/probe.ts';
import { readListeners } from '../../../src/host/network/who-listens.ts';
import { saveForBoot, undoSaveForBoot } from '../../../src/host/next-boot/save-for-boot.ts';
import { practiceHost } from '../../../src/host/practice/practice-host.ts';
import { readFirewall } from '../../../src/host/rules/read-firewall.ts';
import { readCase } from '../../../src/host/trial/case-file.ts';
import { startTemporary, startTrial } from '../../../src/host/trial/trial.ts';

const RULE = ['OUTPUT', '-o', 'lo', '-m', 'comment', '--comment', 'lo-doctor t: x', '-j', 'ACCEPT'];
const change = {
  caseId: 't',
  apply: [{ command: ['iptables', '-I', ...RULE] as [string, ...string[]] }],
  undo: [{ command: ['iptables', '-D', ...RULE] as [string, ...string[]] }],
};

const start = (id = 'wordpress') => practiceHost(id, { speed: 20 });
const isInForce = async (host: ReturnType<typeof start>) => (await host.run(['iptables', '-C', ...RULE])).code === 0;
const to = (destination: string, destinationPort: number, protocol: 'tcp' | 'udp' = 'tcp') => ({
  ...{ protocol, source: destination, sourcePort: null, destination, destinationPort, uid: 33 },
});

describe('a trial on the practice server', () => {
  it('is rolled back by its watchdog when nobody confirms it', async () => {
    const host = start();
    const trial = await startTrial(host, { ...change, confirmWithin: 1 });
    expect(await isInForce(host)).toBe(true);
    await expect.poll(() => trial.state(), { timeout: 3000 }).toBe('rolled-back');
    expect(await isInForce(host)).toBe(false);
    expect(await trial.confirm()).toBe('rolled-back');
  });

  it('stays when it is confirmed, and can still be undone later', async () => {
    const host = start();
    const trial = await startTrial(host, { ...change, confirmWithin: 1 });
    expect(await trial.confirm()).toBe('confirmed');
    await new Promise((resolve) => setTimeout(resolve, 1300));
    expect(await isInForce(host)).toBe(true);
    expect((await readCase(host, 't'))?.directory).toBe('/var/lib/lo-doctor/t');
    expect(await trial.rollBack()).toBe('rolled-back');
    expect(await isInForce(host)).toBe(false);
  });

  it('is undone at once when one of its commands fails', async () => {
    const host = start();
    const apply = [
      ...change.apply,
      { command: ['iptables', '-A', 'NOWHERE', '-j', 'ACCEPT'] as [string, ...string[]] },
    ];
    await expect(startTrial(host, { ...change, apply, confirmWithin: 5 })).rejects.toThrow('No chain/target/match');
    expect(await isInForce(host)).toBe(false);
  });

  it('tells which command could not be undone', async () => {
    const host = start();
    const undo = [{ command: ['iptables', '-D', 'OUTPUT', '--nonsense'] as [string, ...string[]] }];
    const trial = await startTrial(host, { ...change, undo, confirmWithin: 5 });
    expect(await trial.rollBack()).toBe('rollback-failed');
    expect((await readCase(host, 't'))?.log).toContain('unknown option "--nonsense"');
  });

  it('that is temporary leaves nothing behind', async () => {
    const host = start();
    const temporary = await startTemporary(host, { ...change, expiresIn: 5 });
    expect(await temporary.extend(60)).toBe(true);
    expect(await temporary.end()).toBe('rolled-back');
    expect(await isInForce(host)).toBe(false);
    expect(await readCase(host, 't')).toBeNull();
  });
});

describe('the logs of the practice server', () => {
  it('are found in all the places that a real server has, with nothing from before the mark', async () => {
    const host = start('own-address');
    const sources = await findLogSources(host);
    expect(sources.map(({ id }) => id)).toEqual([
      'kernel log',
      'journal',
      '/var/log/messages',
      '/var/log/syslog',
      '/var/log/kern.log',
    ]);
    const logs = await openLogs(host, sources);
    await host.run(['sh', '-c', 'wp cron test']);
    const seen = new Map<string, string[]>();
    setTimeout(logs.stop, 100);
    for await (const { source, line } of logs.lines) seen.set(source, [...(seen.get(source) ?? []), line]);
    expect([...seen.keys()].sort()).toEqual(['/var/log/kern.log', '/var/log/syslog', 'journal', 'kernel log']);
    for (const [source, lines] of seen) {
      expect(
        lines.filter((line) => line.includes('OUT-DROP: IN= OUT=lo')),
        source,
      ).toHaveLength(2);
      expect(lines.join('\n'), source).not.toContain('DPT=3306');
    }
  });
});

describe('the kernel log of the practice server', () => {
  it('gives no two records the same time, so that a mark tells old from new', async () => {
    const now = () => new Date(2026, 10, 22);
    const host = practiceHost('mail', { now, speed: 100 });
    for (const port of [1, 2, 3, 4, 5]) await host.run(['nc', '-z', '127.0.0.1', `${port}`]);
    const times = (await host.run(['dmesg'])).stdout
      .split('\n')
      .flatMap((line) => /[\d.]+(?=\])/.exec(line)?.[0] ?? []);
    expect(new Set(times).size).toBe(times.length);
    expect(times.map(Number)).toEqual(times.map(Number).toSorted((a, b) => a - b));
  });
});

describe('the practice server', () => {
  it('is read like any other: rules, addresses, services', async () => {
    const host = start('ipv6');
    const { dumps, user, iptables, ownAddresses, unread } = await readFirewall(host);
    expect({ user, iptables, ownAddresses, unread }).toEqual({
      user: 0,
      iptables: 'nft',
      ownAddresses: ['192.0.2.10', '2001:db8::10'],
      unread: [],
    });
    expect(dumps.map(({ layer }) => layer)).toEqual(['iptables', 'iptables']);
    expect(await readListeners(host)).toContainEqual({
      protocol: 'tcp',
      address: '::1',
      port: 25,
      process: 'master',
      pid: 911,
    });
  });

  it('answers a probe as its rules and services say', async () => {
    const ends = async (id: string, ...conversations: ReturnType<typeof to>[]) => {
      const host = start(id);
      const results = await Promise.all(conversations.map((one) => probeConversation(host, one)));
      return results.map(({ end, detail }) => `${end}: ${detail}`);
    };
    expect(
      await ends('wordpress', to('127.0.0.1', 21), to('127.0.0.1', 123, 'udp'), to('127.0.0.1', 99, 'udp')),
    ).toEqual([
      'timed-out: bash: line 1: /dev/tcp/127.0.0.1/21: Connection timed out',
      'timed-out: timed out',
      'not-permitted: bash: line 1: printf: write error: Operation not permitted',
    ]);
    expect(await ends('mail', to('127.0.0.1', 21), to('127.0.0.1', 80))).toEqual([
      'refused: bash: line 1: /dev/tcp/127.0.0.1/21: Connection refused',
      'connected: ',
    ]);
    expect(await ends('ipv6', to('127.0.0.1', 99, 'udp'))).toEqual([
      'refused: bash: line 2: read: read error: 3: Connection refused',
    ]);
    expect(await ends('nobody-listens', to('127.0.0.1', 25), to('192.0.2.10', 25))).toEqual([
      'refused: bash: line 1: /dev/tcp/127.0.0.1/25: Connection refused',
      'connected: 220 web1.example.org ESMTP Postfix (Debian/GNU)',
    ]);
  });

  it('keeps the report of a case', async () => {
    const host = start();
    const path = await writeRecord(host, 't', 'report.md', '# Report\n');
    expect(await host.run(['cat', path])).toMatchObject({ code: 0, stdout: '# Report\n' });
  });

  it('says of a command it does not have what a shell says, and of half a line what is missing', async () => {
    const host = start();
    const line = (text: string) => host.run(['sh', '-c', text]);
    expect(await host.run(['emacs'])).toMatchObject({ code: 127, stderr: 'emacs: not found on the practice server\n' });
    expect((await line('echo "half')).stderr).toContain('Unterminated quoted string');
    expect(
      await line('false && echo no; true || echo no; echo a\\ b | grep -c "a b" > /tmp/n && cat /tmp/n'),
    ).toMatchObject({
      code: 0,
      stdout: '1\n',
    });
    expect(await line('cat /nowhere 2>&1 | tee /tmp/said >/dev/null; cat < /tmp/said')).toMatchObject({
      stdout: 'cat: /nowhere: No such file or directory\n',
    });
    expect((await line('sudo -u www-data id -un')).stdout).toBe('www-data\n');
    expect((await line('cd /etc/iptables && head -n 1 rules.v*')).stdout).toBe('*filter\n*filter\n');
    expect((await host.run(['sh', '-c', 'echo "<$1>" \'$1\' $0', 'a', 'b'])).stdout).toBe('<b> $1 a\n');
    expect((await line('echo $(id)')).stderr).toContain('runs no command inside another');
  });

  it('ends a command when its time is up or nobody wants it any more', async () => {
    const host = practiceHost('wordpress');
    expect(await host.run(['sleep', '60'], { timeout: 50 })).toMatchObject({ code: null, timedOut: true });
    expect(await host.run(['sleep', '60'], { signal: AbortSignal.timeout(50) })).toMatchObject({
      code: null,
      timedOut: false,
    });
  });

  it('survives whatever is typed', async () => {
    const host = start();
    const lines = [
      '',
      ' ',
      '|',
      '&&',
      '> ',
      'iptables -A',
      'iptables "',
      'sh',
      'sh -c',
      'curl',
      'ping',
      'php',
      'nc x',
      'mv',
      'cp',
      'tail -n',
      'ip',
      'ss -z',
      'stat',
      'test',
      '[ -d',
      'timeout',
      'sudo',
      'sudo -u',
      'env',
      'head -c x',
      'wp',
      'dd',
      'grep "["',
      'systemctl',
      'date +',
      'bash -c "exec 3<>/dev/tcp/x/y"',
    ];
    for (const line of lines) expect(typeof (await host.run(['sh', '-c', line])).code, line).toBe('number');
  });
});

describe('saving for the next boot on the practice server', () => {
  const ruleText = '-A OUTPUT -o lo -m comment --comment "lo-doctor t: x" -j ACCEPT';
  const insertion = {
    family: 'ip',
    table: 'filter',
    chain: 'OUTPUT',
    beforeRuleText: '-A OUTPUT -j DROP',
    ruleText,
  } as const;

  it('puts the rule into the file that netfilter-persistent loads, and takes it out again', async () => {
    const host = start();
    const rules = async () => (await host.run(['cat', '/etc/iptables/rules.v4'])).stdout;
    const inForce = async () => (await host.run(['iptables', '-S'])).stdout;
    const [before, rulesBefore] = [await rules(), await inForce()];
    expect(await saveForBoot(host, { caseId: 't', insertions: [insertion] })).toEqual({
      files: ['/etc/iptables/rules.v4'],
      backups: ['/var/lib/lo-doctor/t/rules.v4.before'],
      advice: [],
    });
    expect(await rules()).toBe(before.replace('-A OUTPUT -j DROP', `${ruleText}\n-A OUTPUT -j DROP`));
    expect(await inForce()).toBe(rulesBefore);
    expect(await undoSaveForBoot(host, 't')).toEqual(['/etc/iptables/rules.v4']);
    expect(await rules()).toBe(before);
  });

  it('refuses a file that would not load, and leaves the rules in force alone while trying', async () => {
    const host = start();
    const inForce = async () => (await host.run(['iptables', '-S'])).stdout;
    const before = await inForce();
    const bad = { ...insertion, ruleText: '-A OUTPUT -j NOWHERE' };
    const { files, advice } = await saveForBoot(host, { caseId: 't', insertions: [bad] });
    expect(files).toEqual([]);
    expect(advice.join(' ')).toContain("Chain 'NOWHERE' does not exist");
    expect(await inForce()).toBe(before);
  });
});

describe('the health of the logs of the practice server', () => {
  it('is that of a server whose log lines arrive', async () => {
    expect(await readLogHealth(start())).toMatchObject({
      backends: { ip: 'nf_log_syslog', ip6: 'nf_log_syslog' },
      container: null,
      isKernelLogReadable: true,
      daemons: ['rsyslogd', 'systemd-journal'],
      hasImklog: true,
    });
  });
});
