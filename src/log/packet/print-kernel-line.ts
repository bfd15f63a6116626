// Prints a packet as the kernel's LOG target does, byte for byte (nf_log_syslog.c).

import ipaddr from 'ipaddr.js';
import { TCP_FLAGS } from './fields.ts';

/** What the kernel says when a header is cut off after so many bytes. */
type Incomplete = { kind: 'incomplete'; bytes: number };

type TcpHeader = {
  kind: 'tcp';
  spt: number;
  dpt: number;
  /** With --log-tcp-sequence. */
  sequence?: { seq: number; ack: number };
  window: number;
  /** The reserved bits as printed, 0 to 0x3c. */
  res: number;
  /** Any of AE CWR ECE URG ACK PSH RST SYN FIN. */
  flags: readonly string[];
  urgp: number;
  /** With --log-tcp-options, where there are any: bytes in hexadecimal. */
  options?: string;
};

type UdpHeader = { kind: 'udp'; spt: number; dpt: number; len: number };

type IcmpHeader = { kind: 'icmp'; type: number; code: number; rest: IcmpRest };

/** What an ICMP or ICMPv6 packet says behind type and code. */
export type IcmpRest =
  | { kind: 'none' }
  | Incomplete
  | { kind: 'echo'; id: number; seq: number }
  | { kind: 'error'; parameter?: number; gateway?: string; embedded: KernelPacket | null; mtu?: number };

/** What follows the IP header; the header is null in later fragments, which have none. */
export type KernelPayload =
  | { proto: 'TCP'; header: TcpHeader | Incomplete | null }
  | { proto: 'UDP' | 'UDPLITE'; header: UdpHeader | Incomplete | null }
  | { proto: 'ICMP' | 'ICMPv6'; header: IcmpHeader | Incomplete | null }
  | { proto: 'AH' | 'ESP'; header: { kind: 'spi'; spi: number } | Incomplete }
  | { proto: number; header: null };

/** An extension header of IPv6; only fragments are printed without --log-ip-options. */
export type KernelExtension =
  | { kind: 'options' }
  | { kind: 'ah'; spi: number }
  | { kind: 'fragment'; offset: number; more: boolean; id: number };

export type KernelPacket =
  | { family: 'truncated' }
  | {
      family: 'ip';
      src: string;
      dst: string;
      len: number;
      /** The whole byte; the kernel prints it in two parts, TOS and PREC. */
      tos: number;
      ttl: number;
      id: number;
      /** Any of CE DF MF. */
      ipFlags: readonly string[];
      /** The fragment offset in units of 8 bytes; 0 for a first or only fragment. */
      frag: number;
      /** With --log-ip-options, where there are any: bytes in hexadecimal. */
      options?: string;
      payload: KernelPayload;
    }
  | {
      family: 'ip6';
      src: string;
      dst: string;
      len: number;
      trafficClass: number;
      hopLimit: number;
      flowLabel: number;
      extensions: readonly KernelExtension[];
      /** Whether the rule has --log-ip-options. */
      logOptions: boolean;
      payload: KernelPayload;
    }
  | {
      family: 'arp';
      hardwareType: number;
      protocolType: number;
      opcode: number;
      /** Printed for IPv4 over Ethernet. */
      payload?: { macSource: string; source: string; macDestination: string; destination: string };
    };

/** The link-layer header as the kernel prints it: `MAC=` with its bytes, or in words with --log-macdecode. */
type KernelMac =
  | { kind: 'raw'; bytes: string }
  | { kind: 'decoded'; source: string; destination: string; vlan?: { proto: number; id: number }; proto: number };

/** A packet in a hook, and the rule that logs it. Devices are null where there is none. */
export type KernelLine = {
  prefix: string;
  in: string | null;
  out: string | null;
  physin?: string;
  physout?: string;
  /** Printed for packets that came in by a device. */
  mac?: KernelMac;
  packet: KernelPacket;
  /** With --log-uid, for packets of a local socket. */
  owner?: { uid: number; gid: number };
  /** Printed where it is not 0. */
  mark?: number;
};

/** The text of the kernel's record: prefix, fields, and the space that ends it. */
export function printKernelLine(line: KernelLine): string {
  const bridge = `${line.physin ? `PHYSIN=${line.physin} ` : ''}${line.physout ? `PHYSOUT=${line.physout} ` : ''}`;
  const devices = `${line.prefix}IN=${line.in ?? ''} OUT=${line.out ?? ''} ${bridge}`;
  const body = printPacket(line.packet);
  return `${devices}${line.mac ? printMac(line.mac) : ''}${body}${returnsEarly(line.packet) ? '' : printTail(line)}`;
}

function printTail({ owner, mark }: KernelLine): string {
  const user = owner ? `UID=${owner.uid} GID=${owner.gid} ` : '';
  return mark ? `${user}MARK=0x${mark.toString(16)} ` : user;
}

/** Where the kernel can't read on, it leaves the tail out as well (not so for ICMP, AH and ESP of IPv4). */
function returnsEarly(packet: KernelPacket): boolean {
  if (packet.family === 'truncated' || packet.family === 'arp') return true;
  const { proto, header } = packet.payload;
  if (packet.family === 'ip6' && proto === 'ESP') return true;
  return header?.kind === 'incomplete' && ['TCP', 'UDP', 'UDPLITE', 'ICMPv6'].includes(String(proto));
}

function printMac(mac: KernelMac): string {
  if (mac.kind === 'raw') return `MAC=${mac.bytes} `;
  const vlan = mac.vlan ? `VPROTO=${hex(mac.vlan.proto, 4)} VID=${mac.vlan.id} ` : '';
  return `MACSRC=${mac.source} MACDST=${mac.destination} ${vlan}MACPROTO=${hex(mac.proto, 4)} `;
}

function printPacket(packet: KernelPacket): string {
  switch (packet.family) {
    case 'truncated':
      return 'TRUNCATED';
    case 'ip':
      return printIp(packet);
    case 'ip6':
      return printIp6(packet);
    case 'arp':
      return printArp(packet);
  }
}

function printIp(packet: Extract<KernelPacket, { family: 'ip' }>): string {
  const tos = `TOS=0x${hex(packet.tos & 0x1e, 2).toUpperCase()} PREC=0x${hex(packet.tos & 0xe0, 2).toUpperCase()}`;
  const flags = ['CE', 'DF', 'MF'].filter((flag) => packet.ipFlags.includes(flag)).map((flag) => `${flag} `);
  const frag = packet.frag > 0 ? `FRAG:${packet.frag} ` : '';
  const options = packet.options ? `OPT (${packet.options}) ` : '';
  const header = `SRC=${packet.src} DST=${packet.dst} LEN=${packet.len} ${tos} TTL=${packet.ttl} ID=${packet.id} `;
  return `${header}${flags.join('')}${frag}${options}${printPayload(packet.payload)}`;
}

function printIp6(packet: Extract<KernelPacket, { family: 'ip6' }>): string {
  const numbers = `TC=${packet.trafficClass} HOPLIMIT=${packet.hopLimit} FLOWLBL=${packet.flowLabel} `;
  const extensions = packet.extensions.map((extension) => {
    if (packet.logOptions) return `OPT ( ${printExtension(extension)}) `;
    return extension.kind === 'fragment' ? printExtension(extension) : '';
  });
  const header = `SRC=${expand(packet.src)} DST=${expand(packet.dst)} LEN=${packet.len} ${numbers}`;
  const { proto, header: payload } = packet.payload;
  // For the kernel, ESP is an extension header of IPv6 after which nothing can be read.
  if (proto === 'ESP' && payload.kind === 'spi') {
    const esp = packet.logOptions ? `OPT ( ESP SPI=0x${payload.spi.toString(16)} )` : '';
    return `${header}${extensions.join('')}${esp}`;
  }
  return `${header}${extensions.join('')}${printPayload(packet.payload)}`;
}

function printExtension(extension: KernelExtension): string {
  switch (extension.kind) {
    case 'options':
      return '';
    case 'ah':
      return `AH SPI=0x${extension.spi.toString(16)} `;
    case 'fragment':
      return `FRAG:${extension.offset} ${extension.more ? 'INCOMPLETE ' : ''}ID:${hex(extension.id, 8)} `;
  }
}

function printArp(packet: Extract<KernelPacket, { family: 'arp' }>): string {
  const head = `ARP HTYPE=${packet.hardwareType} PTYPE=0x${hex(packet.protocolType, 4)} OPCODE=${packet.opcode}`;
  if (!packet.payload) return head;
  const { macSource, source, macDestination, destination } = packet.payload;
  return `${head} MACSRC=${macSource} IPSRC=${source} MACDST=${macDestination} IPDST=${destination}`;
}

function printPayload({ proto, header }: KernelPayload): string {
  return `PROTO=${proto} ${header === null ? '' : printHeader(header, proto)}`;
}

function printHeader(header: NonNullable<KernelPayload['header']>, proto: KernelPayload['proto']): string {
  switch (header.kind) {
    case 'incomplete':
      return printIncomplete(header);
    case 'tcp':
      return printTcp(header);
    case 'udp':
      return `SPT=${header.spt} DPT=${header.dpt} LEN=${header.len} `;
    case 'icmp':
      return `TYPE=${header.type} CODE=${header.code} ${printRest(header.rest, proto)}`;
    case 'spi':
      return `SPI=0x${header.spi.toString(16)} `;
  }
}

const printIncomplete = ({ bytes }: Incomplete): string => `INCOMPLETE [${bytes} bytes] `;

function printTcp(header: TcpHeader): string {
  const sequence = header.sequence ? `SEQ=${header.sequence.seq} ACK=${header.sequence.ack} ` : '';
  const flags = TCP_FLAGS.filter((flag) => header.flags.includes(flag)).map((flag) => `${flag} `);
  const options = header.options ? `OPT (${header.options}) ` : '';
  const start = `SPT=${header.spt} DPT=${header.dpt} ${sequence}WINDOW=${header.window} RES=0x${hex(header.res, 2)} `;
  return `${start}${flags.join('')}URGP=${header.urgp} ${options}`;
}

function printRest(rest: IcmpRest, proto: KernelPayload['proto']): string {
  switch (rest.kind) {
    case 'none':
      return '';
    case 'incomplete':
      return printIncomplete(rest);
    case 'echo':
      return `ID=${rest.id} SEQ=${rest.seq} `;
    case 'error': {
      const parameter = rest.parameter === undefined ? '' : printParameter(rest.parameter, proto);
      const gateway = rest.gateway === undefined ? '' : `GATEWAY=${rest.gateway} `;
      const embedded = rest.embedded === null ? '' : `[${printPacket(rest.embedded)}] `;
      return `${parameter}${gateway}${embedded}${rest.mtu === undefined ? '' : `MTU=${rest.mtu} `}`;
    }
  }
}

const printParameter = (parameter: number, proto: KernelPayload['proto']): string =>
  proto !== 'ICMPv6' ? `PARAMETER=${parameter} ` : `POINTER=${hex(parameter, 8)} `;

const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0');

/** The kernel writes IPv6 addresses in full: eight groups of four digits. */
const expand = (address: string): string =>
  ipaddr.IPv6.parse(address)
    .parts.map((part) => hex(part, 4))
    .join(':');
