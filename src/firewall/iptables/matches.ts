// All of iptables' match extensions by name, with those that depend on the traffic so far or on what no dump shows.
import { type Condition, unknown } from '../model/steps.ts';
import { type Match, type OptionUse, showArguments, unknownMatch } from './extension.ts';
import * as memory from './matches-memory.ts';
import * as packet from './matches-packet.ts';
import * as state from './matches-state.ts';

/** A match that is met or not depending on the traffic so far. `fresh` says what the first packet meets. */
function sometimes(
  name: string,
  options: Readonly<Record<string, number>>,
  fresh: (args: readonly OptionUse[]) => 'yes' | 'no' | 'unknown',
  limit = false,
): Match {
  return {
    options,
    lower: (args): Condition[] => [
      { kind: 'sometimes', what: `-m ${name}${showArguments(args)}`, limit, fresh: fresh(args) },
    ],
  };
}

const negatedIn = (args: readonly OptionUse[], option: string) =>
  args.some((argument) => argument.option === option && argument.negated);

const limit = sometimes(
  'limit',
  { limit: 1, 'limit-burst': 1 },
  (args) => (negatedIn(args, 'limit') ? 'no' : 'yes'),
  true,
);

const time = sometimes(
  'time',
  {
    timestart: 1,
    timestop: 1,
    datestart: 1,
    datestop: 1,
    monthdays: 1,
    weekdays: 1,
    kerneltz: 0,
    utc: 0,
    localtz: 0,
    contiguous: 0,
  },
  () => 'unknown',
);

const statistic = sometimes('statistic', { mode: 1, probability: 1, every: 1, packet: 1 }, () => 'unknown');
const connbytes = sometimes('connbytes', { connbytes: 1, 'connbytes-dir': 1, 'connbytes-mode': 1 }, () => 'unknown');

/** A match of which the options are known but not what they find. */
function unknowable(name: string, settledBy: string, options: Readonly<Record<string, number>>): Match {
  return { ...unknownMatch(name, settledBy), options };
}

/** Matches that take no part in the judgement. */
const comment: Match = { options: { comment: 1 }, lower: () => [] };

const MATCHES: Readonly<Record<string, Match>> = {
  tcp: packet.tcp,
  udp: packet.portMatch('udp'),
  udplite: packet.portMatch('udplite'),
  sctp: packet.portMatch('sctp'),
  dccp: packet.portMatch('dccp'),
  multiport: packet.multiport,
  mport: packet.multiport,
  icmp: packet.icmp,
  icmp6: packet.icmp6,
  icmpv6: packet.icmp6,
  'ipv6-icmp': packet.icmp6,
  ttl: packet.ttl,
  hl: packet.hl,
  length: packet.length,
  dscp: packet.dscp,
  tos: packet.tos,
  ecn: packet.ecn,
  iprange: packet.iprange,
  tcpmss: packet.tcpmss,
  ah: packet.protocolHeader(51, { ahspi: 1, ahlen: 1, ahres: 0 }),
  esp: packet.protocolHeader(50, { espspi: 1 }),
  ipcomp: packet.protocolHeader(108, { ipcompspi: 1, compres: 0 }),
  mh: packet.protocolHeader(135, { 'mh-type': 1 }),
  rt: packet.extensionHeader(43, {
    'rt-type': 1,
    'rt-segsleft': 1,
    'rt-len': 1,
    'rt-0-res': 0,
    'rt-0-addrs': 1,
    'rt-0-not-strict': 0,
  }),
  frag: packet.extensionHeader(44, { fragid: 1, fraglen: 1, fragres: 0, fragfirst: 0, fragmore: 0, fraglast: 0 }),
  hbh: packet.extensionHeader(0, { 'hbh-len': 1, 'hbh-opts': 1 }),
  dst: packet.extensionHeader(60, { 'dst-len': 1, 'dst-opts': 1 }),
  mac: packet.noEthernet({ 'mac-source': 1 }),
  eui64: packet.noEthernet({}),
  state: state.state,
  conntrack: state.conntrack,
  mark: state.mark,
  connmark: state.connmark,
  owner: state.owner,
  addrtype: state.addrtype,
  pkttype: state.pkttype,
  physdev: state.physdev,
  policy: state.policy,
  rpfilter: state.rpfilter,
  helper: state.helper,
  realm: state.realm,
  cpu: state.cpu,
  devgroup: state.devgroup,
  limit,
  hashlimit: memory.hashlimit,
  connlimit: memory.connlimit,
  recent: memory.recent,
  time,
  statistic,
  quota: memory.quota,
  connbytes,
  comment,
  nfacct: { options: { 'nfacct-name': 1 }, lower: () => [] },
  ipvs: unknownMatch('ipvs'),
  set: memory.set,
  string: unknowable('string', 'what the packet carries', {
    algo: 1,
    from: 1,
    to: 1,
    string: 1,
    'hex-string': 1,
    icase: 0,
  }),
  u32: unknowable('u32', "the packet's bytes", { u32: 1 }),
  bpf: unknowable('bpf', "the packet's bytes", { bytecode: 1, 'object-pinned': 1 }),
  cgroup: state.cgroup,
  socket: memory.socket,
  osf: unknowable('osf', "the sender's operating system", { genre: 1, ttl: 1, log: 1 }),
};

/** The match of that name; of one that is not known, all options are taken as unknown. */
export function findMatch(name: string): Match {
  return (Object.hasOwn(MATCHES, name) ? MATCHES[name] : undefined) ?? unknownMatch(name);
}

/** The match that `-p` loads by itself, or null. */
export function implicitMatch(protocol: number): string | null {
  switch (protocol) {
    case 6:
      return 'tcp';
    case 17:
      return 'udp';
    case 1:
      return 'icmp';
    case 58:
      return 'icmp6';
    case 132:
      return 'sctp';
    case 33:
      return 'dccp';
    case 136:
      return 'udplite';
    default:
      return null;
  }
}

/** What an option that no loaded extension knows means: nothing that could be told. */
export function unknownOption(argument: OptionUse): Condition {
  return unknown(showArguments([argument]).trim(), 'what this option means');
}
