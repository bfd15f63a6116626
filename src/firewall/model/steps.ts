// What a rule does: an ordered list of conditions and actions, the one instruction set both languages are lowered to.
import type { Note, Question } from '../facts/question.ts';
import type { Field } from './field.ts';
import type { Key, SetReference } from './model.ts';

/**
 * A rule runs its steps in order. The first condition that is not met ends the rule (the packet goes on to the next rule);
 * actions are carried out as they come; a rule without a verdict lets the packet go on.
 */
export type Step = Condition | Action;

/** A number (up to 32 bits, IPv4 addresses included), a bigint (IPv6 addresses) or a name (interfaces). */
export type Value = number | bigint | string;

/** One value, an inclusive range (a CIDR prefix is one), or all names with a prefix (`eth*`, iptables' `eth+`). */
export type Pattern = Value | { readonly from: Value; readonly to: Value } | { readonly prefix: string };

/**
 * A value read from the packet: `((field & mask) << shift) ^ xor`; a negative shift is to the right. With these, iptables' `--set-xmark v/m`
 * is `(mark & ~m) ^ v`, and `x | m` is `(x & ~m) ^ m`. A field that the packet does not have makes the step not met.
 */
export type Operand =
  | {
      readonly kind: 'field';
      readonly field: Field;
      readonly mask?: number | bigint;
      readonly shift?: number;
      readonly xor?: number | bigint;
    }
  | { readonly kind: 'constant'; readonly value: Value }
  /** nft's `key map @name`: the data of the element that the key finds; a miss makes the step not met. `part` picks from concatenated data. */
  | { readonly kind: 'map'; readonly key: Key; readonly map: SetReference; readonly part?: number }
  | Unknown;

/** The place in an element's data where it is not concatenated. */
export const WHOLE_DATA = 0;

/** Something that the evaluator does not know: its name in the owner's words, and what would settle it. */
export type Unknown = { readonly kind: 'unknown'; readonly what: string; readonly settledBy: string };

/** Something that is not known; where nothing else settles it, trying it does. */
export function unknown(what: string, settledBy = 'trying it on the server'): Unknown {
  return { kind: 'unknown', what, settledBy };
}

export type Condition =
  /**
   * Met when the operand is one of `values` (or, `negated`, none of them). nft's `ct state a,b` and `tcp flags syn` are
   * `mask: bits, values: [0], negated: true`. A field that is absent is never met, negated or not, unless `absent` is true
   * (iptables' `! --uid-owner` on a packet without a socket).
   */
  | {
      readonly kind: 'compare';
      readonly operand: Operand;
      readonly negated: boolean;
      readonly values: readonly Pattern[];
      readonly absent?: boolean;
    }
  /** Met when the set has (`negated`: has not) the key. */
  | { readonly kind: 'lookup'; readonly key: Key; readonly negated: boolean; readonly set: SetReference }
  /** Met when one of the conditions is (`multiport --ports`, `conntrack` in its negated combinations). */
  | { readonly kind: 'any'; readonly of: readonly Condition[] }
  /** Met when not all of the conditions are (a negation over several: `! --syn`, `! --match-set`). */
  | { readonly kind: 'not-all'; readonly of: readonly Condition[] }
  /**
   * Met or not depending on the traffic so far: limit, hashlimit, quota, recent, statistic, connlimit, time. `fresh` is the
   * answer for the first packet after the rules were loaded (a limit not used up: 'yes'), or 'unknown'. `asks`: what of the server's own
   * memory tells it (or, negated, its contrary), where that was read.
   */
  | {
      readonly kind: 'sometimes';
      readonly what: string;
      readonly limit: boolean;
      readonly fresh: 'yes' | 'no' | 'unknown';
      readonly settledBy?: string;
      readonly asks?: { readonly question: Question; readonly negated: boolean };
    }
  | Unknown;

/** True for a step that only asks. */
export function isCondition(step: Step): step is Condition {
  switch (step.kind) {
    case 'compare':
    case 'lookup':
    case 'any':
    case 'not-all':
    case 'sometimes':
    case 'unknown':
      return true;
    case 'verdict':
    case 'verdict-map':
    case 'log':
    case 'set':
    case 'notrack':
    case 'note':
    case 'nat':
      return false;
  }
}

/** The fields that a rule can set. */
export type SettableField =
  | Extract<Field, 'meta mark' | 'ct mark' | 'ct zone' | 'meta priority' | 'meta pkttype'>
  | 'ip dscp'
  | 'ip6 dscp'
  | 'ip ecn'
  | 'ip6 ecn'
  /** Only ever made smaller, as all rules that set it do. */
  | 'tcp option maxseg size'
  | 'ip ttl'
  | 'ip6 hoplimit';

export type Action =
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  /** The verdict of the element that the key finds; a miss makes the step not met. */
  | { readonly kind: 'verdict-map'; readonly key: Key; readonly map: SetReference }
  | Log
  /** Sets the field to the exclusive or of the operands (one operand: to its value). */
  | { readonly kind: 'set'; readonly field: SettableField; readonly value: readonly Operand[] }
  | { readonly kind: 'notrack' }
  /** Writes an entry into a set or a list, or takes it out; it is no verdict. */
  | { readonly kind: 'note'; readonly note: Note }
  | Nat;

/** Writes a log entry: the kernel prints a line where `group` is null, else the packet goes to the readers of that NFLOG group. */
export type Log = {
  readonly kind: 'log';
  readonly prefix: string;
  /** Syslog severity, 0 (emergency) to 7 (debug); both languages' default is 4 (warning). */
  readonly level: number;
  readonly group: number | null;
  /** Adds UID= and GID= (iptables' --log-uid, nft's flags skuid). */
  readonly uid: boolean;
};

/** Rewrites the connection's address and port; ends the rule with accept. `address` and `port` are null where they stay, an operand or a range. */
export type Nat = {
  readonly kind: 'nat';
  readonly nat: 'dnat' | 'snat' | 'redirect' | 'masquerade';
  readonly address:
    | Operand
    | { readonly kind: 'range'; readonly from: number | bigint; readonly to: number | bigint }
    | null;
  readonly port: Operand | { readonly kind: 'range'; readonly from: number; readonly to: number } | null;
  /** NETMAP: only the bits of the prefix are replaced. */
  readonly mask?: number | bigint;
};

/**
 * How a rule judges. `accept` ends its base chain only, `drop` and `reject` end the packet. `queue` hands it to a program
 * (`bypass`: accepted where none reads, else dropped). `unknown` is a target whose judgement is not known.
 */
export type Verdict =
  | { readonly kind: 'accept' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'return' }
  | { readonly kind: 'continue' }
  | { readonly kind: 'jump'; readonly chain: string }
  | { readonly kind: 'goto'; readonly chain: string }
  | { readonly kind: 'reject'; readonly with: 'tcp-reset' }
  /** `code` is that of destination unreachable; `icmpx` codes: 0 no route, 1 port, 2 host, 3 admin prohibited, for both families. */
  | { readonly kind: 'reject'; readonly with: 'icmp' | 'icmpv6' | 'icmpx'; readonly code: number }
  /** iptables' TPROXY: accepted where a proxy waits at the port, else dropped. */
  | { readonly kind: 'proxy'; readonly question: Extract<Question, { on: 'proxy' }>; readonly what: string }
  | { readonly kind: 'queue'; readonly bypass: boolean; readonly queue: string }
  | Unknown;
