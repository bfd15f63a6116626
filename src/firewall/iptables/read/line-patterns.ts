// Regular expressions over whole dumps: the engine passes over thousands of rules faster than any loop here could.
import type { Glance } from '../../evaluate/rule-list.ts';

const COUNTERS = String.raw`(?:\[\d+:\d+\] )?`;

/** Finds the next line that is no rule of the chain. */
export function blockEnd(chain: string): RegExp {
  return new RegExp(`^(?!${COUNTERS}-A ${quoted(chain)}(?: |$))`, 'gm');
}

/** Finds a line, other than a comment, that ends inside quotes. */
export const OPEN_QUOTE = /^(?!#)[^"\n]*(?:"(?:[^"\\\n]|\\.)*"[^"\n]*)*"(?:[^"\\\n]|\\.)*\\?$/m;

/**
 * Finds the next rule of the chain that such a packet may meet. iptables-save prints the head of a rule as
 * `[-s ADDRESS] [-d ADDRESS] [-i NAME] [-o NAME] [-p PROTOCOL] [-m PROTOCOL] [--sport PORT] [--dport PORT] …`; a rule is passed over where one of
 * these plainly excludes the packet. What is written otherwise excludes nothing.
 */
export function candidate(chain: string, packet: Glance): RegExp {
  const heads = ['s', 'd', 'i', 'o'].map((option) => String.raw`(?:(?:! )?-${option} \S+ )?`);
  const before = (count: number) => heads.slice(0, count).join('');
  const ports = `${before(4)}-p (?:tcp|udp) (?:-m (?:tcp|udp) )?`;
  const excluding = [
    `-s ${otherAddress(packet.source)}`,
    `${before(1)}-d ${otherAddress(packet.destination)}`,
    `${before(2)}-i ${otherName(packet.in)}`,
    `${before(3)}-o ${otherName(packet.out)}`,
    `${before(4)}-p ${otherProtocol(packet.protocol)}`,
    `${ports}--sport ${otherPort(packet.sourcePort)}`,
    String.raw`${ports}(?:(?:! )?--sport \S+ )?--dport ${otherPort(packet.destinationPort)}`,
  ];
  return new RegExp(`^${COUNTERS}-A ${quoted(chain)}(?: (?!(?:${excluding.join('|')})(?: |$))|$)`, 'gm');
}

const NOTHING = '(?!)';

/** Another address with /32, or another first octet that counts; for IPv6, another first group that counts. */
function otherAddress(address: string | number): string {
  if (address === '') return NOTHING;
  if (typeof address === 'string') {
    const [octet] = address.split('.');
    return String.raw`(?:(?!${octet}\.)[\d.]+/(?:[89]|[12]\d|3[0-2])|(?!${quoted(address)}/)[\d.]+/32)`;
  }
  const group = [...address.toString(16)].map((digit) => `[${digit}${digit.toUpperCase()}]`).join('');
  const same = address === 0 ? '::|0+:' : `0*${group}:`;
  return String.raw`(?!${same})[\da-fA-F:.]+/(?:1[6-9]|[2-9]\d|1[01]\d|12[0-8])`;
}

/** Another plain name; `eth+` is none. */
function otherName(name: '' | 'lo'): string {
  return name === '' ? '[^ !+]+' : '(?!lo(?: |$))[^ !+]+';
}

const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'ipv6-icmp' };

function otherProtocol(protocol: number): string {
  return `(?!${PROTOCOLS[protocol]}(?: |$))(?:${Object.values(PROTOCOLS).join('|')})`;
}

function otherPort(port: number): string {
  return port < 0 ? NOTHING : String.raw`(?!0*${port}(?: |$))\d+`;
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
