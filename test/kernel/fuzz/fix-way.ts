// The two ways in which the fuzzer plans, applies and takes back a fix: by the product's whole work on a server, and by the commands that it plans.

import type { Diagnosis } from '../../../src/diagnosis/diagnose.ts';
import type { Trace } from '../../../src/firewall/conversation/trace.ts';
import type { Choice, FixPlan, PlannedCommand } from '../../../src/firewall/fix/plan.ts';
import { planFix } from '../../../src/firewall/fix/plan-fix.ts';
import { probeConversations } from '../../../src/firewall/questions/probe-conversations.ts';
import { begin, type Case } from '../../../src/wizard/state.ts';
import { serverWork } from '../../../src/work/server-work.ts';
import { hostInLab } from '../host-in-lab.ts';
import type { Lab } from '../lab.ts';
import { parseDumps } from './judge.ts';
import { type Dump, dumpAfter } from './kernel.ts';
import { addresses, ports } from './server.ts';

/** What lo-doctor knows of the lab: who its services run as, it does not. */
export const surroundings = { ownAddresses: [...addresses.ip, ...addresses.ip6], serverUid: null, serverGid: null };

/** A fix of some failing conversations; `apply` and `undo` resolve to the dumps of the rules afterwards. */
export type FixWay = {
  plan(failing: readonly Trace[], choice: Choice): Promise<FixPlan>;
  apply(plan: FixPlan): Promise<readonly Dump[]>;
  undo(plan: FixPlan): Promise<readonly Dump[]>;
};

/** The lab with its rules loaded; `legacy`: some are of iptables-legacy's. */
export type Site = {
  readonly lab: Lab;
  readonly caseId: string;
  readonly legacy: boolean;
  readonly dumps: readonly Dump[];
};

/** As the wizard does it: the server is read anew each time, and a rollback is armed before the first rule goes in. */
export function wholeWay({ lab, caseId, legacy }: Site): FixWay {
  const work = serverWork({ host: hostInLab(lab), caseId, now: () => new Date() });
  let walk = begin({ id: caseId, startedAt: new Date(), confirmWithin: 600, story: null }).case;
  return {
    plan: async (failing, choice) => {
      walk = diagnosed(walk, failing);
      const [plan] = await work.planFix(walk, [choice]);
      if (plan === undefined) throw new Error('no plan');
      return plan;
    },
    apply: async (plan) => {
      await work.apply(walk, plan);
      return rulesAfter(lab, legacy, []);
    },
    undo: async () => {
      await work.rollBack();
      return rulesAfter(lab, legacy, []);
    },
  };
}

/** The same plan from the same rules, its commands run one after the other. */
export function shortWay({ lab, caseId, legacy, dumps }: Site): FixWay {
  const ruleset = parseDumps(dumps);
  const listeners = ports.flatMap((port) => (['tcp', 'udp'] as const).map((protocol) => ({ protocol, port })));
  const probes = probeConversations({ ruleset, ownAddresses: surroundings.ownAddresses, listeners });
  return {
    plan: async (failing, choice) => {
      const conversations = failing.map(({ conversation }) => conversation);
      return planFix(ruleset, surroundings, conversations, choice, { caseId, iptables: 'nft', probes });
    },
    apply: async (plan) => rulesAfter(lab, legacy, plan.apply),
    undo: async (plan) => rulesAfter(lab, legacy, plan.undo),
  };
}

/** The walk as it is when the log has been read. */
function diagnosed(walk: Case, traces: readonly Trace[]): Case {
  const blocked = traces.map((trace) => {
    const { conversation, stoppedAt: stop } = trace;
    return { conversation, sample: null, entries: 0, listener: null, trace, stop };
  });
  const diagnosis: Diagnosis = { verdict: 'loopback-blocked', blocked, elsewhere: [], findings: [] };
  return { ...walk, diagnosis };
}

/** Runs the commands; rejects with what a tool complained of. */
export async function rulesAfter(
  lab: Lab,
  legacy: boolean,
  commands: readonly PlannedCommand[],
): Promise<readonly Dump[]> {
  const dumped = await dumpAfter(lab, legacy, commands.map(inShell));
  if ('complaint' in dumped) throw new Error(dumped.complaint);
  return dumped.dumps;
}

function inShell({ command, input }: PlannedCommand): string {
  const words = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return input === undefined ? words : `${words} <<'=END='\n${input}=END=`;
}
