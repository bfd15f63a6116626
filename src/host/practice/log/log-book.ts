// What the practice server logs: the kernel's ring buffer, the journal, and the files that rsyslog writes.
import type { Clock } from '../clock.ts';
import type { Files } from '../files.ts';
import type { Random } from '../random.ts';
import { formatSyslog } from './format-log.ts';

/** One record. `uptime` is the kernel's clock in seconds; `priority` is syslog's, 4 for a warning. */
export type LogRecord = {
  readonly number: number;
  readonly time: Date;
  readonly uptime: number;
  readonly identifier: string;
  readonly message: string;
  readonly priority: number;
};

export type LogBook = {
  readonly records: readonly LogRecord[];
  /** A record of the kernel. */
  kernel(message: string, priority: number): void;
  /** A record of a program; `identifier` is `postfix/smtpd[812]`. `ago`: so many seconds in the past, for what was before. */
  write(identifier: string, message: string, options?: { priority?: number; ago?: number }): void;
  onRecord(listener: (record: LogRecord) => void): () => void;
};

const SYSLOG = '/var/log/syslog';
const KERN_LOG = '/var/log/kern.log';

/** What a log book is kept with: the server's name, its time, its files. */
export type LogBookParts = {
  readonly host: string;
  readonly clock: Clock;
  readonly files: Files;
  readonly random: Random;
};

export function createLogBook({ host, clock, files, random }: LogBookParts): LogBook {
  const records: LogRecord[] = [];
  const listeners = new Set<(record: LogRecord) => void>();
  const write: LogBook['write'] = (identifier, message, { priority = 6, ago = 0 } = {}) => {
    const time = new Date(clock.now().getTime() - ago * 1000);
    // Microseconds, which no two records of a kernel share.
    const uptime = Math.max(clock.uptime() - ago + random(1, 999) / 1e6, (records.at(-1)?.uptime ?? 0) + 2e-6);
    const record = { number: records.length + 1, time, uptime, identifier, message, priority };
    records.push(record);
    files.append(SYSLOG, `${formatSyslog(record, host)}\n`);
    if (identifier === 'kernel') files.append(KERN_LOG, `${formatSyslog(record, host)}\n`);
    for (const listener of listeners) listener(record);
  };
  return {
    records,
    kernel: (message, priority) => write('kernel', message, { priority }),
    write,
    onRecord(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
