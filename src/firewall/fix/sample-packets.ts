// Packets that are not on lo, chosen so that each rule's limits are met from both sides.

import type { Device } from '../evaluate/read-field.ts';
import { type Comparison, comparisonsIn, endsOf, rulesOf } from '../model/comparisons.ts';
import type { Chain, Hook, Rule, Table } from '../model/model.ts';
import { type Address, AS_SENT, type ConntrackView, type Packet, type Transport } from '../model/packet.ts';
import type { Step, Value } from '../model/steps.ts';

/** A packet at a hook, on an interface that is not lo. */
export type Sample = { readonly hook: Hook; readonly device: Device; readonly packet: Packet };

/** What rules tell packets by. */
type Facet = 'source' | 'destination' | 'sourcePort' | 'destinationPort' | 'uid' | 'mark' | 'device';
type Trait = readonly [facet: Facet, value: Value];

/**
 * For each rule of the tables: packets that meet all of its conditions and those of the jumps that lead to it, and the same with one thing
 * changed to a value at the edge of what the rule asks for, to the one before and to the one after. TCP, UDP and ping, new and established, of
 * each family the table sees; `all` is false where these were more than `most` and had to be thinned out.
 */
export function samplePackets(tables: readonly Table[], most: number): { samples: Sample[]; all: boolean } {
  const samples = tables.flatMap((table) =>
    [...table.chains.values()].flatMap((chain) => sampleBaseChain(table, chain)),
  );
  if (samples.length <= most) return { samples, all: true };
  const picked = Array.from({ length: most }, (_, i) => samples[Math.floor((i * samples.length) / most)]);
  return { samples: picked.filter((one) => one !== undefined), all: false };
}

function sampleBaseChain(table: Table, { name, base }: Chain): Sample[] {
  // On a device's own hooks, chains are bound to it by name: those of lo see nothing else.
  if (base === null || base.hook === 'ingress' || base.hook === 'egress') return [];
  const families = table.family === 'ip' || table.family === 'ip6' ? [table.family] : (['ip', 'ip6'] as const);
  const packets = families.flatMap(basePackets);
  const start = packets.map((packet): Sample => ({ hook: base.hook, device: USUAL_DEVICE, packet }));
  return [
    ...start,
    ...findCases(table, name, [], new Set()).flatMap((one) => start.flatMap((sample) => vary(sample, one))),
  ];
}

/** A rule's demands on a packet, and the values at their edges. */
type Case = { readonly demands: readonly Trait[]; readonly edges: readonly Trait[] };

function findCases(table: Table, name: string, demands: readonly Trait[], seen: Set<string>): Case[] {
  const chain = table.chains.get(name);
  if (chain === undefined || seen.has(name)) return [];
  seen.add(name);
  return rulesOf(chain).flatMap((rule) => {
    const all = [...demands, ...rule.steps.flatMap((step) => demandsOf(table, step))];
    const edges = rule.steps.flatMap((step) => [...comparisonsIn(table, step)].flatMap(edgesOf));
    return [{ demands: all, edges }, ...targetsOf(rule).flatMap((target) => findCases(table, target, all, seen))];
  });
}

function targetsOf({ steps }: Rule): string[] {
  return steps.flatMap((step) => (step.kind === 'verdict' && 'chain' in step.verdict ? [step.verdict.chain] : []));
}

/** A value that meets the condition; what a negated one leaves out is only looked at from its edges. */
function demandsOf(table: Table, step: Step): Trait[] {
  if ((step.kind !== 'compare' && step.kind !== 'lookup') || step.negated) return [];
  const met = new Map<Facet, Trait>();
  for (const [field, pattern] of comparisonsIn(table, step)) {
    const facet = facetOf(field);
    const value = typeof pattern === 'object' && 'prefix' in pattern ? `${pattern.prefix}0` : endsOf(pattern)[0];
    if (facet !== null && value !== undefined && !met.has(facet)) met.set(facet, [facet, value]);
  }
  return [...met.values()];
}

function edgesOf([field, pattern]: Comparison): Trait[] {
  const facet = facetOf(field);
  if (facet === null) return [];
  if (facet === 'device') return [...endsOf(pattern), NEARLY_LO].map((value) => [facet, value]);
  return endsOf(pattern).flatMap((end) => around(end).map((value): Trait => [facet, value]));
}

/** None where the packet is of another kind than the rule is about. */
function vary(sample: Sample, { demands, edges }: Case): Sample[] {
  const meeting = demands.reduce<Sample | null>((so, trait) => so && withTrait(so, trait), sample);
  if (meeting === null) return [];
  return [meeting, ...edges.flatMap((trait) => withTrait(meeting, trait) ?? [])];
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
      ...AS_SENT,
      uid: 0,
      gid: 0,
      conntrack,
    })),
  );
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

/** The sample with one thing changed; null where it has no such thing, the value is none of its kind, or it would be on lo. */
function withTrait({ packet, ...rest }: Sample, [facet, value]: Trait): Sample | null {
  const changed = (change: Partial<Packet>): Sample => ({ ...rest, packet: { ...packet, ...change } });
  switch (facet) {
    case 'device':
      if (typeof value !== 'string' || value === 'lo') return null;
      return { ...rest, packet, device: { name: value, index: USUAL_DEVICE.index + 1 } };
    case 'source':
    case 'destination':
      return isAddressOf(packet.family, value) ? changed({ [facet]: value }) : null;
    case 'sourcePort':
    case 'destinationPort':
      if (!isNumber(value, 0xffff) || !(facet in packet.transport)) return null;
      return changed({ transport: { ...packet.transport, [facet]: value } });
    case 'uid':
    case 'mark':
      return isNumber(value, 0xffffffff) ? changed({ [facet]: value }) : null;
  }
}

function isAddressOf(family: 'ip' | 'ip6', value: Value): value is Address {
  return family === 'ip' ? isNumber(value, 0xffffffff) : typeof value === 'bigint' && value >= 0n && value < 1n << 128n;
}

function isNumber(value: Value, most: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= most;
}
