// What a plan is: the rules it adds and where, the commands that make and unmake them, and what was proved about it.

import type { Conversation, RulePlace } from '../conversation/trace.ts';
import type { Family, Owner, Rule, Ruleset } from '../model/model.ts';
import type { RehearsalPlan } from './rehearse-permits.ts';

/** A command as an argument vector, with its standard input where it has one; run without a shell, shown exactly as run. */
export type PlannedCommand = {
  readonly command: readonly [program: string, ...args: string[]];
  readonly input?: string;
};

/** A chain, by the names under which its owner's tool knows it. */
export type ChainPlace = Owner & { readonly family: Family; readonly table: string; readonly chain: string };

/**
 * One rule that a plan adds. `position` is the number it gets, counted after the plan's earlier changes; `before` is the rule that then
 * follows it, as it stood before the plan (number 0: the chain's policy; null: the end of a chain that is jumped to). `reason` says why here.
 */
export type Change = {
  readonly place: ChainPlace;
  readonly position: number;
  readonly before: RulePlace | null;
  readonly rule: Rule;
  readonly reason: string;
};

/** A logging rule: what its lines start with, the dropping rule it reports, and whether it sees lo or all the rest. */
export type LoggingChange = Change & {
  readonly prefix: string;
  readonly reports: RulePlace;
  readonly traffic: 'loopback' | 'other';
};

/** One row of a chain's listing: a policy has number 0. `>` marks the rule that stopped traffic, `+` an added rule. */
export type PolicyRow = { readonly number: number; readonly text: string; readonly sign: '>' | '+' | ' ' };

/** A chain that a plan changes, as listed before and after it. */
export type PolicyChange = {
  readonly place: ChainPlace;
  readonly before: readonly PolicyRow[];
  readonly after: readonly PolicyRow[];
  /** The number in `after` of the rule that takes all that reaches it; 0 is the policy, null: none does. */
  readonly final: number | null;
};

/** Something that the plan can't put right: why, in words, and the rule that is in the way (null: none is known). */
export type Remaining = {
  readonly conversation: Conversation;
  readonly why: string;
  readonly rule: RulePlace | null;
};

/**
 * How a rule goes into a saved rules file (iptables-save text): before the first rule of its chain whose text is `beforeRuleText`, or,
 * where that is null, at the chain's end. `ruleText` is `-A CHAIN …` as iptables-save prints it.
 */
export type BootInsertion = {
  readonly family: 'ip' | 'ip6';
  readonly table: string;
  readonly chain: string;
  readonly beforeRuleText: string | null;
  readonly ruleText: string;
  /** The file where the owner of the chain keeps it (ufw); without it, that of the distribution. */
  readonly file?: string;
  /** Where the plan was made on what the file itself makes: the number of that rule among the chain's `of`. */
  readonly next?: { readonly number: number; readonly of: number };
};

/**
 * How a rule of nftables goes into the script that makes its chain at boot: before the first rule there that is one of `followedBy`, the
 * nearest first; where there are none, at the chain's end. Texts are as nft prints them.
 */
export type NftInsertion = {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly followedBy: readonly string[];
  readonly statement: string;
};

/** What was proved, `statement` in words: by construction of the added rules, and by evaluating `packets` sample packets not on lo. */
export type Proof = {
  readonly holds: boolean;
  readonly packets: number;
  readonly hooks: readonly string[];
  readonly statement: string;
};

/**
 * Temporary logging. Each line it causes starts with `prefix`; each rule's comment starts with `tag`. `undo` takes exactly these rules
 * away, in whatever state they are found. `unlogged` are drops of loopback packets that stay without an entry.
 */
export type LoggingPlan = {
  readonly tag: string;
  readonly prefix: string;
  readonly changes: readonly LoggingChange[];
  readonly apply: readonly PlannedCommand[];
  readonly undo: readonly PlannedCommand[];
  readonly after: Ruleset;
  readonly unlogged: readonly Remaining[];
};

/**
 * What is to be permitted: all that goes over lo; the same without what guards stop, rules that stop some of it on purpose; or some services there
 * (`port` null for icmp: the echo), for root and the `users`.
 */
export type Choice =
  | { readonly kind: 'all' }
  | { readonly kind: 'all-but-guarded' }
  | { readonly kind: 'services'; readonly services: readonly Service[]; readonly users?: readonly User[] };

/** Permits for everything on lo, whatever they leave to guards. */
export const isForAll = ({ kind }: Choice): boolean => kind !== 'services';

/** Whom rules can tell apart. */
export type User = Pick<Conversation, 'uid' | 'gid'>;

export type Service = { readonly protocol: 'tcp' | 'udp' | 'icmp'; readonly port: number | null };

/**
 * A fix. After `apply`, `repaired` pass; `remaining` are asked for and still don't; `staysBroken` says in words what else a narrow
 * choice leaves blocked; `notes` what was noticed on the way (a permit that is never reached). No changes: nothing was to do, or nothing helps.
 */
export type FixPlan = {
  readonly choice: Choice;
  readonly tag: string;
  readonly changes: readonly Change[];
  readonly apply: readonly PlannedCommand[];
  /** As `apply`, for a time when no temporary log rules are in force: their rules are not counted. */
  readonly byHand: readonly PlannedCommand[];
  readonly undo: readonly PlannedCommand[];
  /** The same at the same places with rules that do nothing. */
  readonly rehearsal: RehearsalPlan;
  readonly bootInsertions: readonly BootInsertion[];
  readonly nftInsertions: readonly NftInsertion[];
  /** Commands that make the fix outlast a boot by its owner's own means, to be run when it is kept. */
  readonly bootCommands: readonly PlannedCommand[];
  /** Files in which owners themselves keep rules of the fix, once it is applied and `bootCommands` have run. */
  readonly ownersFiles: readonly string[];
  /** What to tell those programs first that have banned addresses of this server. */
  readonly ownersWords: readonly string[];
  /** What has to be done by hand so that the fix lasts; also among `notes`. */
  readonly bootAdvice: readonly string[];
  readonly after: Ruleset;
  readonly policies: readonly PolicyChange[];
  readonly repaired: readonly Conversation[];
  readonly remaining: readonly Remaining[];
  readonly staysBroken: readonly string[];
  readonly notes: readonly string[];
  /** All that stands behind the permits and does more than let packets pass, but for the final rules that the fix is for. */
  readonly jumped: readonly JumpedRule[];
  readonly keptGuards: readonly KeptGuard[];
  readonly proof: Proof;
};

/** What a rule does to packets that it matches, beside letting them pass. */
export type Deed = 'stops' | 'queues' | 'logs' | 'marks' | 'lists' | 'counts' | 'untracks' | 'unknown';

/** A rule that packets on lo will no longer meet. `isGuard`: it stops some of them on purpose, and a permit opens what it guards. */
export type JumpedRule = { readonly rule: RulePlace; readonly does: readonly Deed[]; readonly isGuard: boolean };

/** A guard that stays in force, with a conversation that it stops. */
export type KeptGuard = { readonly rule: RulePlace; readonly conversation: Conversation };

/** How iptables waits for its lock: so many seconds (since 1.6), until it has it (1.4.20 to 1.4.21), or not at all. */
export type IptablesLock = 'seconds' | 'forever' | 'none';

/** What names a case's rules: its id, and the variant that plain `iptables` is here (null: not known, the full names are used). */
export type PlanOptions = {
  readonly caseId: string;
  readonly iptables: 'nft' | 'legacy' | null;
  /** Without it, as all versions of today do. */
  readonly lock?: IptablesLock | undefined;
};
