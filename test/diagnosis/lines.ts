// Kernel lines for tests, as entries seen in a log.
import type { Sighting } from '../../src/log/conversations/count-sightings.ts';
import type { EntryLine, LogLine } from '../../src/log/packet/entry.ts';
import { parseLine } from '../../src/log/packet/parse-line.ts';

/** What a line says; the rest is as in the SYN that a client on lo sends to port 25. */
type Said = {
  prefix?: string;
  device?: string;
  from?: string;
  to?: string;
  spt?: number;
  dpt?: number;
  flags?: string;
  tail?: string;
  id?: number;
  source?: string;
};

const isEntryLine = (line: LogLine): line is EntryLine => line.entry !== null;

/** A line of the kernel's as a source shows it. */
export const seen = (text: string, source = '/var/log/syslog'): Sighting => {
  const line = parseLine(text, { now: new Date('2026-11-22T18:00:02Z') });
  if (!isEntryLine(line)) throw new Error(`no entry: ${text}`);
  return { source, line };
};

const HEAD = 'Nov 22 18:00:01 web1 kernel: [ 123.456]';

/** A TCP packet's line. */
export const tcp = (said: Said = {}): Sighting => {
  const { prefix = '', device = 'IN= OUT=lo', from = '127.0.0.1', to = '127.0.0.1', flags = 'SYN' } = said;
  const { spt = 40577, dpt = 25, tail = '', id = 1, source } = said;
  return seen(
    `${HEAD} ${prefix}${device} SRC=${from} DST=${to} LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=${id} DF PROTO=TCP SPT=${spt} DPT=${dpt} WINDOW=65495 RES=0x00 ${flags} URGP=0 ${tail}`,
    source,
  );
};

/** A UDP datagram's line; a question to port 53 unless said otherwise. */
export const udp = ({ spt = 40577, dpt = 53 }: Pick<Said, 'spt' | 'dpt'> = {}): Sighting =>
  seen(
    `${HEAD} IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=56 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF PROTO=UDP SPT=${spt} DPT=${dpt} LEN=36 `,
  );

/** The line of a packet that came in by lo. */
export const IN_BY_LO = 'IN=lo OUT= MAC=00:00:00:00:00:00:00:00:00:00:00:00:08:00';

/** The line of an ICMP error about a SYN to port 25. */
export const icmpError = (prefix: string): Sighting =>
  seen(
    `${HEAD} ${prefix}IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=88 TOS=0x00 PREC=0xC0 TTL=64 ID=7 PROTO=ICMP TYPE=3 CODE=3 [SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF PROTO=TCP SPT=40577 DPT=25 WINDOW=65495 RES=0x00 SYN URGP=0 ] `,
  );
