// The programs that show the practice server's logs as they are: journalctl, dmesg, dd of /dev/kmsg.
import { formatJournal, formatKmsg, formatUptime, KMSG, selectFromJournal } from '../log/format-log.ts';
import type { LogRecord } from '../log/log-book.ts';
import { type Call, failed, type Program, pathOf, printed, splitOptions } from '../program.ts';

/** `dd if=/dev/kmsg iflag=nonblock`: all records that the kernel holds. */
export const dd: Program = (call) => {
  const path = call.args.find((word) => word.startsWith('if='))?.slice(3) ?? '';
  if (call.args.includes('count=0')) return printed();
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
  const wanted = selectFromJournal(operands, options);
  const records = call.server.log.records.filter(wanted);
  const count = options.get('n') ?? options.get('lines');
  const shown = count === undefined ? records : records.slice(-Number(count));
  const format = options.get('o') ?? options.get('output') ?? 'short';
  return printed(shown.map((record) => `${formatJournal(record, call.server.name, format)}\n`).join(''));
};

function kernelRecords({ server }: Call): LogRecord[] {
  return server.log.records.filter(({ identifier }) => identifier === 'kernel');
}
