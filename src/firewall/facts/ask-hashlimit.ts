// Whether `-m hashlimit` finds the packet within its limit (net/netfilter/xt_hashlimit.c).
import { formatAddress } from '../model/address.ts';
import type { Address, PacketHeaders } from '../model/packet.ts';
import { HOLDS_FOR, type RateTable } from './facts.ts';
import type { Question, Side } from './question.ts';

type RateQuestion = Extract<Question, { on: 'hashlimit' }>;

/** So many packets' worth has to be left for "within the limit" to be said: a few conversations use up less. */
const PLENTY = 100;

/** True: below the limit and far from it; false: used up for longer than an answer has to hold; null: anything else. */
export function askHashlimit(table: RateTable, question: RateQuestion, packet: PacketHeaders): boolean | null {
  const key = bucketKey(question, packet);
  const bucket = key === null ? undefined : table.get(key);
  if (bucket === undefined || bucket.cost === 0) return null;
  if (bucket.credit >= PLENTY * bucket.cost) return true;
  const missing = 1 - bucket.credit / bucket.cost;
  return missing * question.keeps > HOLDS_FOR ? false : null;
}

/** `127.0.0.1:0->0.0.0.0:0`; null where a part is not known. */
function bucketKey({ keyed, prefix }: RateQuestion, packet: PacketHeaders): string | null {
  const end = (side: Side): string | null => {
    const address = keyed.includes(`${side}ip`) ? addressOf(packet, side) : zero(packet);
    const port = keyed.includes(`${side}port`) ? portOf(packet, side) : 0;
    return address === null || port === null ? null : `${write(masked(address, prefix[side]))}:${port}`;
  };
  const [source, destination] = [end('src'), end('dst')];
  return source === null || destination === null ? null : `${source}->${destination}`;
}

function addressOf({ source, destination }: PacketHeaders, side: Side): Address | null {
  return side === 'src' ? source : destination;
}

function zero({ family }: PacketHeaders): Address {
  return family === 'ip' ? 0 : 0n;
}

/** The ports of ICMP are zeros. */
function portOf({ transport }: PacketHeaders, side: Side): number | null {
  if (!('sourcePort' in transport)) return 0;
  return side === 'src' ? transport.sourcePort : transport.destinationPort;
}

function masked(address: Address, prefix: number | null): Address {
  if (prefix === null) return address;
  if (typeof address === 'number') return prefix === 0 ? 0 : ((address >>> (32 - prefix)) << (32 - prefix)) >>> 0;
  const shift = BigInt(128 - prefix);
  return (address >> shift) << shift;
}

/** IPv6 addresses are written out in full. */
function write(address: Address): string {
  if (typeof address === 'number') return formatAddress(address);
  return address
    .toString(16)
    .padStart(32, '0')
    .replace(/.{4}(?=.)/g, '$&:');
}
