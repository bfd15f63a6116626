// Reads a kernel line back into what printKernelLine prints, by the letter of the grammar: a check on the printer alone.

import type {
  IcmpRest,
  KernelExtension,
  KernelLine,
  KernelPacket,
  KernelPayload,
} from '../../src/log/packet/print-kernel-line.ts';

/** A reader that eats its text from the left and throws where the text is not what the grammar says. */
class Reader {
  text: string;
  constructor(text: string) {
    this.text = text;
  }
  /** The groups of a pattern at the very place, or null. */
  take(pattern: string): string[] | null {
    const match = new RegExp(`^${pattern}`).exec(this.text);
    if (match === null) return null;
    this.text = this.text.slice(match[0].length);
    return match.slice(1);
  }
  need(pattern: string): string[] {
    const groups = this.take(pattern);
    if (groups === null) throw new Error(`expected ${pattern} at ${this.text}`);
    return groups;
  }
  number(name: string): number {
    return Number(this.need(`${name}=(\\d+) `)[0]);
  }
}

/** The line whose prefix is known; throws on any text that the kernel does not print. */
export function readKernelLine(text: string, prefix: string): KernelLine {
  const reader = new Reader(text);
  reader.need(prefix.replace(/[^\w ]/g, '\\$&'));
  const [inward = '', outward = ''] = reader.need('IN=(\\S*) OUT=(\\S*) ');
  const mac = reader.take('MAC=(\\S*) ');
  const packet = readPacket(reader, prefix);
  const owner = reader.take('UID=(\\d+) GID=(\\d+) ');
  const mark = reader.take('MARK=0x([0-9a-f]+) ');
  if (reader.text !== '') throw new Error(`left over: ${reader.text}`);
  return {
    prefix,
    in: inward || null,
    out: outward || null,
    ...(mac ? { mac: { kind: 'raw', bytes: mac[0] ?? '' } } : {}),
    packet,
    ...(owner ? { owner: { uid: Number(owner[0]), gid: Number(owner[1]) } } : {}),
    ...(mark ? { mark: Number.parseInt(mark[0] ?? '', 16) } : {}),
  };
}

function readPacket(reader: Reader, prefix: string): KernelPacket {
  if (reader.take('TRUNCATED')) return { family: 'truncated' };
  const [src = '', dst = ''] = reader.need('SRC=(\\S+) DST=(\\S+) ');
  const len = reader.number('LEN');
  if (src.includes(':')) return readIp6(reader, { src, dst, len }, prefix === 'LGT6 ');
  const [tos = '', prec = ''] = reader.need('TOS=0x([0-9A-F]{2}) PREC=0x([0-9A-F]{2}) ');
  const ttl = reader.number('TTL');
  const id = reader.number('ID');
  const ipFlags = ['CE', 'DF', 'MF'].filter((flag) => reader.take(`${flag} `));
  const frag = Number(reader.take('FRAG:(\\d+) ')?.[0] ?? 0);
  const options = reader.take('OPT \\(([0-9A-F]+)\\) ')?.[0];
  const sum = Number.parseInt(tos, 16) | Number.parseInt(prec, 16);
  const payload = readPayload(reader, prefix);
  return { family: 'ip', src, dst, len, tos: sum, ttl, id, ipFlags, frag, ...(options ? { options } : {}), payload };
}

function readIp6(reader: Reader, ends: { src: string; dst: string; len: number }, logOptions: boolean): KernelPacket {
  const [trafficClass, hopLimit, flowLabel] = ['TC', 'HOPLIMIT', 'FLOWLBL'].map((name) => reader.number(name));
  const extensions: KernelExtension[] = [];
  const packet = { family: 'ip6' as const, ...ends, trafficClass: trafficClass ?? 0, hopLimit: hopLimit ?? 0 };
  const rest = { flowLabel: flowLabel ?? 0, extensions, logOptions };
  for (;;) {
    const fragment = reader.take('FRAG:(\\d+) (INCOMPLETE )?ID:([0-9a-f]{8}) ');
    const ah = reader.take('OPT \\( AH SPI=0x([0-9a-f]+) \\) ');
    const esp = reader.take('OPT \\( ESP SPI=0x([0-9a-f]+) \\)');
    if (fragment) {
      const [offset, more, id = ''] = fragment;
      extensions.push({
        kind: 'fragment',
        offset: Number(offset),
        more: more !== undefined,
        id: Number.parseInt(id, 16),
      });
    } else if (ah) extensions.push({ kind: 'ah', spi: Number.parseInt(ah[0] ?? '', 16) });
    else if (esp) return { ...packet, ...rest, payload: spi('ESP', esp[0]) };
    else if (reader.text === '') return { ...packet, ...rest, payload: spi('ESP', '0') };
    else return { ...packet, ...rest, payload: readPayload(reader, '') };
  }
}

const spi = (proto: 'AH' | 'ESP', hex = ''): KernelPayload => ({
  proto,
  header: { kind: 'spi', spi: Number.parseInt(hex, 16) },
});

function readPayload(reader: Reader, prefix: string): KernelPayload {
  const [proto = ''] = reader.need('PROTO=(\\w+) ');
  const cut = reader.take('INCOMPLETE \\[(\\d+) bytes\\] ');
  const incomplete = cut ? ({ kind: 'incomplete', bytes: Number(cut[0]) } as const) : null;
  switch (proto) {
    case 'TCP':
      return { proto, header: incomplete ?? (/^SPT/.test(reader.text) ? readTcp(reader) : null) };
    case 'UDP':
    case 'UDPLITE': {
      const ports = reader.take('SPT=(\\d+) DPT=(\\d+) LEN=(\\d+) ')?.map(Number);
      const [spt = 0, dpt = 0, len = 0] = ports ?? [];
      return { proto, header: incomplete ?? (ports ? { kind: 'udp', spt, dpt, len } : null) };
    }
    case 'ICMP':
    case 'ICMPv6': {
      if (incomplete) return { proto, header: incomplete };
      const [type = 0, code = 0] = reader.need('TYPE=(\\d+) CODE=(\\d+) ').map(Number);
      return { proto, header: { kind: 'icmp', type, code, rest: readRest(reader, prefix) } };
    }
    case 'AH':
    case 'ESP':
      return incomplete ? { proto, header: incomplete } : spi(proto, reader.need('SPI=0x([0-9a-f]+) ')[0]);
    default:
      return { proto: Number(proto), header: null };
  }
}

function readTcp(reader: Reader) {
  const [spt = 0, dpt = 0] = reader.need('SPT=(\\d+) DPT=(\\d+) ').map(Number);
  const sequence = reader.take('SEQ=(\\d+) ACK=(\\d+) ')?.map(Number);
  const [window = '', res = ''] = reader.need('WINDOW=(\\d+) RES=0x([0-9a-f]{2}) ');
  const flags = 'AE CWR ECE URG ACK PSH RST SYN FIN'.split(' ').filter((flag) => reader.take(`${flag} `));
  const urgp = reader.number('URGP');
  const options = reader.take('OPT \\(([0-9A-F]+)\\) ')?.[0];
  return {
    kind: 'tcp' as const,
    spt,
    dpt,
    ...(sequence ? { sequence: { seq: sequence[0] ?? 0, ack: sequence[1] ?? 0 } } : {}),
    window: Number(window),
    res: Number.parseInt(res, 16),
    flags,
    urgp,
    ...(options ? { options } : {}),
  };
}

function readRest(reader: Reader, prefix: string): IcmpRest {
  const cut = reader.take('INCOMPLETE \\[(\\d+) bytes\\] ');
  if (cut) return { kind: 'incomplete', bytes: Number(cut[0]) };
  const echo = reader.take('ID=(\\d+) SEQ=(\\d+) ')?.map(Number);
  if (echo) return { kind: 'echo', id: echo[0] ?? 0, seq: echo[1] ?? 0 };
  const parameter = reader.take('PARAMETER=(\\d+) ');
  const pointer = reader.take('POINTER=([0-9a-f]{8}) ');
  const gateway = reader.take('GATEWAY=(\\S+) ');
  const embedded = reader.take('\\[') ? readPacket(reader, prefix) : null;
  if (embedded) reader.need('\\] ');
  const mtu = reader.take('MTU=(\\d+) ');
  if (!parameter && !pointer && !gateway && !embedded && !mtu) return { kind: 'none' };
  return {
    kind: 'error',
    ...(parameter ? { parameter: Number(parameter[0]) } : {}),
    ...(pointer ? { parameter: Number.parseInt(pointer[0] ?? '', 16) } : {}),
    ...(gateway ? { gateway: gateway[0] ?? '' } : {}),
    embedded,
    ...(mtu ? { mtu: Number(mtu[0]) } : {}),
  };
}
