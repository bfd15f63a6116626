// The programs that show the practice server's logs, once or as they grow: journalctl, dmesg, dd and cat of /dev/kmsg, tail -f.
import { formatTime, formatUptime, type LogRecord } from '../log-book.ts';
import { type Call, type FollowedProgram, failed, type Program, pathOf, printed, splitOptions } from '../program.ts';

const KMSG = '/dev/kmsg';

/** `dd if=/dev/kmsg iflag=nonblock`: all records that the kernel holds. */
export const dd: Program = (call) => {
  const path = call.args.find((word) => word.startsWith('if='))?.slice(3) ?? '';
  if (path === KMSG)
    return printed(
      kernelRecords(call)
        .map((record) => `${formatKmsg(record)}\n`)
        .join(''),
    );
  const text = call.server.files.read(pathOf(call, path));
  return text === null ? failed(1, `dd: failed to open '${path}': No such file or directory`) : printed(text);
};

export const dmesg: Program = (call) =>
  printed(
    kernelRecords(call)
      .map((record) => `${formatUptime(record.uptime)} ${record.message}\n`)
      .join(''),
  );

/** `journalctl [-k] [-q] [-n COUNT] [-o json|short]` */
export const journalctl: Program = (call) => {
  const { options, operands } = splitOptions(call.args, 'nopuSU');
  const wanted = selectFrom(operands, options);
  const records = call.server.log.records.filter(wanted);
  const count = options.get('n') ?? options.get('lines');
  const shown = count === undefined ? records : records.slice(-Number(count));
  const format = options.get('o') ?? options.get('output') ?? 'short';
  return printed(shown.map((record) => `${formatJournal(record, call.server.name, format)}\n`).join(''));
};

/** `journalctl -f -o json --after-cursor=CURSOR _TRANSPORT=kernel` */
export const followJournalctl: FollowedProgram = (call, say) => {
  const { options, operands } = splitOptions(call.args, 'nopuSU');
  const format = options.get('o') ?? options.get('output') ?? 'short';
  const newest = numberOfCursor(options.get('after-cursor')) ?? call.server.log.records.length;
  const wanted = selectFrom(operands, options);
  const tell = (record: LogRecord) => {
    if (record.number > newest && wanted(record)) say(formatJournal(record, call.server.name, format));
  };
  call.server.log.records.forEach(tell);
  stopWith(call.signal, call.server.log.onRecord(tell));
};

/** `cat /dev/kmsg`: what the kernel holds, then each new record. */
export const followCat: FollowedProgram = (call, say) => {
  const [path = ''] = call.args;
  if (path !== KMSG) return;
  const tell = (record: LogRecord) => record.identifier === 'kernel' && say(formatKmsg(record));
  call.server.log.records.forEach(tell);
  stopWith(call.signal, call.server.log.onRecord(tell));
};

/** `dmesg --follow`, `dmesg -w`. */
export const followDmesg: FollowedProgram = (call, say) => {
  const tell = (record: LogRecord) =>
    record.identifier === 'kernel' && say(`${formatUptime(record.uptime)} ${record.message}`);
  if (!call.args.some((word) => ['-W', '--follow-new'].includes(word))) call.server.log.records.forEach(tell);
  stopWith(call.signal, call.server.log.onRecord(tell));
};

/** `tail -c +BYTE -f FILE`, `tail -n COUNT -F FILE`. */
export const followTail: FollowedProgram = (call, say) => {
  const { options, operands } = splitOptions(call.args, 'nc');
  for (const path of operands) {
    const text = call.server.files.read(pathOf(call, path)) ?? '';
    for (const line of linesOf(beginningOf(text, options))) say(line);
    const stop = call.server.files.watch(pathOf(call, path), (added) => {
      for (const line of linesOf(added)) say(line);
    });
    stopWith(call.signal, stop);
  }
};

/** `s=…;i=21f;b=…` */
function numberOfCursor(cursor: string | undefined): number | null {
  const [, number] = /;i=([0-9a-f]+)/.exec(cursor ?? '') ?? [];
  return number === undefined ? null : Number.parseInt(number, 16);
}

function beginningOf(text: string, options: ReadonlyMap<string, string>): string {
  const bytes = options.get('c');
  if (bytes?.startsWith('+')) return new TextDecoder().decode(new TextEncoder().encode(text).slice(Number(bytes) - 1));
  const count = Number(options.get('n') ?? '10');
  return count === 0 ? '' : linesOf(text).slice(-count).join('\n');
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function stopWith(signal: AbortSignal, stop: () => void): void {
  signal.addEventListener('abort', stop, { once: true });
}

function kernelRecords({ server }: Call): LogRecord[] {
  return server.log.records.filter(({ identifier }) => identifier === 'kernel');
}

function selectFrom(operands: readonly string[], options: ReadonlyMap<string, string>): (record: LogRecord) => boolean {
  const kernelOnly = options.has('k') || options.has('dmesg') || operands.includes('_TRANSPORT=kernel');
  const identifier = options.get('t');
  return (record) =>
    (!kernelOnly || record.identifier === 'kernel') && (identifier === undefined || record.identifier === identifier);
}

/** `4,1649,16890490637,-;OUT-DROP: IN= OUT=lo …` */
function formatKmsg({ priority, number, uptime, message }: LogRecord): string {
  return `${priority},${number},${Math.round(uptime * 1e6)},-;${message}`;
}

function formatJournal(record: LogRecord, host: string, format: string): string {
  const { number, time, uptime, identifier, message, priority } = record;
  if (!format.startsWith('json')) return `${formatTime(time)} ${host} ${identifier}: ${message}`;
  const [, name = identifier, pid] = /^(.*)\[(\d+)\]$/.exec(identifier) ?? [];
  const microseconds = `${time.getTime()}000`;
  return JSON.stringify({
    __CURSOR: `s=5f1c0e6a9d2b4b7e8a1d3c5b7f9e2a40;i=${number.toString(16)};b=0c9a7d5e3f1b42d68e0f2a4c6b8d1e35`,
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
