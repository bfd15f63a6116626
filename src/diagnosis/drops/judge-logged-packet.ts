// One logged packet tied to the rules: which rule wrote its line, and what became of the packet.

import type {
  Doubt,
  HookTrace,
  PacketName,
  RulePlace,
  Stop,
  Trace,
  Written,
} from '../../firewall/conversation/trace.ts';
import { ruleAt } from '../../firewall/fix/place/find-stops.ts';
import type { LoggingPlan } from '../../firewall/fix/plan.ts';
import type { Hook, Ruleset } from '../../firewall/model/model.ts';
import type { Entry } from '../../log/packet/entry.ts';
import { findDropBehind, stopVerdict } from './find-drop-behind.ts';

/** lo-doctor's own log rules: each stands right before the rule that it reports. */
export type OwnLogging = {
  readonly prefix: string;
  readonly changes: readonly Pick<LoggingPlan['changes'][number], 'prefix' | 'reports'>[];
};

/**
 * What became of a logged packet. `writer` wrote the line (null: a rule of lo-doctor's own), `by` let the packet through. `unexplained`: no
 * rule that is in force writes such a line for such a packet.
 */
export type PacketFate =
  | { readonly kind: 'stopped'; readonly writer: RulePlace | null; readonly stop: Stop | null }
  | { readonly kind: 'passed'; readonly writer: RulePlace; readonly by: RulePlace | null }
  | { readonly kind: 'unknown'; readonly writer: RulePlace; readonly doubts: readonly Doubt[] }
  | { readonly kind: 'unexplained' };

/** A logged packet: its line, whether the server of its conversation sent it, and the trace of that conversation. */
export type LoggedPacket = { readonly entry: Entry; readonly fromServer: boolean; readonly trace: Trace };

const OUT: readonly Hook[] = ['output', 'postrouting', 'egress'];
const IN: readonly Hook[] = ['ingress', 'prerouting', 'input'];

/** Where the packet was when the line was written: what leaves has an OUT=, what came in an IN=. */
const hooksOf = ({ out }: Entry): readonly Hook[] => (out === null ? IN : OUT);

/** The parts of a conversation that the packet may be, the likeliest first. */
const partsOf = ({ entry, fromServer }: LoggedPacket): readonly PacketName[] => {
  if (entry.embedded !== null) return ['error'];
  const has = (flag: string) => entry.flags.includes(flag);
  const established: PacketName = fromServer ? 'established-reply' : 'established-request';
  if (entry.proto !== 'TCP') return [fromServer ? 'reply' : 'request', established];
  if (has('SYN')) return [has('ACK') ? 'reply' : 'request'];
  return has('RST') ? ['error', established] : [established];
};

type Line = { readonly packet: PacketName; readonly hooks: readonly HookTrace[]; readonly written: Written };

/** What stands in the log for a byte that is no character: rsyslog writes `#033`, dmesg `\x1b`, others leave it or `?` behind. */
const CONTROL = /#[0-3][0-7]{2}|\\x[\da-f]{2}|[\x00-\x1f\x7f-\x9f\ufffd?]/g;
const plain = (prefix: string): string => prefix.replace(CONTROL, '?').trim();

/** A prefix in the log has no spaces around it. */
const wrote = ({ log }: Written, { prefix }: Entry): boolean => plain(log.prefix) === plain(prefix ?? '');

/** Lines with this prefix that the conversation causes at such hooks; `hooks` are the packet's from there on. */
const linesOf = ({ entry, trace }: LoggedPacket): Line[] =>
  trace.packets.flatMap(({ packet, hooks }) =>
    hooks.flatMap((hook, index) =>
      hooksOf(entry).includes(hook.hook)
        ? hook.logs
            .filter((written) => wrote(written, entry))
            .map((written) => ({ packet, hooks: hooks.slice(index), written }))
        : [],
    ),
  );

/**
 * The line of this very packet, else of another packet of its conversation: the packets of a connection that is older than the rules are
 * not in a trace, whose request is stopped already.
 */
const findLine = (logged: LoggedPacket): Line | null => {
  const lines = linesOf(logged);
  for (const part of partsOf(logged)) {
    const line = lines.find(({ packet }) => packet === part);
    if (line !== undefined) return line;
  }
  return lines[0] ?? null;
};

/** The last rule that took the packet at this hook: the one that accepted it. */
const findAcceptor = ([hook]: readonly HookTrace[]): RulePlace | null =>
  hook?.rules.findLast(({ match }) => match === 'yes')?.rule ?? null;

const judgeLine = (ruleset: Ruleset, { unknown }: Trace, { packet, hooks, written }: Line): PacketFate => {
  const writer = written.rule;
  for (const { hook, verdict, stopped, rules } of hooks) {
    if (verdict === 'accept') continue;
    if (verdict !== 'unknown' && stopped !== null)
      return { kind: 'stopped', writer, stop: { packet, hook, rule: stopped, verdict } };
    // The line itself tells that the packet came as far as the rule that wrote it, whatever that depended on.
    const behind = hook === hooks[0]?.hook ? findDropBehind(ruleset, writer, rules) : null;
    return behind === null
      ? { kind: 'unknown', writer, doubts: unknown }
      : { kind: 'stopped', writer, stop: { packet, hook, ...behind } };
  }
  return { kind: 'passed', writer, by: findAcceptor(hooks) };
};

/** Where a rule of lo-doctor's own logged: right before the rule that it reports. */
const stopBehindOwn = (
  { changes }: OwnLogging,
  { entry, fromServer, trace }: LoggedPacket,
  ruleset: Ruleset,
): Stop | null => {
  const change = changes.find(({ prefix }) => prefix.trim() === entry.prefix);
  if (change === undefined) return trace.stoppedAt;
  const { reports } = change;
  const traced = trace.stoppedAt;
  if (traced?.rule.chain === reports.chain && traced.rule.text === reports.text) return traced;
  const [packet = 'request'] = partsOf({ entry, fromServer, trace });
  const rule = ruleAt(ruleset, reports);
  const verdict = (rule && stopVerdict(rule)) ?? 'drop';
  return { packet, hook: entry.out === null ? 'input' : 'output', rule: reports, verdict };
};

/** What became of the packet by the rules, which are those without lo-doctor's own. */
export const judgeLoggedPacket = (ruleset: Ruleset, logged: LoggedPacket, own: OwnLogging | null): PacketFate => {
  const { entry, trace } = logged;
  if (own !== null && entry.prefix?.startsWith(own.prefix.trim()))
    return { kind: 'stopped', writer: null, stop: stopBehindOwn(own, logged, ruleset) };
  const line = findLine(logged);
  return line === null ? { kind: 'unexplained' } : judgeLine(ruleset, trace, line);
};
