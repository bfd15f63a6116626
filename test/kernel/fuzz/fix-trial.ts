// One failing ruleset: what really fails is planned, applied and taken back by the product's own work, and looked at on the kernel in between.
import { serverWork } from '../../../src/commands/server-work.ts';
import type { Diagnosis } from '../../../src/diagnosis/diagnose.ts';
import type { Choice, FixPlan } from '../../../src/firewall/fix/plan.ts';
import type { Ruleset } from '../../../src/firewall/model.ts';
import { probeConversations } from '../../../src/firewall/probe-conversations.ts';
import type { Conversation, Trace } from '../../../src/firewall/trace.ts';
import { traceConversation } from '../../../src/firewall/trace-conversation.ts';
import { begin, type Case } from '../../../src/wizard/state.ts';
import type { Attempt } from '../agent.ts';
import { runAll, textsOf } from '../fix-lab.ts';
import { hostInLab } from '../host-in-lab.ts';
import type { Lab } from '../lab.ts';
import { parseDumps } from './judge.ts';
import { type Complaint, findCure, judgePlan } from './judge-plan.ts';
import type { Dump } from './kernel.ts';
import { dumpAfter, loadLayers } from './kernel.ts';
import { addedLines, linesOf } from './rule-lines.ts';
import { isLegacy, type Layer } from './rulesets.ts';
import { addresses, ports } from './server.ts';

/** A ruleset, the conversations to be had, and what the plan is asked for: `services` means that of the first conversation that fails. */
export type FixTrial = {
  readonly id: string;
  readonly layers: readonly Layer[];
  readonly attempts: readonly Attempt[];
  readonly choice: 'all' | 'services';
};

/** What came of it. `healthy`: nothing failed, so there was nothing to plan. */
export type FixResult =
  | { readonly kind: 'not loaded'; readonly complaint: string }
  | { readonly kind: 'healthy' }
  | {
      readonly kind: 'planned';
      readonly dumps: readonly Dump[];
      readonly plan: FixPlan | null;
      /** Conversations asked for that failed by filter rules; those of them that passed afterwards, and those that the plan had said would not. */
      readonly blocked: number;
      readonly repaired: number;
      readonly foretold: number;
      /** Why, for those foretold. */
      readonly reasons: readonly string[];
      /** What failed for other reasons. */
      readonly otherwise: number;
      readonly complaints: readonly (Complaint & { readonly attempts: readonly Attempt[] })[];
    };

/** Milliseconds until a conversation counts as stopped; what should have come to an answer is given more. */
const HASTY = 150;
const PATIENT = 2500;

const ownAddresses = [...addresses.ip, ...addresses.ip6];
/** As inspect() has it: who the services run as is not known. */
const surroundings = { ownAddresses, serverUid: null, serverGid: null };
const listeners = ports.flatMap((port) => (['tcp', 'udp'] as const).map((protocol) => ({ protocol, port })));

const toConversation = (attempt: Attempt): Conversation => ({
  protocol: attempt.protocol,
  source: attempt.source ?? attempt.destination,
  destination: attempt.destination,
  sourcePort: attempt.protocol === 'icmp' ? null : attempt.sourcePort,
  destinationPort: attempt.protocol === 'icmp' ? null : attempt.destinationPort,
  uid: attempt.uid,
});

/** Runs the trial in the lab; each conversation is had from a port of its own each time. */
export async function tryFix(lab: Lab, trial: FixTrial, nextPort: () => number): Promise<FixResult> {
  const loaded = await loadLayers(lab, trial.layers);
  if ('complaint' in loaded) return { kind: 'not loaded', complaint: loaded.complaint };
  const { dumps } = loaded;
  const talk = talker(lab, nextPort);
  const legacy = trial.layers.some(isLegacy);
  const inForce = async () => {
    const dumped = await dumpAfter(lab, legacy, []);
    return 'dumps' in dumped ? dumped.dumps : [];
  };
  const before = linesOf(dumps);
  const ruleset = parseDumps(dumps);
  const work = serverWork({ host: hostInLab(lab), caseId: trial.id, now: () => new Date() });
  const trace = (one: Attempt) => traceConversation(ruleset, toConversation(one), surroundings);
  const first = await talk(trial.attempts, HASTY);
  const late = first.silent.filter((one) => trace(one).outcome === 'works');
  const again = await talk(late, PATIENT);
  const working = [...first.answered, ...again.answered];
  const failing = trial.attempts.filter((one) => !working.includes(one));
  if (failing.length === 0) return { kind: 'healthy' };

  const complaints: (Complaint & { attempts: readonly Attempt[] })[] = [];
  const complain = (kind: string, detail: string, attempts: readonly Attempt[]) => {
    complaints.push({ kind, detail, attempts });
  };
  for (const one of again.silent) complain('the evaluator is wrong', inWords(one), [one]);
  const choice = choose(trial, failing);
  const chosen = failing.filter((one) => isChosen(choice, one));
  const byFilter = chosen.filter((one) => isByFilter(ruleset, trace(one)));
  const ended = (plan: FixPlan | null, repaired: number, foretold: readonly string[]): FixResult => {
    const counts = { blocked: byFilter.length, repaired, foretold: foretold.length, reasons: foretold };
    return { kind: 'planned', dumps, plan, ...counts, otherwise: chosen.length - byFilter.length, complaints };
  };

  const walk = walkOf(trial, failing.map(trace));
  const [plan] = await work.planFix(walk, [choice]);
  if (plan === undefined) throw new Error('no plan');
  const probes = probeConversations({ ruleset, ownAddresses, listeners, ports: [] });
  const judged = { ruleset, surroundings, failing: failing.map(toConversation), probes, plan };
  for (const { kind, detail } of judgePlan(judged)) complain(kind, detail, failing);

  const remaining = new Map(plan.remaining.map(({ conversation, why }) => [JSON.stringify(conversation), why]));
  const whyNot = (one: Attempt) => remaining.get(JSON.stringify(toConversation(one)));
  const promised = chosen.filter((one) => whyNot(one) === undefined);
  const hopeless = chosen.filter((one) => whyNot(one) !== undefined);
  for (const one of hopeless) {
    const cure = findCure(ruleset, surroundings, toConversation(one), { caseId: trial.id, iptables: 'nft' });
    if (cure === null) continue;
    await runAll(lab, cure.apply);
    const { answered } = await talk([one], PATIENT);
    await runAll(lab, cure.undo);
    const detail = `${inWords(one)}: ${whyNot(one)} Yet: ${cure.places.join(', ')}`;
    complain(answered.length > 0 ? 'gives up too early' : 'the evaluator is wrong about a cure', detail, failing);
  }
  const foretold = byFilter.flatMap((one) => whyNot(one) ?? []);
  if (plan.changes.length === 0) {
    for (const one of promised) complain('still blocked', inWords(one), failing);
    return ended(plan, 0, foretold);
  }

  await work.apply(walk, plan);
  const after = await inForce();
  const added = addedLines(before, linesOf(after));
  if (added === null || !added.every((line) => isOurs(line, plan.tag)))
    complain('other rules changed', `${added?.join('\n')}`, failing);
  const [found, planned] = [textsOf(parseDumps(after)), textsOf(plan.after)];
  const differing = found.findIndex((line, at) => line !== planned[at]);
  if (differing >= 0 || found.length !== planned.length)
    complain('the rules are not as planned', `${found[differing]}, not ${planned[differing]}`, failing);
  const kept = working.filter((one) => !isUncertain(one));
  const expected = [...promised, ...kept];
  const quick = await talk(expected, HASTY * 3);
  const slow = await talk(quick.silent, PATIENT);
  for (const one of slow.silent)
    complain(
      promised.includes(one) ? 'still blocked' : 'no longer passes',
      inWords(one),
      failing.includes(one) ? failing : [...failing, one],
    );
  await work.rollBack();
  const restored = linesOf(await inForce());
  if (restored.join('\n') !== before.join('\n')) complain('not undone', `${addedLines(before, restored)}`, failing);
  const repaired = byFilter.filter((one) => promised.includes(one) && !slow.silent.includes(one));
  return ended(plan, repaired.length, foretold);

  /** Neither before nor after the fix do the rules say whether it passes. */
  function isUncertain(one: Attempt): boolean {
    if (plan === undefined || trace(one).outcome !== 'unknown') return false;
    return traceConversation(plan.after, toConversation(one), surroundings).outcome === 'unknown';
  }
}

type Talked = { readonly answered: readonly Attempt[]; readonly silent: readonly Attempt[] };

function talker(lab: Lab, nextPort: () => number) {
  return async (attempts: readonly Attempt[], deadline: number): Promise<Talked> => {
    if (attempts.length === 0) return { answered: [], silent: [] };
    const fresh = attempts.map((one) => ({ ...one, sourcePort: nextPort() }));
    const ends = await lab.talk(fresh, deadline);
    const isAnswered = (_: Attempt, at: number) => ends[at]?.outcome === 'works';
    return { answered: attempts.filter(isAnswered), silent: attempts.filter((_, at) => !isAnswered(_, at)) };
  };
}

function isByFilter(ruleset: Ruleset, { outcome, stoppedAt, unknown }: Trace): boolean {
  if (outcome === 'works') return false;
  const rule = stoppedAt?.rule ?? unknown[0]?.rule;
  const table = ruleset.tables.find(
    ({ name, family, variant }) =>
      rule !== undefined && name === rule.table && family === rule.family && variant === rule.variant,
  );
  return rule !== undefined && table?.chains.get(rule.chain)?.base?.type !== 'nat';
}

function choose({ choice }: FixTrial, [first]: readonly Attempt[]): Choice {
  if (choice === 'all' || first === undefined) return { kind: 'all' };
  const { protocol, destinationPort } = first;
  return { kind: 'services', services: [{ protocol, port: protocol === 'icmp' ? null : destinationPort }] };
}

function isChosen(choice: Choice, { protocol, destinationPort }: Attempt): boolean {
  return (
    choice.kind === 'all' ||
    choice.services.some(
      (service) => service.protocol === protocol && (service.port === null || service.port === destinationPort),
    )
  );
}

/** The walk as it is when the log has been read. */
function walkOf({ id }: FixTrial, traces: readonly Trace[]): Case {
  const blocked = traces.map((trace) => {
    const { conversation, stoppedAt: stop } = trace;
    return { conversation, sample: null, entries: 0, listener: null, trace, stop };
  });
  const diagnosis: Diagnosis = { verdict: 'loopback-blocked', blocked, elsewhere: [], findings: [] };
  const known = begin({ id, startedAt: new Date(), confirmWithin: 600, story: null }).case;
  return { ...known, diagnosis };
}

/** nft shows a rule of iptables without its comment. */
function isOurs(line: string, tag: string): boolean {
  return line.includes(tag) || (line.includes('"xt"') && line.includes('"comment"') && line.includes('"lo"'));
}

function inWords({ protocol, source, destination, destinationPort, uid }: Attempt): string {
  return `${protocol} ${source} → ${destination} ${destinationPort} by ${uid}`;
}
