// The facts about the way of a log line, on a server where they are staged for real.
import { expect, it } from 'vitest';
import { readLogHealth } from '../../src/host/logs/read-log-health.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { startLab } from './lab.ts';

describeKernel('readLogHealth', () => {
  it('sees a namespace of its own without a log daemon', async () => {
    await using lab = await startLab();
    await lab.run(['sh', '-c', 'rm -f /etc/systemd/journald.conf']);
    const health = await readLogHealth(hostInLab(lab));
    expect(health).toMatchObject({
      backends: { ip: expect.stringMatching(/^nf_log_/), ip6: expect.stringMatching(/^nf_log_/) },
      isFirstNamespace: false,
      logsAllNamespaces: null,
      isKernelLogReadable: true,
      daemons: [],
      hasImklog: null,
      journal: { Storage: null, RateLimitBurst: null },
    });
    expect(health.consoleLevel).toBeGreaterThanOrEqual(0);
    expect(health.freeBytes).toBeGreaterThan(0);
  });

  it('sees the daemons, whether rsyslog reads the kernel, and what the journal is told to throw away', async () => {
    await using lab = await startLab();
    await lab.startRsyslog({ only: 'nothing' });
    await lab.startJournald();
    await lab.run(['sh', '-c', 'mkdir -p /etc/systemd/journald.conf.d && cat > /etc/systemd/journald.conf.d/x.conf'], {
      input: '[Journal]\n#Storage=auto\nStorage = none \nRateLimitBurst=5\n',
    });
    const health = await readLogHealth(hostInLab(lab));
    expect(health.daemons).toEqual(['rsyslogd', 'systemd-journal']);
    expect(health.hasImklog).toBe(true);
    expect(health.journal).toMatchObject({ Storage: 'none', RateLimitBurst: '5', ReadKMsg: null });
  });

  it('sees a backend that is not bound, and a full disk', async () => {
    await using lab = await startLab();
    await lab.run(['sh', '-c', 'echo NONE > /proc/sys/net/netfilter/nf_log/2']);
    await lab.run([
      'sh',
      '-c',
      'mount -t tmpfs -o size=64k full /var/log; dd if=/dev/zero of=/var/log/fill bs=1k 2>/dev/null; true',
    ]);
    const health = await readLogHealth(hostInLab(lab));
    expect(health.backends).toEqual({ ip: 'NONE', ip6: expect.stringMatching(/^nf_log_/) });
    expect(health.freeBytes).toBe(0);
  });
});
