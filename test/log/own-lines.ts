// The project's own log lines (test/fixtures/log): messages that the real kernel printed, lines that real daemons wrote, and what is none.
import { readFileSync } from 'node:fs';
import type { Entry } from '../../src/log/packet/entry.ts';

/** What a line has to say of a packet, as it was sent: only fields that the sender knows. */
export type ExpectedPacket = Partial<Omit<Entry, 'embedded' | 'spans' | 'time' | 'host'>> &
  Pick<Entry, 'prefix' | 'in' | 'out' | 'src' | 'dst' | 'proto'> & {
    readonly embedded: Partial<NonNullable<Entry['embedded']>> | null;
  };

/** A message of the kernel, head off. */
export type KernelMessage = { readonly name: string; readonly message: string; readonly expected: ExpectedPacket };

/** A line that a daemon or tool wrote about such a message. `host` as it names it. */
export type DaemonLine = {
  readonly writer: string;
  readonly line: string;
  readonly expected: {
    /** When the packet was sent, in RFC 3339, without a zone where the line has none; null where it tells no time of day. */
    readonly between: readonly [from: string, to: string] | null;
    readonly host: string | null;
    readonly packet: ExpectedPacket;
  };
};

const folder = new URL('../fixtures/log/', import.meta.url);

export const messagesFile = new URL('kernel-messages.json', folder);
export const daemonLinesFile = new URL('daemon-lines.json', folder);

export const readKernelMessages = (): KernelMessage[] => JSON.parse(readFileSync(messagesFile, 'utf8'));
export const readDaemonLines = (): DaemonLine[] => JSON.parse(readFileSync(daemonLinesFile, 'utf8'));

/** Lines that look like netfilter's and are none. */
export const readOtherLines = (): string[] =>
  readFileSync(new URL('other-lines.txt', folder), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
