// What loopback traffic to one kind of address comes to: all of it, a part of it, or not to be told.

import type { Conversation, RulePlace, Trace } from '../../firewall/conversation/trace.ts';
import { OTHER_PORTS, SOME_PORT, SOME_USER } from '../../firewall/questions/probe-conversations.ts';

/**
 * `blocked`: what no rule names is stopped, so whatever is not permitted. `partly`: only what a rule names is. `not-in-dump`: the dumps hold
 * nothing that could tell (a server is never that).
 */
export type LoopbackOutcome = Exclude<Trace['outcome'], 'leaves'> | 'partly' | 'not-in-dump';

/** A user that was tried (a `gid`: a group, with a user that no rule names); gid 65534 stands for all users that no rule names. */
export type TriedUser = { readonly uid: number; readonly gid: number | null; readonly name?: string };

/**
 * Conversations that one rule stops. `ports` null: whatever the port; `users` null: whoever calls, else those of the tried users who can't.
 */
export type StoppedPart = {
  readonly protocol: Conversation['protocol'];
  readonly destination: string;
  readonly ports: readonly number[] | null;
  readonly users: readonly TriedUser[] | null;
  readonly rule: RulePlace | null;
  /** Root was seen to pass, by the rules or by an own attempt, where it is stopped for others. */
  readonly rootPasses: boolean;
};

/** What the rules make of traffic to one kind of address: `trace` is the most telling conversation (a blocked one, else an unknown one); `stopped` what is stopped where it is a part only. */
export type RuleJudgement = {
  readonly outcome: LoopbackOutcome;
  readonly trace: Trace | null;
  readonly stopped: readonly StoppedPart[];
};

/** `isTelling`: a blocked conversation that tells more than others; `retrace`: traces one that was not tried; `isHeld`: its family is in the dumps. */
export type JudgeOptions = {
  readonly isTelling: (trace: Trace) => boolean;
  readonly retrace: (conversation: Conversation) => Trace;
  readonly isHeld: boolean;
  /** An own attempt got through. */
  readonly isSeen?: (conversation: Conversation) => boolean;
  /** What a user is called; undefined where that is not known. */
  readonly nameOf?: (uid: number) => string | undefined;
};

/** The worst outcome decides: one blocked conversation is a reason for something to fail. */
export const judgeLoopback = (
  traces: readonly Trace[],
  { isTelling, retrace, isHeld, nameOf = () => undefined, isSeen = () => false }: JudgeOptions,
): RuleJudgement => {
  const blocked = traces.filter(({ outcome }) => outcome === 'blocked');
  const telling = blocked.find(isTelling) ?? blocked[0];
  if (telling !== undefined) {
    const isAll = blocked.some(
      (trace) => isGeneral(trace) && OTHER_PORTS.every((port) => isStopped(retrace, trace, port)),
    );
    return isAll
      ? { outcome: 'blocked', trace: telling, stopped: [] }
      : { outcome: 'partly', trace: telling, stopped: listStopped(traces, nameOf, isSeen) };
  }
  const unknown = traces.find((trace) => trace.outcome === 'unknown' || isAllAway(trace, retrace));
  if (unknown !== undefined) return { outcome: 'unknown', trace: unknown, stopped: [] };
  return { outcome: isHeld ? 'works' : 'not-in-dump', trace: null, stopped: [] };
};

/** What no rule names: a port, the address that everybody uses, and root or a user like any other. */
const isGeneral = ({ conversation: { destination, destinationPort, uid, gid } }: Trace): boolean =>
  destinationPort === SOME_PORT &&
  (uid === 0 || gid === SOME_USER) &&
  (destination === '127.0.0.1' || !destination.startsWith('127.'));

/** NAT sends away whatever no rule names: nothing is left by which loopback could be judged. */
export const isAllAway = (trace: Trace, retrace: JudgeOptions['retrace']): boolean =>
  trace.outcome === 'leaves' &&
  isGeneral(trace) &&
  OTHER_PORTS.every((port) => retrace({ ...trace.conversation, destinationPort: port }).outcome === 'leaves');

/** A range of ports that a rule names may hold one that stands for all: then the others pass. */
const isStopped = (retrace: JudgeOptions['retrace'], { conversation }: Trace, port: number): boolean =>
  retrace({ ...conversation, destinationPort: port }).outcome === 'blocked';

const userKey = ({ uid, gid }: TriedUser): string => `${uid} ${gid}`;
const ruleKey = ({ stoppedAt }: Trace): string => {
  if (stoppedAt === null) return '';
  const { layer, variant, family, table, chain, number } = stoppedAt.rule;
  return [layer, variant, family, table, chain, number].join(' ');
};

/** The blocked ones of all that was tried, those that one rule stops for the same users as one. */
const listStopped = (
  traces: readonly Trace[],
  nameOf: (uid: number) => string | undefined,
  isSeen: (conversation: Conversation) => boolean,
): StoppedPart[] => {
  const rootPasses = ({ protocol, destination }: Conversation): boolean =>
    traces.some(
      ({ conversation: one, outcome }) =>
        one.uid === 0 &&
        one.protocol === protocol &&
        one.destination === destination &&
        (outcome === 'works' || isSeen(one)),
    );
  const places = Map.groupBy(traces, ({ conversation: { protocol, destination, destinationPort } }) =>
    [protocol, destination, destinationPort].join(' '),
  );
  const stopped = [...places.values()].flatMap((tried) => {
    const blocked = tried.filter(({ outcome }) => outcome === 'blocked');
    return [...Map.groupBy(blocked, ruleKey).values()].flatMap((alike) => {
      const [first] = alike;
      if (first === undefined) return [];
      const users =
        alike.length === tried.length
          ? null
          : alike.map(({ conversation: { uid, gid = null } }) => {
              const name = nameOf(uid);
              return { uid, gid, ...(name === undefined ? {} : { name }) };
            });
      return [{ first, users, key: [ruleKey(first), users?.map(userKey).join(',') ?? ''].join('\n') }];
    });
  });
  const groups = Map.groupBy(stopped, ({ first: { conversation }, key }) =>
    [conversation.protocol, conversation.destination, key].join('\n'),
  );
  return [...groups.values()].flatMap((parts) => {
    const [part] = parts;
    if (part === undefined) return [];
    const { protocol, destination } = part.first.conversation;
    const ports = parts.flatMap(({ first: { conversation } }) => conversation.destinationPort ?? []);
    const rule = part.first.stoppedAt?.rule ?? null;
    const isAny = ports.includes(SOME_PORT);
    return [
      {
        protocol,
        destination,
        ports: isAny ? null : ports.sort((a, b) => a - b),
        users: part.users,
        rule,
        rootPasses:
          part.users !== null && !part.users.some(({ uid }) => uid === 0) && rootPasses(part.first.conversation),
      },
    ];
  });
};
