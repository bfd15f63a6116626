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

/** Runs the command line while the kernel traces what the server sends. */
export async function findTruth(lab: Lab, commandLine: string): Promise<Truth> {
  const file = '/run/lodtrace';
  await lab.run(['sh', '-c', `nft monitor trace > ${file} 2>&1 < /dev/null & echo $! > ${file}.pid`]);
  // It has to listen before anything is traced.
  await pause(300);
  await lab.loadNft(TRACING);
  const { code } = await lab.exec(['sh', '-c', commandLine]);
  await pause(300);
  await lab.run(['sh', '-c', `nft delete table inet lodtrace; kill $(cat ${file}.pid)`]);
  return { code, drops: dropsIn(await lab.run(['cat', file])) };
}

const PACKET = /^trace id (\S+) \S+ \S+ \S+ packet: .*?\b[io]if "lo"/;
const END = /^trace id (\S+) (\S+) (\S+) (\S+) (?:rule .*\(verdict drop\)|policy (drop)\s*$)/;

/**
 * `trace id 30afdaf5 ip filter INPUT packet: iif "lo" ip saddr …`, `trace id 30afdaf5 ip filter INPUT policy drop`,
 * `trace id a571adf4 ip filter OUTPUT rule tcp dport 26 counter packets 0 bytes 0 reject (verdict drop)`
 */
export function dropsIn(text: string): Drop[] {
  const lines = text.split('\n');
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
    (drop) => drop.table === `${family} ${table}` && drop.chain === chain && drop.policy === (number === 0),
  );
}
