// Reads a list of `-m recent` as the kernel prints it, with the clock that its times are told by.
import { parseAddress } from '../../model/address.ts';
import type { Address } from '../../model/packet.ts';
import type { RecentEntry, RecentList } from '../facts.ts';

/** The kernel's clock: ticks so far, and how many a second has. */
export type KernelClock = { readonly now: number; readonly perSecond: number };

/**
 * `src=127.0.0.1 ttl: 64 last_seen: 4295375217 oldest_pkt: 2 4295375217, 4295375217`; IPv6 addresses are written out in full. Null for a text
 * that is none. Without a clock no age is known.
 */
export function parseRecentList(text: string, clock: KernelClock | null): RecentList | null {
  const list = new Map<Address, RecentEntry>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, source = '', ttl = '', times = ''] =
      /^src=(\S+) ttl: (\d+) last_seen: \d+ oldest_pkt: \d+ ?(.*)$/.exec(line) ?? [];
    const address = parseAddress(source);
    if (address === null) return null;
    const ticks = times.split(', ').filter((time) => time !== '');
    const ages = ticks.map((time) => (clock === null ? null : (clock.now - Number(time)) / clock.perSecond));
    list.set(address, { ttl: Number(ttl), ages });
  }
  return list;
}

/** Kernels are built with one of these. */
const PER_SECOND = [100, 250, 300, 1000];
/** The ticks begin so many seconds before 32 bits of them are full (INITIAL_JIFFIES). */
const BEGIN = 300;

/**
 * The clock by `jiffies: 4295266595` of /proc/timer_list and the first number of /proc/uptime; null where they don't fit together, as
 * after a suspend.
 */
export function parseKernelClock(timerList: string, uptime: string): KernelClock | null {
  const now = Number(/^jiffies: (\d+)$/m.exec(timerList)?.[1]);
  const up = Number(/^(\d+\.\d+) /.exec(uptime)?.[1]);
  if (!Number.isSafeInteger(now) || Number.isNaN(up)) return null;
  const fitting = PER_SECOND.filter((perSecond) => {
    const expected = 2 ** 32 + (up - BEGIN) * perSecond;
    return Math.abs(expected - now) <= Math.max(5, up / 1000) * perSecond;
  });
  const [perSecond, ...others] = fitting;
  return perSecond === undefined || others.length > 0 ? null : { now, perSecond };
}
