// A log record as each place shows it: syslog's file, the kernel's ring buffer, the journal.
import type { LogRecord } from './log-book.ts';

/** Where the kernel's own log is read. */
export const KMSG = '/dev/kmsg';

/** `Nov 22 18:11:21 web1 kernel: [16890.490637] OUT-DROP: IN= OUT=lo …` */
export function formatSyslog(record: LogRecord, host: string): string {
  const { identifier, message } = record;
  const text = identifier === 'kernel' ? `${formatUptime(record.uptime)} ${message}` : message;
  return `${formatTime(record.time)} ${host} ${identifier}: ${text}`;
}

/** `[16890.490637]`, as dmesg prints it too. */
export function formatUptime(seconds: number): string {
  return `[${seconds.toFixed(6).padStart(12)}]`;
}

/** `Nov  2 18:11:21` */
function formatTime(time: Date): string {
  const [, month = '', , clock = ''] = time
    .toString()
    .split(' ')
    .filter((_, index) => index !== 3);
  return `${month} ${`${time.getDate()}`.padStart(2)} ${clock}`;
}

/** Which records a command line of journalctl asks for. */
export function selectFromJournal(
  operands: readonly string[],
  options: ReadonlyMap<string, string>,
): (record: LogRecord) => boolean {
  const kernelOnly = options.has('k') || options.has('dmesg') || operands.includes('_TRANSPORT=kernel');
  const identifier = options.get('t');
  return (record) =>
    (!kernelOnly || record.identifier === 'kernel') && (identifier === undefined || record.identifier === identifier);
}

/** `4,1649,16890490637,-;OUT-DROP: IN= OUT=lo …` */
export function formatKmsg({ priority, number, uptime, message }: LogRecord): string {
  return `${priority},${number},${Math.round(uptime * 1e6)},-;${message}`;
}

/** One line of the journal, as JSON or as syslog has it. */
export function formatJournal(record: LogRecord, host: string, format: string): string {
  const { number, time, uptime, identifier, message, priority } = record;
  if (!format.startsWith('json')) return `${formatTime(time)} ${host} ${identifier}: ${message}`;
  const [, name = identifier, pid] = /^(.*)\[(\d+)\]$/.exec(identifier) ?? [];
  const microseconds = `${time.getTime()}000`;
  const boot = 'b=0c9a7d5e3f1b42d68e0f2a4c6b8d1e35';
  const times = `m=${hex(uptime * 1e6)};t=${hex(time.getTime() * 1000)}`;
  return JSON.stringify({
    __CURSOR: `s=5f1c0e6a9d2b4b7e8a1d3c5b7f9e2a40;i=${hex(number)};${boot};${times};x=${hex(number)}`,
    __REALTIME_TIMESTAMP: microseconds,
    __MONOTONIC_TIMESTAMP: `${Math.round(uptime * 1e6)}`,
    _TRANSPORT: identifier === 'kernel' ? 'kernel' : 'syslog',
    ...(identifier === 'kernel' ? { _SOURCE_MONOTONIC_TIMESTAMP: `${Math.round(uptime * 1e6)}` } : {}),
    ...(pid === undefined ? {} : { _PID: pid }),
    SYSLOG_IDENTIFIER: name,
    PRIORITY: `${priority}`,
    _HOSTNAME: host,
    MESSAGE: message,
  });
}

function hex(number: number): string {
  return Math.round(number).toString(16);
}
