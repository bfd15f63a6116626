// What the kernel did while a command ran: which rules and policies ended packets, by its own trace, and which rules were met, by counters.
import { setTimeout as pause } from 'node:timers/promises';
import type { RulePlace } from '../../../src/firewall/conversation/trace.ts';
import type { Lab } from '../lab.ts';

export type Truth = {
  /** How the command ended under the rules, and without any. */
  readonly code: number | null;
  /** The chains' names where a packet ended: on lo, and on other devices. */
  readonly drops: readonly Drop[];
};

/** `policy`: no rule did it. */
export type Drop = { readonly table: string; readonly chain: string; readonly policy: boolean; readonly onLo: boolean };

const TRACING = `table inet lodtrace {
  chain out { type filter hook output priority -500; meta nftrace set 1; }
}`;

/** A datagram that says whether the trace is heard. */
const MARK_PORT = 9999;

/** Runs the command line while the kernel traces what the server sends; null where the trace is not heard, as on a busy machine. */
export async function findTruth(lab: Lab, commandLine: string): Promise<Truth | null> {
  const file = '/run/lodtrace';
  await lab.run(['sh', '-c', `nft monitor trace > ${file} 2>&1 < /dev/null & echo $! > ${file}.pid`]);
  await lab.loadNft(TRACING);
  const heard = async (marks: number): Promise<boolean> => {
    for (let left = 50; left > 0; left--) {
      await lab.exec(['bash', '-c', `echo > /dev/udp/127.0.0.1/${MARK_PORT}`]);
      await pause(100);
      if ((await lab.run(['cat', file])).split(`udp dport ${MARK_PORT}`).length > marks) return true;
    }
    return false;
  };
  const isHeard = await heard(1);
  const { code } = await lab.exec(['sh', '-c', commandLine]);
  // What comes after it says that all before it was heard.
  const before = (await lab.run(['cat', file])).split(`udp dport ${MARK_PORT}`).length;
  const isWhole = isHeard && (await heard(before));
  await lab.run(['sh', '-c', `nft delete table inet lodtrace; kill $(cat ${file}.pid)`]);
  const drops = dropsIn(await lab.run(['cat', file]));
  return isWhole ? { code, drops } : null;
}

const PACKET = /^trace id (\S+) \S+ \S+ \S+ packet: .*?\b[io]if "lo"/;
const END = /^trace id (\S+) (\S+) (\S+) (\S+) (?:(?:unknown )?rule [\s\S]*\(verdict drop\)|policy (drop)\b)/;

const idOf = (line: string): string | undefined => /^trace id (\S+)/.exec(line)?.[1];

/**
 * `trace id 30afdaf5 ip filter INPUT packet: iif "lo" ip saddr …`, `trace id 30afdaf5 ip filter INPUT policy drop`,
 * `trace id a571adf4 ip filter OUTPUT rule tcp dport 26 counter packets 0 bytes 0 reject (verdict drop)`
 */
export function dropsIn(text: string): Drop[] {
  // A rule with a block of its own is told in several lines.
  const all = text.split(/\n(?=trace id )/);
  const marks = new Set(all.filter((line) => line.includes(`udp dport ${MARK_PORT}`)).map(idOf));
  const lines = all.filter((line) => !marks.has(idOf(line)));
  const onLo = new Set(lines.map((line) => PACKET.exec(line)?.[1]).filter((id) => id !== undefined));
  return lines.flatMap((line) => {
    const [, id, family, table, chain, policy] = END.exec(line) ?? [];
    if (id === undefined || family === undefined || table === undefined || chain === undefined) return [];
    return [{ table: `${family} ${table}`, chain, policy: policy !== undefined, onLo: onLo.has(id) }];
  });
}

/** Whether a rule that was named is one that ended a packet: as far as a trace tells, its chain and whether it is the policy. */
export function hasDropped(drops: readonly Drop[], { family, table, chain, number }: RulePlace): boolean {
  return drops.some(
    (drop) =>
      drop.table === `${family} ${table}` &&
      // A chain without a name has one of the kernel's.
      (drop.chain === chain || (chain.startsWith('#') && drop.chain.startsWith('__chain'))) &&
      drop.policy === (number === 0),
  );
}
