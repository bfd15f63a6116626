// The log daemons of a lab: real ones, with a configuration of their own, in the lab's own /var/log and /run.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from './lab.ts';
import type { Exec, Spawn } from './lab-process.ts';

/**
 * imklog reads the kernel's lines from a pipe that looks like /proc/kmsg and is fed from /dev/kmsg. The real /proc/kmsg
 * gives each line to one reader only, so labs would take each other's.
 */
const rsyslogConfiguration = (file: string, template: string, imklog: string, filter: string, takes: string) => `
global(workDirectory="/run")
module(load="imklog" logPath="/run/kmsg" permitNonKernelFacility="on" ${imklog})
${filter}
${takes} action(type="omfile" file="${file}" template="${template}")
`;

const templates = { traditional: 'RSYSLOG_TraditionalFileFormat', iso: 'RSYSLOG_FileFormat' } as const;

/** See `Lab.startRsyslog`. */
export async function startRsyslog(
  run: Lab['run'],
  spawn: Spawn,
  options: NonNullable<Parameters<Lab['startRsyslog']>[0]>,
): Promise<void> {
  const {
    only = '',
    file = '/var/log/syslog',
    format = 'traditional',
    imklog = '',
    filter = '',
    takes = '*.*',
  } = options;
  await run(['sh', '-c', `mkfifo /run/kmsg && touch ${file} && cat > /run/rsyslog.conf`], {
    input: rsyslogConfiguration(file, templates[format], imklog, filter, takes),
  });
  const daemon = await spawn(['rsyslogd', '-n', '-iNONE', '-f', '/run/rsyslog.conf']);
  // The pipe's opening for writing returns when rsyslogd has opened it for reading: from then on no line is lost.
  const feed = `exec > /run/kmsg; echo fed >&2; exec dmesg --raw --follow-new | grep --line-buffered -F -e "$0"`;
  const feeder = await spawn(['sh', '-c', feed, only]);
  await until(
    async () => feeder.stderr().includes('fed'),
    () => `rsyslogd did not start: ${daemon.stderr()}`,
  );
  // dmesg seeks to the end of the log only after it has started.
  await sleep(50);
}

/** See `Lab.startJournald`. */
export async function startJournald(exec: Exec, spawn: Spawn): Promise<void> {
  const prepare = 'mkdir -p /run/systemd/journal /var/log/journal; test -s /etc/machine-id || systemd-machine-id-setup';
  await exec(['sh', '-c', prepare]);
  const daemon = await spawn(['/lib/systemd/systemd-journald']);
  // It begins with all that the kernel's ring buffer holds: only when it has come to the end is what is logged next there at once.
  const mark = `lo-doctor-lab-${randomUUID()}`;
  await exec(['sh', '-c', 'echo "$0" >/dev/kmsg', mark]);
  await until(
    async () => (await exec(['journalctl', '-q', '-n1', `--grep=${mark}`])).stdout !== '',
    () => `journald did not start: ${daemon.stderr()}`,
    60_000,
  );
}

async function until(condition: () => Promise<boolean>, complaint: () => string, patience = 5_000): Promise<void> {
  const end = Date.now() + patience;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(complaint());
    await sleep(10);
  }
}
