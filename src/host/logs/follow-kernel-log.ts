// The kernel's own log (/dev/kmsg), newer than a mark: the fastest source, where nothing is rotated or rate-limited.

import type { Command, Host } from '../host.ts';
import { followAgain } from './follow-again.ts';

/** One record of the kernel's log; `uptime` in seconds. */
export type KernelRecord = { readonly sequence: number; readonly uptime: number; readonly text: string };

const READ_ALL: Command = ['dd', 'if=/dev/kmsg', 'iflag=nonblock', 'bs=8192'];
/** For a dd that can't read without waiting (busybox): what comes within a second. */
const READ_ALL_SLOWLY: Command = ['timeout', '1', 'cat', '/dev/kmsg'];
const ATTEMPTS = 5;
/** A reader that the log has overtaken gets an error and may read on: cat would end there, and be blind until it is begun anew. */
const FOLLOW: Command = ['dd', 'if=/dev/kmsg', 'bs=8192', 'conv=noerror'];

/** The newest record there is; null where the kernel's log can't be read. An empty log is marked before its first record. */
export async function markKernelLog(host: Host): Promise<KernelRecord | null> {
  let result = await host.run(READ_ALL);
  // A reader that the log has overtaken is told so by an error, once; what it had read is no mark.
  for (let again = 1; result.stderr.includes('Broken pipe') && again < ATTEMPTS; again += 1)
    result = await host.run(READ_ALL);
  const { stdout } = result.stderr.includes('nonblock') ? await host.run(READ_ALL_SLOWLY) : result;
  const newest = stdout.split('\n').findLast((line) => parseKernelRecord(line) !== null);
  return newest === undefined ? null : parseKernelRecord(newest);
}

/** The records after the mark as they come, written as dmesg writes them: `[12345.678901] IN= OUT=lo …`. */
export async function* followKernelLog(host: Host, mark: KernelRecord, signal: AbortSignal): AsyncGenerator<string> {
  let last = mark.sequence;
  // Reading always begins with the oldest record; the sequence number tells what is new.
  for await (const line of followAgain(host, () => FOLLOW, signal)) {
    const record = parseKernelRecord(line);
    if (record === null || record.sequence <= last) continue;
    last = record.sequence;
    yield `[${record.uptime.toFixed(6).padStart(12)}] ${record.text}`;
  }
}

/**
 * `4,1649,2193079560,-;IN= OUT=lo …`: priority, sequence number, microseconds, flags, text. Null for the fields of a record
 * (` SUBSYSTEM=net`), which follow it on lines of their own.
 */
export function parseKernelRecord(line: string): KernelRecord | null {
  const match = /^\d+,(\d+),(\d+),[^;]*;(.*)$/.exec(line);
  if (match === null) return null;
  const [, sequence, microseconds, text = ''] = match;
  return { sequence: Number(sequence), uptime: Number(microseconds) / 1e6, text: decodeEscapes(text) };
}

/** The kernel writes bytes that are no plain ASCII as `\xc3\xa9`. */
function decodeEscapes(text: string): string {
  return text.replace(/(?:\\x[0-9a-f]{2})+/g, (escaped) => {
    const bytes = escaped
      .slice(2)
      .split('\\x')
      .map((hex) => Number.parseInt(hex, 16));
    return new TextDecoder().decode(Uint8Array.from(bytes));
  });
}
