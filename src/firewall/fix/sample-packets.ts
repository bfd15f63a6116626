// Packets that are not on lo, chosen so that each rule's limits are met from both sides.
import { comparisons, endsOf } from '../comparisons.ts';
import type { Hook, Ruleset } from '../model.ts';
import type { Address, ConntrackView, Packet, Transport } from '../packet.ts';
import type { Device } from '../read-field.ts';
import type { Value } from '../steps.ts';

/** A packet at a hook, on an interface that is not lo. */
export type Sample = { readonly hook: Hook; readonly device: Device; readonly packet: Packet };

/** What a rule tells packets by, where it is worth varying. */
type Facet = 'source' | 'destination' | 'sourcePort' | 'destinationPort' | 'uid' | 'mark' | 'device';

/**
 * For each hook and family: TCP, UDP and ping, new and established, on a usual interface; and each again with one thing changed to a value at
 * the edge of what some rule compares it with, to the one before and to the one after. At most `most`, then evenly thinned out.
 */
export function samplePackets(ruleset: Ruleset, hooks: readonly Hook[], most: number): Sample[] {
  const edges = findEdges(ruleset);
  const samples = hooks.flatMap((hook) =>
    (['ip', 'ip6'] as const).flatMap((family) =>
      basePackets(family).flatMap((packet) => {
        const base: Sample = { hook, device: USUAL_DEVICE, packet };
        return [base, ...edges.flatMap(([facet, value]) => withFacet(base, facet, value))];
      }),
    ),
  );
  if (samples.length <= most) return samples;
  return Array.from({ length: most }, (_, i) => samples[Math.floor((i * samples.length) / most)]).filter(
    (one) => one !== undefined,
  );
}

const USUAL_DEVICE: Device = { name: 'eth0', index: 2 };
/** A name that starts like lo and is another interface. */
const NEARLY_LO = 'lo0';

function basePackets(family: 'ip' | 'ip6'): Packet[] {
  const icmp: Transport =
    family === 'ip' ? { kind: 'icmp', type: 8, code: 0, id: 1 } : { kind: 'icmpv6', type: 128, code: 0, id: 1 };
  const ports = { sourcePort: 40000, destinationPort: 443 };
  const transports: Transport[] = [{ kind: 'tcp', ...ports, flags: 2 }, { kind: 'udp', ...ports }, icmp];
  const states = (['new', 'established'] as const).map(
    (state): ConntrackView => ({ state, direction: 'original', mark: 0, zone: 0, status: 0 }),
  );
  return transports.flatMap((transport) =>
    states.map((conntrack) => ({
      family,
      source: family === 'ip' ? 0xc000020a : 0x20010db8_00000000_00000000_0000000an,
      destination: family === 'ip' ? 0xc6336401 : 0x20010db8_00000000_00000000_000000feff0001n,
      transport,
      length: [100, 100],
      ttl: 64,
      uid: 0,
      gid: 0,
      mark: 0,
      dscp: 0,
      conntrack,
    })),
  );
}

function findEdges(ruleset: Ruleset): [Facet, Value][] {
  const edges = new Map<string, [Facet, Value]>();
  const add = (facet: Facet, value: Value) => edges.set(`${facet} ${typeof value} ${value}`, [facet, value]);
  add('device', NEARLY_LO);
  for (const [field, pattern] of comparisons(ruleset)) {
    const facet = facetOf(field);
    if (facet === null) continue;
    if (typeof pattern === 'object' && 'prefix' in pattern) add(facet, `${pattern.prefix}0`);
    for (const end of endsOf(pattern)) for (const value of around(end)) add(facet, value);
  }
  return [...edges.values()];
}

function facetOf(field: string): Facet | null {
  if (/^ip6? saddr$/.test(field)) return 'source';
  if (/^ip6? daddr$/.test(field)) return 'destination';
  if (/ sport$/.test(field)) return 'sourcePort';
  if (/ dport$/.test(field)) return 'destinationPort';
  if (field === 'meta skuid') return 'uid';
  if (field === 'meta mark') return 'mark';
  return /^meta [io]ifname$/.test(field) ? 'device' : null;
}

function around(value: Value): Value[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'bigint') return [value - 1n, value, value + 1n];
  return [value - 1, value, value + 1];
}

/** The sample with one thing changed; none where it has no such thing, the value is none of its kind, or it would be on lo. */
function withFacet({ packet, ...rest }: Sample, facet: Facet, value: Value): Sample[] {
  const changed = (change: Partial<Packet>): Sample[] => [{ ...rest, packet: { ...packet, ...change } }];
  switch (facet) {
    case 'device':
      if (typeof value !== 'string' || value === 'lo') return [];
      return [{ ...rest, packet, device: { name: value, index: USUAL_DEVICE.index + 1 } }];
    case 'source':
    case 'destination':
      return isAddressOf(packet.family, value) ? changed({ [facet]: value }) : [];
    case 'sourcePort':
    case 'destinationPort':
      if (!isNumber(value, 0xffff) || !(facet in packet.transport)) return [];
      return changed({ transport: { ...packet.transport, [facet]: value } });
    case 'uid':
    case 'mark':
      return isNumber(value, 0xffffffff) ? changed({ [facet]: value }) : [];
  }
}

function isAddressOf(family: 'ip' | 'ip6', value: Value): value is Address {
  return family === 'ip' ? isNumber(value, 0xffffffff) : typeof value === 'bigint' && value >= 0n && value < 1n << 128n;
}

function isNumber(value: Value, most: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= most;
}
