// The answer of an evaluation: the way of a conversation through the hooks, the rules it met, and how it ended.
import type { Facts } from '../facts/facts.ts';
import type { Family, Hook, Owner } from '../model/model.ts';
import type { Packet } from '../model/packet.ts';
import type { Log } from '../model/steps.ts';

/** Two programs on this host that talk over lo: addresses in canonical text, ports null for icmp, `uid` of the client (`gid` null: not known). */
export type Conversation = {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
  readonly uid: number;
  readonly gid?: number | null;
};

/** How opening a conversation for real ended, as the client sees it; `failed` says nothing about the network. */
export type ConnectionEnd = 'connected' | 'refused' | 'timed-out' | 'not-permitted' | 'unreachable' | 'failed';

/** What the evaluator has to know of the host beyond its rules. */
export type Surroundings = {
  /** Every address of the host in text, loopback ones included; null: not known, the conversation's own two are assumed. */
  readonly ownAddresses: readonly string[] | null;
  /** The user whose program listens (owner matches on replies); null: not known. */
  readonly serverUid: number | null;
  readonly serverGid: number | null;
  /** What the server keeps beside its rules; without it, nothing of that is known. */
  readonly facts?: Facts;
};

/** A rule, or with number 0 a policy (`policy drop`), in its place. */
export type RulePlace = Owner & {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly number: number;
  readonly text: string;
  readonly handle: number | null;
  readonly line: number | null;
  /** What its owner calls it: `/etc/ufw/before.rules:38`, `ufw rule 3: 25/tcp DENY OUT Anywhere (out)`. */
  readonly origin?: string;
};

/** Something the answer depends on that is not known: which rule asks, in its words what, and what would settle it. `limit`: a rate limit. */
export type Doubt = {
  readonly rule: RulePlace;
  readonly what: string;
  readonly settledBy: string;
  readonly limit: boolean;
};

/** A rule met: whether its conditions hold for the packet, why that is unknown if it is, and what it did if they do. */
export type Met = {
  readonly rule: RulePlace;
  readonly match: 'yes' | 'no' | 'unknown';
  readonly doubts: readonly Doubt[];
};

/** Neighbours in one chain that the packet met and that did not match. */
export type PassedRules = {
  readonly match: 'no';
  readonly first: RulePlace;
  readonly last: RulePlace;
  readonly count: number;
  readonly each: readonly Met[];
};

/** A log entry written: `certain` is 'limited' within a rate limit and 'maybe' where it hangs on something unknown, the `doubts`. */
export type Written = {
  readonly rule: RulePlace;
  readonly log: Log;
  readonly certain: 'yes' | 'limited' | 'maybe';
  readonly doubts: readonly Doubt[];
};

export type HookVerdict = 'accept' | 'drop' | 'reject' | 'unknown';

/**
 * One hook: the packet as it entered the hook, all rules met there in order, what was logged. `way` is the same as `rules` with those that
 * did not match taken together, which long chains need. `stopped`: the rule that ended the packet here.
 */
export type HookTrace = {
  readonly hook: Hook;
  readonly packet: Packet;
  readonly verdict: HookVerdict;
  readonly way: readonly (Met | PassedRules)[];
  readonly rules: readonly Met[];
  readonly logs: readonly Written[];
  readonly stopped: RulePlace | null;
};

/** `error` is the packet that a REJECT sends back to the sender. The established ones stand for all that follows. */
export type PacketName = 'request' | 'reply' | 'established-request' | 'established-reply' | 'error';

export type PacketTrace = { readonly packet: PacketName; readonly hooks: readonly HookTrace[] };

/** Where a conversation was stopped for sure. */
export type Stop = {
  readonly packet: PacketName;
  readonly hook: Hook;
  readonly rule: RulePlace;
  readonly verdict: 'drop' | 'reject';
};

/** Where NAT sends a conversation, off this host; null for what is not known of it (one of several). */
export type SentAway = {
  readonly address: string | null;
  readonly port: number | null;
  readonly rule: RulePlace;
};

/**
 * `outcome` is for the whole conversation; `logged`: would the kernel print a line for its opening exchange. `unknown` holds
 * what the outcome depends on (outcome unknown), or else what `logged` does. `leaves`: no rule for lo stops it, and NAT sends it off lo
 * (`sentAway`, empty else), so it is no loopback conversation; what becomes of it there is not known.
 */
export type Trace = {
  readonly conversation: Conversation;
  readonly outcome: 'works' | 'leaves' | 'blocked' | 'unknown';
  readonly sentAway: readonly SentAway[];
  readonly logged: 'yes' | 'no' | 'maybe';
  readonly stoppedAt: Stop | null;
  readonly unknown: readonly Doubt[];
  readonly packets: readonly PacketTrace[];
};
