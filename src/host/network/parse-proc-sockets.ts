// The kernel's own tables of sockets, which are there where no tool is: /proc/net/tcp, tcp6, udp and udp6.
import { formatAddress } from '../../firewall/model/address.ts';

/** A socket as the kernel lists it. `state` as ss calls it; a port that is 0 there is null. */
export type ProcSocket = {
  readonly protocol: 'tcp' | 'udp';
  readonly state: string;
  readonly local: ProcEnd;
  readonly peer: ProcEnd;
  readonly uid: number;
  readonly inode: string;
};

type ProcEnd = { readonly address: string; readonly port: number | null };

/** The files, in the order in which they are read. A kernel without IPv6 has two of them. */
export const SOCKET_TABLES = ['/proc/net/tcp', '/proc/net/tcp6', '/proc/net/udp', '/proc/net/udp6'] as const;

/** The kernel's numbers for what ss calls by name (net/tcp_states.h). */
const STATES: Readonly<Record<string, string>> = {
  '01': 'ESTAB',
  '02': 'SYN-SENT',
  '03': 'SYN-RECV',
  '04': 'FIN-WAIT-1',
  '05': 'FIN-WAIT-2',
  '06': 'TIME-WAIT',
  '07': 'UNCONN',
  '08': 'CLOSE-WAIT',
  '09': 'LAST-ACK',
  '0A': 'LISTEN',
  '0B': 'CLOSING',
  '0C': 'SYN-RECV',
};

/** One or more of the tables; each begins with its head, and only a UDP one's ends with `drops`. */
export function parseProcSockets(text: string): ProcSocket[] {
  let protocol: 'tcp' | 'udp' | null = null;
  return text.split('\n').flatMap((line) => {
    if (/^\s*sl\s+local_address/.test(line)) {
      protocol = /\bdrops\s*$/.test(line) ? 'udp' : 'tcp';
      return [];
    }
    return protocol === null ? [] : parseLine(line, protocol);
  });
}

/** `   0: 0100007F:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 …` */
function parseLine(line: string, protocol: 'tcp' | 'udp'): ProcSocket[] {
  const [, local = '', peer = '', code = '', , , , uid = '', , inode = ''] = line.trim().split(/\s+/);
  const [here, there] = [parseEnd(local), parseEnd(peer)];
  if (here === null || there === null || !/^\d+$/.test(uid)) return [];
  return [{ protocol, state: STATES[code] ?? code, local: here, peer: there, uid: Number(uid), inode }];
}

/** Words of four bytes, the last one first, as all processors write them that servers have today. */
function parseEnd(text: string): ProcEnd | null {
  const [, digits, port] = /^([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4})$/.exec(text) ?? [];
  if (digits === undefined || port === undefined) return null;
  const bytes = (digits.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).reverse(),
  );
  return { address: printAddress(bytes), port: Number.parseInt(port, 16) || null };
}

function printAddress(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (isMapped) return bytes.slice(12).join('.');
  return formatAddress(bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n));
}
