// The work of a walk done on a server, by what host/ can do there.
import type { Attempt } from '../diagnosis/attempt.ts';
import { diagnose } from '../diagnosis/diagnose.ts';
import { inspect, type ServerFacts } from '../diagnosis/inspect.ts';
import type { Choice, FixPlan, Service } from '../firewall/fix/plan.ts';
import { planFix } from '../firewall/fix/plan-fix.ts';
import type { Conversation } from '../firewall/trace.ts';
import { type Host, HostError } from '../host/host.ts';
import { findLogSources } from '../host/log-source.ts';
import { openLogs } from '../host/open-logs.ts';
import { probeConversation } from '../host/probe.ts';
import { readCounters } from '../host/read-counters.ts';
import { saveForBoot } from '../host/save-for-boot.ts';
import { startTemporary, startTrial, type Temporary, type Trial } from '../host/trial.ts';
import { writeRecord } from '../host/write-record.ts';
import type { Sighting } from '../log/count-sightings.ts';
import type { EntryLine, LogLine } from '../log/entry.ts';
import { parseLine } from '../log/parse-line.ts';
import { walkReport } from '../report/walk-report.ts';
import type { Action } from '../wizard/action.ts';
import { outcomeOf } from '../wizard/next.ts';
import type { Case, Verification } from '../wizard/state.ts';
import type { Work } from '../wizard/work.ts';
import { readServer } from './read-server.ts';

/** How long temporary log rules live when nobody takes them away: longer than a walk takes, shorter than a forgotten one. */
const LOGGING_EXPIRES = 30 * 60;
/** How long a command of the user's may take. */
const COMMAND_TIMEOUT = 10 * 60_000;
/** How long after a retry entries are waited for. */
const SETTLE = 500;
const POLL = 500;
/** How long entries are gathered before they are told. */
const BATCH = 50;

const isEntryLine = (line: LogLine): line is EntryLine => line.entry !== null;

/** `now` is the clock that log lines without a year are read by. */
export type ServerWorkParts = { host: Host; caseId: string; now: () => Date };

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const works = (attempt: Attempt): boolean =>
  attempt.kind === 'connection' ? attempt.end === 'connected' : attempt.code === 0;

/** The services that were seen blocked, each once. */
const servicesSeen = ({ diagnosis }: Case): Service[] => {
  const services = new Map<string, Service>();
  for (const { conversation } of diagnosis?.blocked ?? []) {
    const { protocol, destinationPort: port } = conversation;
    services.set(`${protocol}/${port}`, { protocol, port });
  }
  return [...services.values()];
};

const choicesFor = (walk: Case): Choice[] => {
  const services = servicesSeen(walk);
  return [{ kind: 'all' }, ...(services.length > 0 ? [{ kind: 'services', services } as const] : [])];
};

const failing = ({ diagnosis }: Case): Conversation[] =>
  (diagnosis?.blocked ?? []).map(({ conversation }) => conversation);

const isSamePlan = (a: FixPlan, b: FixPlan): boolean => JSON.stringify(a.apply) === JSON.stringify(b.apply);

/** The work of a walk on this host. A case has one trial and one temporary logging at a time. */
export const serverWork = ({ host, caseId, now }: ServerWorkParts): Work => {
  let logging: Temporary | null = null;
  let trial: Trial | null = null;

  const inspectNow = async () => inspect(await readServer(host), caseId);

  const planAll = (facts: ServerFacts, walk: Case): FixPlan[] => {
    const { ruleset, surroundings, iptables } = inspect(facts, caseId);
    return choicesFor(walk).map((choice) =>
      planFix(ruleset, surroundings, failing(walk), choice, { caseId, iptables }),
    );
  };

  const watchLog: Work['watchLog'] = async (onEntries) => {
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
      onEntries(waiting);
      waiting = [];
    };
    void listen();
    return { stop: logs.stop };
  };

  const tryAll = async ({ tries, commandLine }: Action, signal: AbortSignal, onOutput: (output: string) => void) => {
    if (commandLine === null)
      return Promise.all(tries.map((conversation) => probeConversation(host, conversation, signal)));
    const options = { signal, onOutput, timeout: COMMAND_TIMEOUT };
    const { code, stdout, stderr } = await host.run(['sh', '-c', commandLine], options);
    return [{ kind: 'command', commandLine, code, output: `${stdout}${stderr}` } as const];
  };

  /** Every conversation that failed is opened again, and the user's command is run again. */
  const retry = async (walk: Case, signal: AbortSignal): Promise<readonly Attempt[]> => {
    const { diagnosis, action } = walk;
    const reachable = (diagnosis?.blocked ?? []).filter(({ listener }) => listener !== null);
    const blocked = reachable.map(({ conversation }) => conversation).filter(({ protocol }) => protocol === 'tcp');
    const connections = await tryAll({ id: 'by-hand', tries: blocked, commandLine: null }, signal, () => {});
    const command = action?.commandLine == null ? [] : await tryAll(action, signal, () => {});
    return [...connections, ...command];
  };

  const verify = async (walk: Case, signal: AbortSignal): Promise<Verification> => {
    const drops: Sighting[] = [];
    const watch = await watchLog((entries) => drops.push(...entries.filter(({ line }) => line.entry.loopback)));
    const attempts = await retry(walk, signal);
    await pause(SETTLE);
    watch.stop();
    const { plan } = walk;
    const places = plan?.changes.map(({ place }) => place) ?? [];
    const packets = plan === null ? null : await readCounters(host, places, plan.tag);
    const { loopback } = await inspectNow();
    const passes = Object.values(loopback).every(({ outcome }) => outcome !== 'blocked');
    return { attempts, drops, packets, works: attempts.every(works) && (attempts.length > 0 || passes) };
  };

  return {
    inspect: inspectNow,
    watchLog,
    attempt: tryAll,
    verify,
    turnLoggingOn: async ({ apply, undo }) => {
      logging = await startTemporary(host, { caseId: `${caseId}-log`, apply, undo, expiresIn: LOGGING_EXPIRES });
    },
    turnLoggingOff: async () => {
      await logging?.end();
      logging = null;
    },
    diagnose: async ({ entries, attempts, logging: plan }) => {
      const { ruleset, surroundings, listeners } = await inspectNow();
      return diagnose({ ruleset, surroundings, listeners, entries, attempts, ownPrefix: plan?.prefix ?? null });
    },
    planFix: async (walk) => planAll(await readServer(host), walk),
    apply: async (walk, plan) => {
      const again = planAll(await readServer(host), walk).find(({ choice }) => choice.kind === plan.choice.kind);
      if (again === undefined || !isSamePlan(again, plan))
        throw new HostError('The rules of this server have changed meanwhile, so nothing was applied.', {
          nextSteps: ['Go back and have the fix worked out anew, by the rules as they are now.'],
        });
      trial = await startTrial(host, { caseId, apply: plan.apply, undo: plan.undo, confirmWithin: walk.confirmWithin });
      return { caseId, deadline: new Date(trial.rollsBackAt) };
    },
    trialEnd: async (signal) => {
      while (!signal.aborted) {
        const state = await trial?.state();
        if (state === 'confirmed') return 'confirmed';
        if (state !== 'armed') return 'rolled-back';
        await pause(POLL);
      }
      return 'confirmed';
    },
    keep: async (plan) => {
      const end = await trial?.confirm();
      return end === 'confirmed' ? saveForBoot(host, { caseId, insertions: plan.bootInsertions, tag: plan.tag }) : null;
    },
    rollBack: async () => {
      if ((await trial?.rollBack()) !== 'rollback-failed') return;
      throw new HostError('The fix could not be taken back completely.', {
        nextSteps: [`lo-doctor undo ${caseId}`, 'Or delete the rules by hand: their comments name the case.'],
      });
    },
    writeReport: (walk) => writeRecord(host, caseId, 'report.md', walkReport(walk, outcomeOf(walk), host.name)),
  };
};
