// One failing ruleset: what really fails is planned, repaired and taken back, and looked at on the kernel in between.

import type { Conversation, Trace } from '../../../src/firewall/conversation/trace.ts';
import { traceConversation } from '../../../src/firewall/conversation/trace-conversation.ts';
import type { Choice, FixPlan } from '../../../src/firewall/fix/plan.ts';
import { applyChange } from '../../../src/firewall/fix/rule/apply-change.ts';
import type { Ruleset } from '../../../src/firewall/model/model.ts';
import { probeConversations } from '../../../src/firewall/questions/probe-conversations.ts';
import type { Attempt } from '../agent.ts';
import { textsOf } from '../fix-lab.ts';
import type { Lab } from '../lab.ts';
import { type FixWay, rulesAfter, type Site, shortWay, surroundings, wholeWay } from './fix-way.ts';
import { parseDumps } from './judge.ts';
import { type Complaint, findCure, judgePlan } from './judge-plan.ts';
import { type Dump, loadLayers } from './kernel.ts';
import { addedLines, linesOf } from './rule-lines.ts';
import { isLegacy, type Layer } from './rulesets.ts';
import { isSentAway } from './sent-away.ts';

/** A ruleset, the conversations to be had, and what the plan is asked for: `services` means that of the first conversation that fails. */
export type FixTrial = {
  readonly id: string;
  readonly layers: readonly Layer[];
  readonly attempts: readonly Attempt[];
  readonly choice: 'all' | 'services';
  /** Whether the product's whole work is done, which takes long, or its commands are run. */
  readonly way: 'whole' | 'short';
};

/** Something wrong, and the conversations without which it would perhaps not be seen. */
export type Wrong = Complaint & { readonly attempts: readonly Attempt[] };

/** What came of it. `healthy`: nothing failed, so there was nothing to plan. */
export type FixResult =
  | { readonly kind: 'not loaded'; readonly complaint: string }
  | { readonly kind: 'healthy' }
  | {
      readonly kind: 'planned';
      readonly dumps: readonly Dump[];
      readonly plan: FixPlan | null;
      /** Conversations asked for that filter rules had stopped, and those of them that passed afterwards. */
      readonly blocked: number;
      readonly repaired: number;
      /** Why the others would stay as they are, as the plan said. */
      readonly foretold: readonly string[];
      /** What failed for other reasons. */
      readonly otherwise: number;
      /** Conversations that were seen to fail again when the last rule of their fix was left out. */
      readonly missed: number;
      readonly wrong: readonly Wrong[];
    };

/** Milliseconds until a conversation counts as stopped; what should have come to an answer is given more. */
const HASTY = 150;
const PATIENT = 2500;

/** What is looked at and looked with. */
type Scene = Site & {
  readonly trial: FixTrial;
  readonly ruleset: Ruleset;
  readonly talk: (attempts: readonly Attempt[], deadline: number) => Promise<Talked>;
  /** What the evaluator says, of the rules as they were loaded or of others. */
  readonly trace: (attempt: Attempt, rules?: Ruleset) => Trace;
  readonly wrong: Wrong[];
  /** Conversations that have been seen to fail again without the last rule of their fix. */
  readonly missed: Attempt[];
};

type Talked = { readonly answered: readonly Attempt[]; readonly silent: readonly Attempt[] };

/** Runs the trial in the lab; each conversation is had from a port of its own each time. */
export async function tryFix(lab: Lab, trial: FixTrial, nextPort: () => number): Promise<FixResult> {
  const loaded = await loadLayers(lab, trial.layers);
  if ('complaint' in loaded) return { kind: 'not loaded', complaint: loaded.complaint };
  const { dumps } = loaded;
  const ruleset = parseDumps(dumps);
  const scene: Scene = {
    ...{ lab, trial, dumps, ruleset, caseId: trial.id, legacy: trial.layers.some(isLegacy), wrong: [], missed: [] },
    talk: talker(lab, nextPort),
    trace: (attempt, rules = ruleset) => traceConversation(rules, toConversation(attempt), surroundings),
  };
  const { answered: working, silent: failing } = await lookAround(scene);
  if (failing.length === 0) return { kind: 'healthy' };
  const choice = choose(trial, failing);
  const chosen = failing.filter((one) => isChosen(choice, one));
  const byFilter = chosen.filter((one) => isByFilter(scene, one));
  const way = (trial.way === 'whole' ? wholeWay : shortWay)(scene);
  const plan = await way.plan(
    failing.map((one) => scene.trace(one)),
    choice,
  );
  judgeWords(scene, plan, failing);
  const whyNot = await judgeHopeless(scene, plan, chosen);
  const promised = chosen.filter((one) => !whyNot.has(one));
  const silent = await applyAndUndo(scene, way, plan, { promised, working, failing });
  // What filter rules had stopped may be on its way to where nobody answers.
  const answerable = byFilter.filter((one) => !silent.includes(one) || !isSentAway(scene.trace(one, plan.after)));
  const foretold = answerable.flatMap((one) => whyNot.get(one) ?? []);
  const repaired = answerable.filter((one) => promised.includes(one) && !silent.includes(one)).length;
  const [blocked, otherwise] = [answerable.length, chosen.length - answerable.length];
  return {
    kind: 'planned',
    dumps,
    plan,
    blocked,
    repaired,
    foretold,
    otherwise,
    missed: scene.missed.length,
    wrong: scene.wrong,
  };
}

const toConversation = (attempt: Attempt): Conversation => ({
  protocol: attempt.protocol,
  source: attempt.source ?? attempt.destination,
  destination: attempt.destination,
  sourcePort: attempt.protocol === 'icmp' ? null : attempt.sourcePort,
  destinationPort: attempt.protocol === 'icmp' ? null : attempt.destinationPort,
  uid: attempt.uid,
});

function talker(lab: Lab, nextPort: () => number): Scene['talk'] {
  return async (attempts, deadline) => {
    if (attempts.length === 0) return { answered: [], silent: [] };
    const fresh = attempts.map((one) => ({ ...one, sourcePort: nextPort() }));
    const ends = await lab.talk(fresh, deadline);
    const isAnswered = (_: Attempt, at: number) => ends[at]?.outcome === 'works';
    return { answered: attempts.filter(isAnswered), silent: attempts.filter((_, at) => !isAnswered(_, at)) };
  };
}

/** Has all conversations; where the evaluator expects an answer, it is waited for. */
async function lookAround({ trial, talk, trace, wrong }: Scene): Promise<Talked> {
  const first = await talk(trial.attempts, HASTY);
  const again = await talk(
    first.silent.filter((one) => trace(one).outcome === 'works'),
    PATIENT,
  );
  for (const one of again.silent)
    if (!isSentAway(trace(one))) wrong.push({ kind: 'the evaluator is wrong', detail: inWords(one), attempts: [one] });
  const answered = [...first.answered, ...again.answered];
  return { answered, silent: trial.attempts.filter((one) => !answered.includes(one)) };
}

/** What the plan says of itself, by the evaluator. */
function judgeWords({ ruleset, wrong }: Scene, plan: FixPlan, failing: readonly Attempt[]): void {
  const probes = probeConversations({ ruleset, ownAddresses: surroundings.ownAddresses });
  const judged = { ruleset, surroundings, failing: failing.map(toConversation), probes, plan };
  wrong.push(...judgePlan(judged).map((complaint) => ({ ...complaint, attempts: failing })));
}

/** Why the plan gives up on conversations; each is tried with permits that the plan might have made instead. */
async function judgeHopeless(
  { lab, trial, ruleset, legacy, talk, trace, wrong }: Scene,
  { remaining }: FixPlan,
  chosen: readonly Attempt[],
): Promise<Map<Attempt, string>> {
  const reasons = new Map(remaining.map(({ conversation, why }) => [JSON.stringify(conversation), why]));
  const hopeless = new Map<Attempt, string>();
  for (const one of chosen) {
    const why = reasons.get(JSON.stringify(toConversation(one)));
    if (why === undefined) continue;
    hopeless.set(one, why);
    if (trace(one).outcome === 'works') continue;
    const cure = findCure(ruleset, surroundings, toConversation(one), { caseId: trial.id, iptables: 'nft' });
    if (cure === null || isSentAway(trace(one, cure.after))) continue;
    await rulesAfter(lab, legacy, cure.apply);
    const { answered } = await talk([one], PATIENT);
    await rulesAfter(lab, legacy, cure.undo);
    const kind = answered.length > 0 ? 'gives up too early' : 'the evaluator is wrong about a cure';
    wrong.push({ kind, detail: `${inWords(one)}: ${why} Yet: ${cure.places.join(', ')}`, attempts: [one] });
  }
  return hopeless;
}

type Expectations = Record<'promised' | 'working' | 'failing', readonly Attempt[]>;

/** Applies the plan, looks, and takes it back; returns the conversations that stayed silent. */
async function applyAndUndo(
  scene: Scene,
  way: FixWay,
  plan: FixPlan,
  { promised, working, failing }: Expectations,
): Promise<readonly Attempt[]> {
  const { trial, dumps, talk, trace, wrong } = scene;
  const say = (kind: string, detail: string, attempts = failing) => wrong.push({ kind, detail, attempts });
  const isFixed = plan.changes.length > 0;
  if (isFixed) judgeRules(scene, plan, await way.apply(plan), say);
  // Where neither before nor after the fix the rules say whether it passes, the kernel may say this and that.
  const isUncertain = (one: Attempt) =>
    [undefined, plan.after].every((rules) => trace(one, rules).outcome === 'unknown');
  const quick = await talk([...promised, ...working.filter((one) => !isUncertain(one))], HASTY * 3);
  const { silent } = await talk(quick.silent, PATIENT);
  const lost = silent.filter((one) => !isSentAway(trace(one, plan.after)));
  for (const one of lost) {
    if (promised.includes(one)) say('still blocked', inWords(one));
    else say('no longer passes', inWords(one), [...failing, one]);
  }
  if (!isFixed) return silent;
  if (trial.way === 'short') await leaveLastOut(scene, plan, promised, say);
  const [before, restored] = [linesOf(dumps), linesOf(await way.undo(plan))];
  if (restored.join('\n') !== before.join('\n')) say('not undone', `${addedLines(before, restored)}`);
  return silent;
}

/** Without the last of several rules, conversations that need it fail for real; it is put back at its place. */
async function leaveLastOut(
  { lab, legacy, ruleset, talk, trace, missed }: Scene,
  { changes, undo, apply }: FixPlan,
  promised: readonly Attempt[],
  say: (kind: string, detail: string) => void,
): Promise<void> {
  const [takeLast] = undo;
  const without = changes.slice(0, -1).reduce(applyChange, ruleset);
  const needing = promised.filter((one) => trace(one, without).outcome === 'blocked');
  if (takeLast === undefined || changes.length < 2 || needing.length === 0) return;
  await rulesAfter(lab, legacy, [takeLast]);
  const { answered } = await talk(needing, HASTY);
  for (const one of answered) say('passes without a rule of its fix', inWords(one));
  missed.push(...needing);
  await rulesAfter(lab, legacy, [...undo.slice(1), ...apply]);
}

/** Nothing but the plan's rules has been added, and they stand where it said. */
function judgeRules(
  { dumps }: Scene,
  plan: FixPlan,
  after: readonly Dump[],
  say: (kind: string, detail: string) => void,
): void {
  const added = addedLines(linesOf(dumps), linesOf(after));
  if (added === null || !added.every((line) => isOurs(line, plan.tag)))
    say('other rules changed', `${added?.join('\n')}`);
  const [found, planned] = [textsOf(parseDumps(after)), textsOf(plan.after)];
  const differing = found.findIndex((line, at) => line !== planned[at]);
  if (differing >= 0 || found.length !== planned.length)
    say('the rules are not as planned', `${found[differing]}, not ${planned[differing]}`);
}

/** nft shows a rule of iptables without its comment. */
function isOurs(line: string, tag: string): boolean {
  return line.includes(tag) || (line.includes('"xt"') && line.includes('"comment"') && line.includes('"lo"'));
}

function isByFilter({ ruleset, trace }: Scene, attempt: Attempt): boolean {
  const { outcome, stoppedAt, unknown } = trace(attempt);
  const rule = stoppedAt?.rule ?? unknown[0]?.rule;
  if (outcome === 'works' || rule === undefined) return false;
  const table = ruleset.tables.find(
    ({ name, family, variant }) => name === rule.table && family === rule.family && variant === rule.variant,
  );
  return table?.chains.get(rule.chain)?.base?.type !== 'nat';
}

function choose({ choice }: FixTrial, [first]: readonly Attempt[]): Choice {
  if (choice === 'all' || first === undefined) return { kind: 'all' };
  const { protocol, destinationPort } = first;
  return { kind: 'services', services: [{ protocol, port: protocol === 'icmp' ? null : destinationPort }] };
}

function isChosen(choice: Choice, { protocol, destinationPort }: Attempt): boolean {
  const isOf = (service: { protocol: string; port: number | null }) =>
    service.protocol === protocol && (service.port === null || service.port === destinationPort);
  return choice.kind !== 'services' || choice.services.some(isOf);
}

function inWords({ protocol, source, destination, destinationPort, uid }: Attempt): string {
  return `${protocol} ${source} → ${destination} ${destinationPort} by ${uid}`;
}
