// What is wrong with the rules, whether or not anything has failed yet. Each finding is a small function; nothing wrong, nothing said.

import type { Conversation, RulePlace, Trace } from '../../firewall/conversation/trace.ts';
import type { FinalRule } from '../../firewall/questions/final-rule.ts';
import { SOME_PORT, SOME_USER } from '../../firewall/questions/probe-conversations.ts';
import { nameAddress, nameConversation } from '../../naming/conversations.ts';
import { citeRule } from '../../naming/rules.ts';
import { listenerOf, listensTo } from '../failures.ts';
import type { Finding } from '../finding.ts';
import { isListener, type Listener } from '../listener.ts';
import { findOwnerFindings } from '../owners/find-owner-findings.ts';
import { adviseLogging } from '../silence/advise-logging.ts';
import { tellTried } from '../tell-tried.ts';
import { findAbsentProxies } from '../way/find-absent-proxies.ts';
import { findUnreadQueues } from '../way/find-unread-queues.ts';
import { findNatFindings } from './find-nat-findings.ts';
import type { Inspection } from './inspect.ts';

/** Destinations that are named of those that a rule stops. */
const NAMED = 3;

/** `TCP to 127.0.0.1:25 as www-data (uid 33)` */
const nameProbe = ({ users }: Inspection, conversation: Conversation): string => {
  const { uid, gid = null } = conversation;
  const name = nameConversation(conversation);
  if (uid === 0) return name;
  const user = users?.get(uid);
  if (uid === SOME_USER)
    return `${name} as ${gid === null || gid === SOME_USER ? 'a user that no rule names' : `gid ${gid}`}`;
  return `${name} as ${user === undefined ? `uid ${uid}` : `${user} (uid ${uid})`}`;
};

/** Where somebody listens first, the invented port that stands for all others only where nobody does. */
const byWeight = ({ listeners }: Inspection, traces: readonly Trace[]): Trace[] => {
  const weigh = ({ conversation }: Trace) =>
    isListener(listenerOf(listeners, conversation)) ? 0 : conversation.destinationPort === SOME_PORT ? 2 : 1;
  const sorted = traces.toSorted((one, other) => weigh(one) - weigh(other));
  const isServed = sorted.some((trace) => weigh(trace) === 0);
  return isServed ? sorted.filter((trace) => weigh(trace) < 2) : sorted;
};

/** Who can't reach a listener; nothing where nobody can. */
const whoCant = ({ blockedTraces, users, loopback }: Inspection, listener: Listener): string => {
  const stopped = blockedTraces.filter(({ conversation }) => listensTo(conversation)(listener));
  const uids = [...new Set(stopped.map(({ conversation }) => conversation.uid))];
  if (uids.includes(0)) return '';
  const names = uids.map((uid) =>
    uid === SOME_USER ? 'users that no rule names' : users?.has(uid) ? `${users.get(uid)} (uid ${uid})` : `uid ${uid}`,
  );
  const rootPasses = Object.values(loopback).some((judged) =>
    judged.stopped.some((part) => part.protocol === listener.protocol && part.rootPasses),
  );
  return ` by ${names.join(', ')}${rootPasses ? '; root passes' : ''}`;
};

/** One line for each rule that stops something, with the first of the evaluated conversations that it stops. */
const listStops = (inspection: Inspection, traces: readonly Trace[]): string[] => {
  const byRule = Map.groupBy(traces, ({ stoppedAt }) =>
    stoppedAt === null ? 'several rules' : citeRule(stoppedAt.rule),
  );
  return [...byRule].map(([rule, stopped]) => {
    const ends = [
      ...new Set(byWeight(inspection, stopped).map(({ conversation }) => nameProbe(inspection, conversation))),
    ];
    const more = ends.length > NAMED ? ` and ${ends.length - NAMED} more` : '';
    return `${ends.slice(0, NAMED).join(', ')}${more}: stopped by ${rule}`;
  });
};

const findBlocked = (inspection: Inspection): Finding | null => {
  const { blocked, blockedTraces, blockedServices, loopback, tried = [] } = inspection;
  const isAll = Object.values(loopback).some(({ outcome }) => outcome === 'blocked');
  return blocked
    ? {
        id: isAll ? 'loopback-blocked' : 'loopback-partly',
        severity: 'problem',
        title: isAll ? 'The firewall blocks loopback traffic.' : 'The firewall stops a part of loopback traffic.',
        evidence: [
          ...blockedServices.map(
            (listener) =>
              `${listener.process ?? 'a service'} listens at ${nameAddress(listener.address, listener.port)} (${listener.protocol.toUpperCase()}) and can't be reached over lo${whoCant(inspection, listener)}`,
          ),
          ...listStops(inspection, blockedTraces),
          ...tried.map(tellTried),
        ],
        advice:
          'lo-doctor walks through it: it proves it with the log, permits loopback before the rule that drops, and can take it back. The commands alone:',
        commands: [['lo-doctor', 'fix', '--all', '--dry-run']],
      }
    : null;
};

/** What the dumps can't tell, unless a drop in them tells enough. */
const findNotInDump = ({ loopback, dump }: Inspection): Finding | null =>
  dump !== null && Object.values(loopback).some(({ outcome }) => outcome === 'not-in-dump')
    ? {
        id: 'not-in-dump',
        severity: 'warning',
        title: 'The dump does not hold all that decides about loopback.',
        evidence: dump.missing.map((part) => `not in the dump: ${part}`),
        advice:
          'Have them printed on the server too and give them as well (--rules may be given more than once), or run lo-doctor check there.',
        commands: [],
      }
    : null;

/** Whether the kernel may write a line about everything that the rule stops: within a limit, say. */
const isLoggedAtTimes = ({ blockedTraces }: Inspection, rule: RulePlace): boolean => {
  const name = citeRule(rule);
  const stopped = blockedTraces.filter(({ stoppedAt }) => stoppedAt !== null && citeRule(stoppedAt.rule) === name);
  return stopped.length > 0 && stopped.every(({ logged }) => logged === 'maybe');
};

const findUnlogged = (inspection: Inspection): Finding | null => {
  const { blocked, loggingPlan, owners } = inspection;
  const changes = loggingPlan?.changes.filter(({ traffic }) => traffic === 'loopback') ?? [];
  if (!blocked || changes.length === 0) return null;
  const silent = changes.map(({ reports }) => reports);
  const atTimes = silent.filter((rule) => isLoggedAtTimes(inspection, rule));
  return {
    id: 'drops-not-logged',
    severity: 'warning',
    title: `Loopback packets ${atTimes.length < silent.length ? 'would' : 'may'} be dropped without an entry in the log.`,
    evidence: [
      ...new Set(
        silent.map((rule) => `not ${atTimes.includes(rule) ? 'always ' : ''}logged before: ${citeRule(rule)}`),
      ),
    ],
    advice: [
      'Put a LOG rule right before each of them, or let lo-doctor do so while it looks.',
      ...adviseLogging(owners, silent),
    ].join(' '),
    commands: [],
  };
};

const findLogBehind = (policies: readonly { final: FinalRule }[]): Finding | null => {
  const behind = policies.map(({ final }) => final).find(({ logs }) => logs === 'unreachable');
  if (behind?.logger == null) return null;
  return {
    id: 'log-after-drop',
    severity: 'warning',
    title: 'A LOG rule stands behind the rule whose drops it should report: it is never reached.',
    evidence: [`logs: ${citeRule(behind.logger)}`, `drops first: ${citeRule(behind.stop ?? behind.rule)}`],
    advice: 'Move the LOG rule in front of the rule that drops.',
    commands: [],
  };
};

const findUnknown = ({ loopback, tried = [] }: Inspection): Finding | null => {
  const doubts = Object.values(loopback).flatMap(({ outcome, trace }) =>
    outcome === 'unknown' ? (trace?.unknown ?? []) : [],
  );
  if (doubts.length === 0) return null;
  return {
    id: 'loopback-unknown',
    severity: 'warning',
    title: "Whether loopback passes can't be told from the rules alone.",
    evidence: [
      ...new Set(doubts.map(({ rule, what }) => `it depends on "${what}" in ${citeRule(rule)}`)),
      ...tried.map(tellTried),
    ],
    advice: `What would settle it: ${[...new Set(doubts.map(({ settledBy }) => settledBy))].join('; ')}.`,
    commands: [],
  };
};

const findPingBlocked = (inspection: Inspection): Finding | null => {
  const { blocked, ping } = inspection;
  return !blocked && ping.outcome === 'blocked' && ping.trace !== null
    ? {
        id: 'loopback-ping-blocked',
        severity: 'notice',
        title: 'Ping over loopback is blocked, all else passes.',
        evidence: listStops(inspection, [ping.trace]),
        advice: 'Programs seldom miss it; a monitoring that pings its own server does.',
        commands: [],
      }
    : null;
};

const findListenersUnknown = ({ listeners, dump }: Inspection): Finding | null =>
  listeners !== null || dump !== null
    ? null
    : {
        id: 'listeners-unknown',
        severity: 'warning',
        title: 'Which services listen here is not known.',
        evidence: ['neither ss nor netstat answers, and /proc/net/tcp can not be read'],
        advice: 'What is said of ports is said of the rules alone. Install iproute2 (it has ss), and look again.',
        commands: [],
      };

/** The findings about a server's rules and about what else is in the way, problems first. */
export const findRuleFindings = (inspection: Inspection): Finding[] =>
  [
    ...inspection.wayFaults.map(({ finding }) => finding),
    findBlocked(inspection),
    findUnreadQueues(inspection),
    findAbsentProxies(inspection),
    findUnknown(inspection),
    findUnlogged(inspection),
    findLogBehind(inspection.policies),
    findNotInDump(inspection),
    findPingBlocked(inspection),
    findListenersUnknown(inspection),
    ...findNatFindings(inspection),
    ...findOwnerFindings(inspection),
  ].filter((finding) => finding !== null);
