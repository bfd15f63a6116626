// Lines that the kernel wrote and no file has: each way of losing one is staged with a real daemon, and the self-test says which it was.
import { expect, it } from 'vitest';
import { readRsyslogConfig } from '../../src/host/logs/read-rsyslog-config.ts';
import { followRsyslog } from '../../src/log/rsyslog/follow-rsyslog.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';
import { explain, loadAndPlan, newPrefix } from './silence-lab.ts';

/** A rule that logs the discard port, with a prefix of its own. */
async function logDiscard(lab: Lab, prefix: string) {
  return loadAndPlan(lab, `-A OUTPUT -p udp -j LOG --log-prefix "${prefix}: "\n-A OUTPUT -p udp -j DROP`);
}

/** Without the journal's own settings, as on a server that leaves them alone; the journal itself comes with the lab's. */
async function setJournal(lab: Lab, setting: string): Promise<void> {
  await lab.run(['sh', '-c', 'mkdir -p /etc/systemd/journald.conf.d && cat > /etc/systemd/journald.conf.d/zz.conf'], {
    input: `[Journal]\n${setting}\n`,
  });
}

describeKernel('the self-test of the log, behind the kernel', () => {
  it('finds nothing to say where rsyslog writes the line', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.startRsyslog({ only: prefix });
    const { test, ids } = await explain(lab, await logDiscard(lab, prefix));
    expect([...test.seenIn].sort()).toEqual(['/var/log/syslog', 'kernel log']);
    expect(ids).toEqual(['log-path-works']);
  });

  it('says that no daemon runs', async () => {
    await using lab = await startLab();
    const { ids } = await explain(lab, await logDiscard(lab, newPrefix()));
    expect(ids).toEqual(['log-path-works', 'no-log-daemon']);
  });

  it('says that rsyslogd does not read the kernel', async () => {
    await using lab = await startLab();
    await lab.run(['sh', '-c', 'cat > /run/own.conf'], {
      input:
        'global(workDirectory="/run")\nmodule(load="imuxsock" SysSock.Name="/run/devlog")\n*.* action(type="omfile" file="/var/log/syslog")\n',
    });
    await lab.spawn(['rsyslogd', '-n', '-iNONE', '-f', '/run/own.conf']);
    await expect.poll(async () => (await lab.exec(['test', '-S', '/run/devlog'])).code, { timeout: 5000 }).toBe(0);
    const { ids } = await explain(lab, await logDiscard(lab, newPrefix()));
    expect(ids).toEqual(['log-path-works', 'rsyslog-without-imklog']);
  });

  it('says that rsyslogd still writes to a file that was rotated away, and no longer when it was told', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.startRsyslog({ only: prefix });
    const probe = await logDiscard(lab, prefix);
    expect((await explain(lab, probe)).ids).toEqual(['log-path-works']);
    await lab.run(['sh', '-c', 'mv /var/log/syslog /var/log/syslog.1; touch /var/log/syslog']);
    const { ids, evidence } = await explain(lab, probe);
    expect(ids).toEqual(['log-path-works', 'log-file-rotated']);
    expect(evidence).toContain('the running rsyslogd has open: /var/log/syslog.1');
    await lab.run(['sh', '-c', 'kill -HUP $(pgrep -x rsyslogd)']);
    expect((await explain(lab, probe)).ids).toEqual(['log-path-works']);
  });

  it('says that the file was deleted under the daemon', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.startRsyslog({ only: prefix });
    const probe = await logDiscard(lab, prefix);
    expect((await explain(lab, probe)).ids).toEqual(['log-path-works']);
    await lab.run(['rm', '/var/log/syslog']);
    expect((await explain(lab, probe)).evidence).toContain('the running rsyslogd has open: /var/log/syslog (deleted)');
  });

  it('says that the disk is full', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.run([
      'sh',
      '-c',
      'mount -t tmpfs -o size=64k full /var/log; dd if=/dev/zero of=/var/log/big bs=1k 2>&1; true',
    ]);
    await lab.startRsyslog({ only: prefix });
    expect((await explain(lab, await logDiscard(lab, prefix))).ids).toEqual(['log-path-works', 'log-disk-full']);
  });

  it.each([
    ':msg, contains, "IN=" stop',
    'kern.* ~',
    `if $syslogfacility-text == 'kern' and $msg contains 'OUT=lo' then stop`,
    `if $programname == "nothing" then { stop } else { if not ($msg contains "sshd") then { stop } }`,
    '& stop\nkern.warning stop',
  ])('quotes the line of its configuration that makes rsyslogd throw a line away: %s', async (filter) => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.startRsyslog({ only: prefix, filter });
    const { ids, evidence } = await explain(lab, await logDiscard(lab, prefix));
    expect(ids).toEqual(['log-path-works', 'rsyslog-filters']);
    expect(evidence.join('\n')).toMatch(/^\/run\/rsyslog\.conf:\d+: /m);
    expect(evidence.join('\n')).toContain(filter.split('\n').at(-1));
  });

  it.each([
    'kern.err stop',
    ':msg, contains, "sshd" stop',
    `if $msg contains 'sshd' then { stop } else if $msg contains 'IN=' then {\n*.* /var/log/else.log\n}`,
    `if re_match($msg, "^sshd") then stop`,
  ])('blames no line that lets it pass: %s', async (filter) => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.startRsyslog({ only: prefix, filter });
    const probe = await logDiscard(lab, prefix);
    const { ids, test } = await explain(lab, probe);
    expect(ids).toEqual(['log-path-works']);
    const { stopped, files } = followRsyslog(await readRsyslogConfig(hostInLab(lab)), {
      text: test.text ?? '',
      level: 4,
    });
    expect(stopped?.isSure ?? false).toBe(false);
    for (const { path } of files) expect(await lab.run(['grep', '-c', 'DPT=9 ', path])).toBe('1\n');
  });

  it('finds the line in an included file, the file that rsyslogd writes instead, and a level that no line takes', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.run([
      'sh',
      '-c',
      'mkdir /run/rsyslog.d; echo "kern.* -/var/log/fire.log\n& stop" >/run/rsyslog.d/10-fire.conf',
    ]);
    await lab.startRsyslog({ only: prefix, filter: '$IncludeConfig /run/rsyslog.d/*.conf' });
    const probe = await logDiscard(lab, prefix);
    const stopped = await explain(lab, probe);
    expect(stopped.ids).toEqual(['log-path-works', 'rsyslog-filters']);
    expect(stopped.evidence).toContain('/run/rsyslog.d/10-fire.conf:2: & stop');
    const restart = async (config: string) => {
      await lab.run(['sh', '-c', 'kill $(pgrep -x rsyslogd); sleep 0.3; pkill -x dmesg; rm /run/kmsg /var/log/syslog']);
      await lab.run(['tee', '/run/rsyslog.d/10-fire.conf'], { input: config });
      await lab.startRsyslog({ only: prefix, filter: '$IncludeConfig /run/rsyslog.d/*.conf', takes: 'mail.*' });
    };
    await restart('kern.* -/var/log/fire.log\n');
    const elsewhere = await explain(lab, probe);
    expect(elsewhere.ids).toEqual(['log-path-works', 'rsyslog-writes-elsewhere']);
    expect(elsewhere.evidence).toContain('/run/rsyslog.d/10-fire.conf:1: kern.* -/var/log/fire.log');
    expect(await lab.run(['cat', '/var/log/fire.log'])).toContain(`${prefix}: IN=`);
    await restart('kern.err -/var/log/fire.log\n');
    const notTaken = await explain(lab, probe);
    expect(notTaken.ids).toEqual(['log-path-works', 'rsyslog-filters']);
    expect(notTaken.evidence).toContain(
      'nothing there takes a kernel message of this level: /run/rsyslog.conf, /run/rsyslog.d/10-fire.conf',
    );
  });

  it('quotes a daemon that throws lines away for being too many', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.startRsyslog({
      only: prefix,
      imklog: 'ratelimitInterval="60" ratelimitBurst="3"',
      // What it says of itself goes through the system's socket, which a lab does not have.
      filter: 'global(processInternalMessages="on")',
    });
    const probe = await logDiscard(lab, prefix);
    await lab.run(['bash', '-c', 'for i in 1 2 3 4 5 6; do echo x > /dev/udp/127.0.0.1/9; done 2>/dev/null; true']);
    const { ids, evidence } = await explain(lab, probe);
    expect(ids).toEqual(['log-path-works', 'log-rate-limited']);
    expect(evidence.join('\n')).toMatch(/it says so itself: .*rate-limiting/);
  });

  it.each([
    ['Storage=none', 'Storage=none: it keeps nothing'],
    ['ReadKMsg=no', "ReadKMsg=no: it does not read the kernel's lines"],
    ['MaxLevelStore=err', 'MaxLevelStore=err: the rule logs at level warning, which is less urgent'],
  ])('says that journald is told so: %s', async (setting, evidence) => {
    await using lab = await startLab();
    await setJournal(lab, setting);
    // Such a journal never shows a line, so it is not waited for.
    await lab.run(['mkdir', '-p', '/run/systemd/journal', '/var/log/journal']);
    await lab.spawn(['/lib/systemd/systemd-journald']);
    await expect.poll(async () => (await lab.exec(['pgrep', 'systemd-journal'])).code, { timeout: 5000 }).toBe(0);
    const explained = await explain(lab, await logDiscard(lab, newPrefix()));
    expect(explained.test.seenIn).toEqual(['kernel log']);
    expect(explained.ids).toEqual(['log-path-works', 'journal-settings']);
    expect(explained.evidence).toContain(`journald.conf has ${evidence}`);
  });

  it('says nothing of the journal where it has the line', async () => {
    await using lab = await startLab();
    await lab.startJournald();
    const { test, ids } = await explain(lab, await logDiscard(lab, newPrefix()));
    expect(test.seenIn).toContain('journal');
    expect(ids).toEqual(['log-path-works']);
  });

  it('says that a log may not be read by this user', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.startRsyslog({ only: prefix });
    await lab.run(['chmod', '600', '/var/log/syslog']);
    const { ids } = await explain(lab, await logDiscard(lab, prefix), { uid: 65534 });
    expect(ids).toEqual(['kernel-log-unreadable', 'log-unreadable']);
  });
});
