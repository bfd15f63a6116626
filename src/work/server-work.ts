// The work of a walk done on a server, by what host/ can do there.
import { type Attempt, judgeAttempt } from '../diagnosis/attempt.ts';
import { findRises, listStops } from '../diagnosis/drops/find-counted.ts';
import { findDrops } from '../diagnosis/drops/tie-entries.ts';
import { inspect } from '../diagnosis/inspect/inspect.ts';
import type { Conversation, RulePlace } from '../firewall/conversation/trace.ts';
import { traceConversation } from '../firewall/conversation/trace-conversation.ts';
import type { Choice, FixPlan } from '../firewall/fix/plan.ts';
import { loggingCaseOf } from '../firewall/fix/rule/tag.ts';
import { isLetThrough } from '../firewall/questions/is-let-through.ts';
import { writeRecord } from '../host/files/write-record.ts';
import { type Host, HostError } from '../host/host.ts';
import { findLogSources } from '../host/logs/log-source.ts';
import { openLogs } from '../host/logs/open-logs.ts';
import { probeConversation } from '../host/network/probe.ts';
import { readOwnAddresses } from '../host/network/read-own-addresses.ts';
import { readListeners } from '../host/network/who-listens.ts';
import { readCounters } from '../host/rules/read-counters.ts';
import { readRuleCounters } from '../host/rules/read-rule-counters.ts';
import { listCases } from '../host/trial/case-file.ts';
import { planLooks } from '../host/trial/look-for-tag.ts';
import { rehearseRollback } from '../host/trial/rehearse-rollback.ts';
import { keepCase, startTemporary, type Temporary, type Trial } from '../host/trial/trial.ts';
import type { Sighting } from '../log/conversations/count-sightings.ts';
import type { EntryLine, LogLine } from '../log/packet/entry.ts';
import { parseLine } from '../log/packet/parse-line.ts';
import { reportDocument } from '../report/report-document.ts';
import { reportScript } from '../report/report-script.ts';
import { htmlReport, walkReport } from '../report/walk-report.ts';
import { withoutSecrets } from '../report/without-secrets.ts';
import { calledName, type UserAction } from '../wizard/action.ts';
import { judgeVerification } from '../wizard/judge-verification.ts';
import { listRetries } from '../wizard/list-retries.ts';
import type { Case, Verification } from '../wizard/state.ts';
import type { Work } from '../wizard/work.ts';
import { printableOutput } from '../words/printable.ts';
import { applyPlan } from './apply-plan.ts';
import { diagnoseWalk } from './diagnose-walk.ts';
import { inspectForNow, inspectServer } from './inspect-server.ts';
import { listLasting } from './next-boot/list-lasting.ts';
import { savePlan } from './next-boot/save-plan.ts';
import { planFor } from './plan-for.ts';
import { readServer } from './read-server.ts';
import { savedElsewhere } from './saved-elsewhere.ts';
import { tryCommand } from './try-command.ts';

/** How long temporary log rules live when nobody takes them away: longer than a walk takes, shorter than a forgotten one. */
const LOGGING_EXPIRES = 30 * 60;
/** How long after a retry entries are waited for. */
const SETTLE = 500;
const POLL = 500;
/** How long entries are gathered before they are told. */
const BATCH = 50;
const isEntryLine = (line: LogLine): line is EntryLine => line.entry !== null;

/** How long a retry may put the rollback off. */
const LONGEST_RETRY = 10 * 60_000;

/** `now` is the clock that log lines without a year are read by. */
export type ServerWorkParts = { host: Host; caseId: string; now: () => Date };

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const failing = ({ diagnosis }: Case): Conversation[] =>
  (diagnosis?.blocked ?? []).map(({ conversation }) => conversation);

/** Whether a choice is about the conversation at all. */
const isPermitted = ({ protocol, destinationPort }: Conversation, choice: Choice | undefined): boolean =>
  choice?.kind !== 'services' ||
  choice.services.some((service) => service.protocol === protocol && service.port === destinationPort);

const isAbout =
  ({ protocol, destination, destinationPort, uid }: Conversation) =>
  (attempt: Attempt): boolean =>
    attempt.kind === 'connection' &&
    attempt.conversation.protocol === protocol &&
    attempt.conversation.uid === uid &&
    attempt.conversation.destination === destination &&
    attempt.conversation.destinationPort === destinationPort;

const leavesNone = ({ choice, keptGuards }: FixPlan): boolean =>
  choice.kind === 'all-but-guarded' && keptGuards.length === 0;

const leftOver = (caseId: string, what: string): HostError =>
  new HostError(`${what} could not be taken back completely.`, {
    nextSteps: [`lo-doctor undo ${caseId}`, 'Or delete the rules by hand: their comments name the case.'],
  });

/** Two changes on trial would be proved, and taken back, on rules that neither was planned for. */
const needNoOther = async (host: Host): Promise<void> => {
  const other = (await listCases(host)).cases.find(({ kind, state }) => kind === 'trial' && state === 'armed');
  if (other === undefined) return;
  const left = Math.max(0, Math.round(other.secondsLeft ?? 0));
  throw new HostError(
    `Another fix waits to be kept: case ${other.id}, applied at ${other.startedAt}, for ${left} s more. Nothing was applied.`,
    { nextSteps: [`lo-doctor confirm ${other.id} keeps it, lo-doctor undo ${other.id} takes it back.`] },
  );
};

/** The work of a walk on this host. A case has one trial and one temporary logging at a time. */
export const serverWork = ({ host, caseId, now }: ServerWorkParts): Work => {
  let logging: Temporary | null = null;
  let trial: Trial | null = null;

  /** What stops packets, and what it had counted when the log began to be watched. */
  let counted: { rules: readonly RulePlace[]; before: readonly (number | null)[] } = { rules: [], before: [] };

  const inspectNow = async () => inspect(await readServer(host), caseId);

  const planNow = async (walk: Case, choices: readonly Choice[]): Promise<FixPlan[]> => {
    const inspection = await inspectNow();
    const plans: FixPlan[] = [];
    for (const choice of choices) {
      // Where no guard was left, a permit for all of it is the same.
      if (choice.kind === 'all' && plans.some(leavesNone)) continue;
      plans.push(planFor(inspection, caseId, failing(walk), choice));
    }
    return plans;
  };

  const rollBack = async (): Promise<void> => {
    if ((await trial?.rollBack()) === 'rollback-failed') throw leftOver(caseId, 'The fix');
  };

  const watchLog: Work['watchLog'] = async (onEntries) => {
    const { rules } = counted;
    counted = { rules, before: await readRuleCounters(host, rules) };
    const logs = await openLogs(host, await findLogSources(host));
    let waiting: Sighting[] = [];
    const listen = async () => {
      for await (const { source, line } of logs.lines) {
        const parsed = parseLine(line, { now: now() });
        if (!isEntryLine(parsed)) continue;
        // A flood of entries is told in batches: each one told is drawn.
        if (waiting.length === 0) setTimeout(tell, BATCH);
        waiting.push({ source, line: parsed });
      }
    };
    const tell = () => {
      if (waiting.length > 0) onEntries(waiting);
      waiting = [];
    };
    const listening = listen();
    // What breaks it is told by `stop`, and not before anybody waits for it.
    listening.catch(() => {});
    const stop = async () => {
      await logs.stop();
      await listening;
      tell();
    };
    return { stop };
  };

  const tryConnection = async (conversation: Conversation, signal: AbortSignal): Promise<Attempt> => {
    const name = calledName(conversation);
    const probed = await probeConversation(host, conversation, signal);
    return name === null ? probed : { ...probed, name };
  };

  let runs = 0;
  const tryAll = async (
    { tries, commandLine }: UserAction,
    signal: AbortSignal,
    onOutput: (output: string) => void,
  ) => {
    if (commandLine === null) return Promise.all(tries.map((conversation) => tryConnection(conversation, signal)));
    const [ownAddresses, listeners] = await Promise.all([readOwnAddresses(host), readListeners(host)]);
    runs += 1;
    const mark = `lo-doctor-${caseId}-run-${runs}`;
    return tryCommand(host, commandLine, { ownAddresses, listeners }, { mark, signal, onOutput });
  };

  /** Every conversation that failed is opened again, and the user's command is run again. */
  const retry = async (walk: Case, signal: AbortSignal): Promise<readonly Attempt[]> => {
    const { action, plan } = walk;
    const attempts: Attempt[] = action?.commandLine == null ? [] : await tryAll(action, signal, () => {});
    for (const [place, meant] of listRetries(walk).entries()) {
      // Once something tells, what else could be tried need not be; and what was tried just now need not be shown twice.
      if (place > 0 && attempts.some((one) => judgeAttempt(one) !== 'unknown')) break;
      const others = meant.filter((one) => isPermitted(one, plan?.choice) && !attempts.some(isAbout(one)));
      attempts.push(...(await tryAll({ id: 'by-hand', tries: others, commandLine: null }, signal, () => {})));
    }
    return attempts;
  };

  /** While the task lasts, what is on trial waits; not for ever, and no longer than usual once this process is gone. */
  const whileWaiting = async <Result>(seconds: number, task: () => Promise<Result>): Promise<Result> => {
    const until = performance.now() + LONGEST_RETRY;
    const extend = async () => performance.now() < until && trial?.extend(seconds);
    const timer = setInterval(() => extend().catch(() => clearInterval(timer)), (seconds * 1000) / 3);
    try {
      return await task();
    } finally {
      clearInterval(timer);
    }
  };

  const verify = async (walk: Case, signal: AbortSignal): Promise<Verification> => {
    const logged: Sighting[] = [];
    const watch = await watchLog((entries) => logged.push(...entries));
    let attempts: readonly Attempt[];
    try {
      attempts = await whileWaiting(walk.confirmWithin, () => retry(walk, signal));
      await pause(SETTLE);
    } finally {
      await watch.stop();
    }
    const { plan } = walk;
    const places = plan?.changes.map(({ place }) => place) ?? [];
    const packets = plan === null ? null : await readCounters(host, places, plan.tag);
    const { ruleset, surroundings } = await inspectNow();
    const passes = (conversation: Conversation) => isLetThrough(traceConversation(ruleset, conversation, surroundings));
    // Where nothing can be read, no entry says nothing.
    const isBlind = walk.inspection?.logs?.length === 0;
    const drops = isBlind ? null : findDrops({ ruleset, surroundings, own: walk.logging }, logged);
    const seen = { attempts, drops, passes: (plan?.repaired ?? []).every(passes) };
    return { ...seen, packets, result: judgeVerification(seen, plan?.choice ?? { kind: 'all' }) };
  };

  return {
    inspect: async () => {
      const inspection = await inspectServer(host, caseId);
      counted = { rules: listStops(inspection), before: [] };
      return inspection;
    },
    watchLog,
    listLasting: (plan) => listLasting(host, plan),
    openWindow: async (seconds) => {
      const began = Date.now();
      return (await trial?.extend(seconds)) === true ? new Date(began + seconds * 1000) : null;
    },
    attempt: tryAll,
    verify,
    turnLoggingOn: async ({ apply, undo }) => {
      logging = await startTemporary(host, { caseId: loggingCaseOf(caseId), apply, undo, expiresIn: LOGGING_EXPIRES });
    },
    turnLoggingOff: async () => {
      if ((await logging?.end()) === 'rollback-failed')
        throw leftOver(loggingCaseOf(caseId), 'The temporary LOG rules');
      logging = null;
    },
    diagnose: async (walk) => {
      const { rules, before } = counted;
      // Own attempts at what the rules leave open would count in them too.
      const after = await readRuleCounters(host, rules);
      const now = await inspectForNow(host, caseId);
      return diagnoseWalk(host, walk, now, findRises(rules, before, after));
    },
    planFix: planNow,
    rehearse: (plan) => rehearseRollback(host, plan.rehearsal),
    apply: async (walk, plan) => {
      await needNoOther(host);
      const planAgain = async () => (await planNow(walk, [plan.choice]))[0];
      const { confirmWithin } = walk;
      const applied = await applyPlan({ host, caseId, confirmWithin, inspectNow, planAgain }, plan);
      trial = applied.trial;
      return { trial: { caseId, deadline: new Date(trial.rollsBackAt) }, plan: applied.plan };
    },
    trialEnd: async (signal) => {
      while (!signal.aborted) {
        const state = await trial?.state();
        if (state === 'confirmed' || state === 'saving') return 'confirmed';
        if (state === 'rollback-failed') throw leftOver(caseId, 'The fix');
        if (state !== 'armed' && state !== 'rolling-back') return 'rolled-back';
        await pause(POLL);
      }
      return 'confirmed';
    },
    keep: async (plan) => {
      const kept = await keepCase(host, caseId, () => savePlan(host, caseId, plan));
      switch (kept.end) {
        case 'confirmed':
          return kept.saved;
        case 'kept-elsewhere':
          return savedElsewhere(host, caseId);
        case 'rolled-back':
          return null;
        case 'rollback-failed':
          throw leftOver(caseId, 'The fix');
      }
    },
    rollBack,
    tellReport: (seen, outcome) => walkReport(withoutSecrets(seen), outcome, host.name),
    writeCopy: (name, text) => writeRecord(host, caseId, name, text),
    writeReport: async (seen, outcome) => {
      const walk = withoutSecrets(seen);
      const document = printableOutput(JSON.stringify(reportDocument(walk, outcome, host.name)));
      await writeRecord(host, caseId, 'report.json', `${document}\n`);
      await writeRecord(
        host,
        caseId,
        'report.sh',
        reportScript(walk, outcome, host.name, planLooks(caseId, walk.plan?.undo ?? [])),
      );
      await writeRecord(host, caseId, 'report.html', htmlReport(walk, outcome, host.name));
      return writeRecord(host, caseId, 'report.md', walkReport(walk, outcome, host.name));
    },
  };
};
