// Reads a field of a packet as the kernel's matches would see it at a hook.

import type { Facts } from '../facts/facts.ts';
import { isLoopbackAddress } from '../model/address.ts';
import type { Field } from '../model/field.ts';
import type { Hook } from '../model/model.ts';
import { type Address, protocolOf, type Transport } from '../model/packet.ts';
import type { Value } from '../model/steps.ts';
import { type Connection, connectionOf, type World } from './world.ts';

/** Where a packet is judged. `own`: every address of the host, or null where that is not known; `assumedOwn`: those taken to be. */
export type Site = {
  readonly hook: Hook;
  readonly own: ReadonlySet<Address> | null;
  readonly assumedOwn: ReadonlySet<Address>;
  /** The interface the packet leaves or comes in by; lo where none is named. */
  readonly device?: Device;
  /** Set for packets after the opening exchange: their log lines are none of `Trace.logged`. */
  readonly isLate?: boolean;
  readonly facts?: Facts;
};

/** A network interface: its name and number. */
export type Device = { readonly name: string; readonly index: number };

/** Stands for a value that is there but not known. */
export const UNKNOWN = Symbol('unknown');

/** A field's value, `undefined` where the packet doesn't have it, or UNKNOWN. */
export type Reading = Value | undefined | typeof UNKNOWN;

const LOOPBACK: Device = { name: 'lo', index: 1 };
const ARPHRD_LOOPBACK = 772;
const ARPHRD_ETHER = 1;

/** The field as matches at `site` read it; see field.ts for the values. */
export function readField(world: World, site: Site, field: Field): Reading {
  const { packet } = world;
  const { transport } = packet;
  const entering = site.hook === 'prerouting' || site.hook === 'input' || site.hook === 'ingress';
  const leaving = site.hook === 'output' || site.hook === 'postrouting' || site.hook === 'egress';
  const device = site.device ?? LOOPBACK;
  switch (field) {
    case 'meta iifname':
      return entering ? device.name : '';
    case 'meta oifname':
      return leaving ? device.name : '';
    case 'meta iif':
      return entering ? device.index : 0;
    case 'meta oif':
      return leaving ? device.index : 0;
    case 'meta iiftype':
      // In POSTROUTING it is that of the device which the packet leaves by (measured on Linux 6.18).
      return entering || site.hook === 'postrouting' ? hardwareType(device) : undefined;
    case 'meta oiftype':
      return leaving ? hardwareType(device) : undefined;
    case 'meta iifkind':
    case 'meta oifkind':
      return site.device === undefined ? undefined : UNKNOWN;
    case 'meta iifgroup':
      return entering ? UNKNOWN : undefined;
    case 'meta oifgroup':
      return leaving ? UNKNOWN : undefined;
    case 'meta nfproto':
      return packet.family === 'ip' ? 2 : 10;
    case 'meta protocol':
      return packet.family === 'ip' ? 0x0800 : 0x86dd;
    case 'meta l4proto':
      return protocolOf(world.packet.transport);
    case 'meta length':
      return packet.length[0] === packet.length[1] ? packet.length[0] : UNKNOWN;
    case 'meta mark':
      return packet.mark ?? UNKNOWN;
    case 'meta priority':
      return packet.priority ?? UNKNOWN;
    case 'meta pkttype':
      return packet.type ?? UNKNOWN;
    case 'meta rtclassid':
      return 0;
    case 'meta skuid':
      return entering ? undefined : owner(packet.uid);
    case 'meta skgid':
      return entering ? undefined : owner(packet.gid);
    case 'meta cgroup':
      if (entering || packet.uid === null) return undefined;
      return site.facts?.hasClasses === false ? 0 : UNKNOWN;
    case 'meta secpath':
      return 0;
    case 'th sport':
    case 'th dport':
      return readPort(transport, field);
    case 'tcp sport':
      return transport.kind === 'tcp' ? (transport.sourcePort ?? UNKNOWN) : undefined;
    case 'tcp dport':
      return transport.kind === 'tcp' ? (transport.destinationPort ?? UNKNOWN) : undefined;
    case 'udp sport':
      return transport.kind === 'udp' ? (transport.sourcePort ?? UNKNOWN) : undefined;
    case 'udp dport':
      return transport.kind === 'udp' ? (transport.destinationPort ?? UNKNOWN) : undefined;
    case 'udplite sport':
    case 'udplite dport':
    case 'sctp sport':
    case 'sctp dport':
    case 'dccp sport':
    case 'dccp dport':
      return undefined;
    case 'tcp flags':
      return transport.kind === 'tcp' ? transport.flags : undefined;
    case 'tcp urgptr':
      return transport.kind === 'tcp' ? 0 : undefined;
    case 'tcp doff':
    case 'tcp window':
    case 'tcp sequence':
    case 'tcp ackseq':
      return transport.kind === 'tcp' ? UNKNOWN : undefined;
    case 'tcp option maxseg size':
      return transport.kind === 'tcp' && (transport.flags & SYN) !== 0 ? UNKNOWN : undefined;
    case 'udp length':
      return transport.kind === 'udp' ? UNKNOWN : undefined;
    case 'icmp type':
      return transport.kind === 'icmp' ? transport.type : undefined;
    case 'icmp code':
      return transport.kind === 'icmp' ? transport.code : undefined;
    case 'icmp id':
    case 'icmp sequence':
      return transport.kind === 'icmp' ? UNKNOWN : undefined;
    case 'icmpv6 type':
      return transport.kind === 'icmpv6' ? transport.type : undefined;
    case 'icmpv6 code':
      return transport.kind === 'icmpv6' ? transport.code : undefined;
    case 'icmpv6 id':
    case 'icmpv6 sequence':
      return transport.kind === 'icmpv6' ? UNKNOWN : undefined;
    default:
      return readLonger(world, site, field);
  }
}

const SYN = 2;

/** nft's `th` reads where ports would be, whatever the protocol is: of ICMP its type and code, and its checksum. */
function readPort(transport: Transport, field: 'th sport' | 'th dport'): Reading {
  if (!('sourcePort' in transport)) return field === 'th sport' ? transport.type * 256 + transport.code : UNKNOWN;
  return (field === 'th sport' ? transport.sourcePort : transport.destinationPort) ?? UNKNOWN;
}

function hardwareType({ index }: Device): number {
  return index === LOOPBACK.index ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
}

function readLonger(world: World, site: Site, field: Field): Reading {
  if (field.startsWith('ct ')) return readConntrack(world, field);
  if (field.startsWith('fib ')) return readFib(world, site, field);
  if (field.startsWith('ip ')) return world.packet.family === 'ip' ? readHeader(world, field.slice(3)) : undefined;
  if (field.startsWith('ip6 ')) return world.packet.family === 'ip6' ? readHeader(world, field.slice(4)) : undefined;
  if (field.startsWith('tcp option ')) return world.packet.transport.kind === 'tcp' ? UNKNOWN : undefined;
  if (field.startsWith('exthdr ')) return world.packet.family === 'ip6' ? 0 : undefined;
  return UNKNOWN;
}

/** IPv4's and IPv6's header fields under the names of both. */
function readHeader(world: World, name: string): Reading {
  const { packet } = world;
  const { transport } = packet;
  switch (name) {
    case 'saddr':
      return packet.source ?? UNKNOWN;
    case 'daddr':
      return packet.destination ?? UNKNOWN;
    case 'protocol':
    case 'nexthdr':
      return protocolOf(world.packet.transport);
    case 'ttl':
    case 'hoplimit':
      return packet.ttl ?? UNKNOWN;
    case 'dscp':
      return packet.dscp ?? UNKNOWN;
    case 'ecn':
      return packet.ecn ?? UNKNOWN;
    case 'version':
      return packet.family === 'ip' ? 4 : 6;
    case 'hdrlength':
      return 5;
    case 'frag-off':
      return mayBeFragmented(transport) ? 0 : DONT_FRAGMENT;
    default:
      return UNKNOWN;
  }
}

const DONT_FRAGMENT = 0x4000;

/** The kernel sets Don't Fragment on what sockets send, not on its own ICMP messages: answers to echoes, and errors. */
function mayBeFragmented(transport: Transport): boolean {
  return transport.kind === 'icmp' && transport.type !== ECHO_REQUEST;
}

const ECHO_REQUEST = 8;

function owner(id: number | null | 'unknown'): Reading {
  return id === 'unknown' ? UNKNOWN : (id ?? undefined);
}

const STATE_BITS = { invalid: 1, established: 2, related: 4, new: 8, untracked: 64, none: 1, stray: 1, template: 8 };

function readConntrack(world: World, field: Field): Reading {
  const { track } = world;
  if (field === 'ct state') return STATE_BITS[track.kind === 'tracked' ? track.state : track.kind];
  if (track.kind === 'template') return readTemplate(world, field);
  const connection = connectionOf(world);
  if (track.kind !== 'tracked' || !connection) return undefined;
  switch (field) {
    case 'ct status':
      return connection.status;
    case 'ct mark':
      return connection.mark ?? UNKNOWN;
    case 'ct direction':
      return track.direction === 'original' ? 0 : 1;
    case 'ct zone':
      return typeof connection.zone === 'number' ? connection.zone : UNKNOWN;
    case 'ct l3proto':
      return world.packet.family === 'ip' ? 2 : 10;
    case 'ct protocol':
      return connection.protocol;
    case 'ct helper':
      return undefined;
    default:
      return readTuple(connection, field, world.packet.family);
  }
}

/** A template has the zone it was made for and nothing else (nf_ct_tmpl_alloc). */
function readTemplate({ zone }: World, field: Field): Reading {
  if (field === 'ct zone') return typeof zone === 'number' ? zone : UNKNOWN;
  return field === 'ct mark' || field === 'ct direction' ? 0 : UNKNOWN;
}

/** `ct original ip saddr`, `ct reply proto-dst`. */
function readTuple(connection: Connection, field: Field, family: 'ip' | 'ip6'): Reading {
  const [, direction, ...rest] = field.split(' ');
  const tuple = direction === 'original' ? connection.original : direction === 'reply' ? connection.reply : null;
  if (!tuple) return UNKNOWN;
  if (rest.length === 2 && rest[0] !== family) return undefined;
  switch (rest.at(-1)) {
    case 'saddr':
      return tuple.source ?? UNKNOWN;
    case 'daddr':
      return tuple.destination ?? UNKNOWN;
    case 'proto-src':
      return tuple.sourcePort ?? UNKNOWN;
    case 'proto-dst':
      return tuple.destinationPort ?? UNKNOWN;
    default:
      return UNKNOWN;
  }
}

const LOCAL = 2;
const MULTICAST = 5;
const BROADCAST = 3;
const UNICAST = 1;

/** Route lookups: the type of an address, and the device towards it (nft_fib_ipv4.c: lo for what came in by lo). */
function readFib(world: World, site: Site, field: Field): Reading {
  const address = field.startsWith('fib saddr') ? world.packet.source : world.packet.destination;
  const entering = site.hook === 'prerouting' || site.hook === 'input';
  const onLoopback = entering && site.device === undefined;
  if (field.endsWith(' oifname')) return onLoopback ? LOOPBACK.name : UNKNOWN;
  if (address === null) return UNKNOWN;
  if (field.includes(' . iif') || field.includes(' . oif')) {
    if (isLoopbackAddress(address)) return LOCAL;
    const devices = site.facts?.devices?.get(address);
    // An address of another device is none of this one's (inet_dev_addr_type in net/ipv4/fib_frontend.c).
    if (devices === undefined) return UNKNOWN;
    return devices.includes(site.device?.name ?? LOOPBACK.name) ? LOCAL : UNICAST;
  }
  return addressType(address, site);
}

function addressType(address: Address, { own, assumedOwn }: Site): Reading {
  if (isLoopbackAddress(address) || own?.has(address) || assumedOwn.has(address)) return LOCAL;
  if (typeof address === 'number') {
    if (address >>> 28 === 14) return MULTICAST;
    if (address === 0xffffffff || address === 0) return BROADCAST;
  } else if (address >> 120n === 0xffn) return MULTICAST;
  return own ? UNICAST : UNKNOWN;
}
