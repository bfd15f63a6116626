// The programs that show the practice server's logs as they grow: journalctl -f, cat and dd of /dev/kmsg, dmesg -w, tail -f.
import { formatJournal, formatKmsg, formatUptime, KMSG, selectFromJournal } from '../log/format-log.ts';
import type { LogRecord } from '../log/log-book.ts';
import { type FollowedProgram, pathOf, splitOptions } from '../program.ts';

/** `journalctl -f -o json --no-tail --cursor=CURSOR _TRANSPORT=kernel` */
export const followJournalctl: FollowedProgram = (call, say) => {
  const { options, operands } = splitOptions(call.args, 'nopuSU');
  const format = options.get('o') ?? options.get('output') ?? 'short';
  const first = options.has('no-tail') ? 0 : call.server.log.records.length;
  const newest = numberOfCursor(options.get('cursor')) ?? first;
  const wanted = selectFromJournal(operands, options);
  const tell = (record: LogRecord) => {
    if (record.number > newest && wanted(record)) say(formatJournal(record, call.server.name, format));
  };
  call.server.log.records.forEach(tell);
  stopWith(call.signal, call.server.log.onRecord(tell));
};

/** `cat /dev/kmsg`, `dd if=/dev/kmsg`: what the kernel holds, then each new record. */
export const followKmsg: FollowedProgram = (call, say) => {
  if (call.args[0]?.replace(/^if=/, '') !== KMSG) return;
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
