// Random packets of every form that the kernel prints, for property tests.

import fc from 'fast-check';
import { IP_FLAGS, TCP_FLAGS } from '../../src/log/packet/fields.ts';
import type { IcmpRest, KernelLine, KernelPacket, KernelPayload } from '../../src/log/packet/print-kernel-line.ts';

const port = fc.integer({ min: 0, max: 65535 });
const byte = fc.integer({ min: 0, max: 255 });
const word = fc.integer({ min: 0, max: 0xffff_ffff });
const hexBytes = fc
  .uint8Array({ minLength: 4, maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).toString('hex').toUpperCase());
const mac = fc
  .uint8Array({ minLength: 14, maxLength: 14 })
  .map((bytes) => [...bytes].map((b) => b.toString(16).padStart(2, '0')).join(':'));
const device = fc.oneof(
  fc.constantFrom('lo', 'eth0', 'enp1s0', 'br-0a1b2c', 'eth0.100', 'wg_0', 'v@1'),
  fc.stringMatching(/^[a-z][a-z0-9.@_-]{0,14}$/),
);
const incomplete = fc.record({ kind: fc.constant('incomplete' as const), bytes: fc.integer({ min: 0, max: 60 }) });

const tcp = fc.record(
  {
    kind: fc.constant('tcp' as const),
    spt: port,
    dpt: port,
    sequence: fc.record({ seq: word, ack: word }),
    window: port,
    res: fc.constantFrom(0, 4, 0x3c),
    flags: fc.subarray([...TCP_FLAGS]),
    urgp: port,
    options: hexBytes,
  },
  { requiredKeys: ['kind', 'spt', 'dpt', 'window', 'res', 'flags', 'urgp'] },
);
const udp = fc.record({ kind: fc.constant('udp' as const), spt: port, dpt: port, len: port });
const spi = fc.record({ kind: fc.constant('spi' as const), spi: word });

const restOf = (embedded: fc.Arbitrary<KernelPacket | null>): fc.Arbitrary<IcmpRest> =>
  fc.oneof(
    fc.constant<IcmpRest>({ kind: 'none' }),
    incomplete,
    fc.record({ kind: fc.constant('echo' as const), id: port, seq: port }),
    fc.record(
      { kind: fc.constant('error' as const), parameter: byte, gateway: fc.ipV4(), embedded, mtu: port },
      { requiredKeys: ['kind', 'embedded'] },
    ),
  );

const payloadOf = (icmp: 'ICMP' | 'ICMPv6', embedded: fc.Arbitrary<KernelPacket | null>): fc.Arbitrary<KernelPayload> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        proto: fc.constant('TCP' as const),
        header: fc.oneof(tcp, incomplete, fc.constant(null)),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        proto: fc.constantFrom('UDP' as const, 'UDPLITE' as const),
        header: fc.oneof(udp, incomplete, fc.constant(null)),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        proto: fc.constant(icmp),
        header: fc.oneof(
          fc.record({ kind: fc.constant('icmp' as const), type: byte, code: byte, rest: restOf(embedded) }),
          incomplete,
          fc.constant(null),
        ),
      }),
    },
    fc.record({ proto: fc.constantFrom('AH' as const, 'ESP' as const), header: fc.oneof(spi, incomplete) }),
    fc.record({ proto: fc.constantFrom(2, 47, 89, 132, 255), header: fc.constant(null) }),
  );

const ipOf = (embedded: fc.Arbitrary<KernelPacket | null>): fc.Arbitrary<KernelPacket> =>
  fc.record(
    {
      family: fc.constant('ip' as const),
      src: fc.ipV4(),
      dst: fc.ipV4(),
      len: port,
      tos: byte,
      ttl: byte,
      id: port,
      ipFlags: fc.subarray([...IP_FLAGS]),
      frag: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 8191 })),
      options: hexBytes,
      payload: payloadOf('ICMP', embedded),
    },
    { requiredKeys: ['family', 'src', 'dst', 'len', 'tos', 'ttl', 'id', 'ipFlags', 'frag', 'payload'] },
  );

const extension = fc.oneof(
  fc.record({ kind: fc.constant('options' as const) }),
  fc.record({ kind: fc.constant('ah' as const), spi: word }),
  fc.record({ kind: fc.constant('fragment' as const), offset: port, more: fc.boolean(), id: word }),
);

const ip6Of = (embedded: fc.Arbitrary<KernelPacket | null>): fc.Arbitrary<KernelPacket> =>
  fc.record({
    family: fc.constant('ip6' as const),
    src: fc.ipV6(),
    dst: fc.ipV6(),
    len: port,
    trafficClass: byte,
    hopLimit: byte,
    flowLabel: fc.integer({ min: 0, max: 0xfffff }),
    extensions: fc.array(extension, { maxLength: 3 }),
    logOptions: fc.boolean(),
    payload: payloadOf('ICMPv6', embedded),
  });

const arp: fc.Arbitrary<KernelPacket> = fc.record(
  {
    family: fc.constant('arp' as const),
    hardwareType: port,
    protocolType: port,
    opcode: port,
    payload: fc.record({ macSource: mac, source: fc.ipV4(), macDestination: mac, destination: fc.ipV4() }),
  },
  { requiredKeys: ['family', 'hardwareType', 'protocolType', 'opcode'] },
);

const truncated = fc.constant<KernelPacket>({ family: 'truncated' });
const innerOf = (make: typeof ipOf) =>
  fc.oneof({ weight: 6, arbitrary: make(fc.constant(null)) }, truncated, fc.constant(null));

/** Any record of the kernel; its prefix is left to the test. */
export const kernelLine: fc.Arbitrary<Omit<KernelLine, 'prefix'>> = fc.record(
  {
    in: fc.option(device),
    out: fc.option(device),
    physin: device,
    physout: device,
    mac: fc.oneof(
      fc.record({ kind: fc.constant('raw' as const), bytes: fc.oneof(mac, fc.constant('')) }),
      fc.record(
        {
          kind: fc.constant('decoded' as const),
          source: mac,
          destination: mac,
          vlan: fc.record({ proto: port, id: fc.integer({ min: 0, max: 4095 }) }),
          proto: port,
        },
        { requiredKeys: ['kind', 'source', 'destination', 'proto'] },
      ),
    ),
    packet: fc.oneof(
      { weight: 6, arbitrary: ipOf(innerOf(ipOf)) },
      { weight: 6, arbitrary: ip6Of(innerOf(ip6Of)) },
      arp,
      truncated,
    ),
    owner: fc.record({ uid: word, gid: word }),
    mark: word,
  },
  { requiredKeys: ['in', 'out', 'packet'] },
);

const EVIL = [
  'IN=',
  'IN= OUT=',
  'IN=eth0 OUT=eth1 ',
  ' SRC=1.1.1.1 ',
  'DST=::1 ',
  'PROTO=TCP ',
  'SPT=1 DPT=2 ',
  ' SYN ',
  'PHYS',
  'MAC',
  '[',
  '] ',
  '"',
  "'",
  '\\',
  '[UFW BLOCK] ',
  'TRACE: filter:OUTPUT:rule:1 ',
  'Shorewall:fw2net:REJECT:',
  ': ',
  ' ',
  '=',
  'é',
  '🔥',
];

/** Any text that a rule can log before a packet, but none that a syslog head could be taken for. */
export const prefix: fc.Arbitrary<string> = fc
  .oneof(
    fc.constant(''),
    fc.stringMatching(/^[\x20-\x7e]{0,29}$/),
    fc
      .array(fc.oneof(fc.constantFrom(...EVIL), fc.stringMatching(/^[A-Za-z0-9_:.-]{1,8}$/)), { maxLength: 8 })
      .map((parts) => parts.join('')),
  )
  .filter((text) => !/^\s*(\[\s*\d|<\d|message repeated|kernel|\d)/.test(text) && !/kernel(\[\d+\])?:/.test(text))
  // What Linux 2.4 wrote of a bridge: `IN=br0 PHYSIN=eth0 OUT=br0 PHYSOUT=eth1`.
  .filter((text) => !/IN=\S* PHYS$/.test(text))
  .filter((text) => !/SRC=\S*\s+DST=\S*\s+(LEN|PROTO|TOS|TTL|TC|HOPLIMIT)=/.test(text));
