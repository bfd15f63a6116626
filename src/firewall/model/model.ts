// The ruleset model: every firewall layer as tables of chains of rules, whatever language its owner wrote it in.
import type { Operand, Pattern, Step, Value, Verdict } from './steps.ts';

/** All tables that are in force, each layer's in the order its tool prints them (nft: the order of creation). */
export type Ruleset = { readonly tables: readonly Table[] };

/** Which part of the kernel runs the rules: xtables (iptables-legacy) and nf_tables (nft, iptables-nft) are hooked side by side. */
export type Owner =
  | { readonly layer: 'iptables'; readonly variant: 'nft' | 'legacy' }
  | { readonly layer: 'nftables'; readonly variant: null };

/** `ip` and `ip6` tables see one protocol, `inet` both; `netdev` tables see what leaves or enters a device. Others see no IP traffic on lo. */
export type Family = 'ip' | 'ip6' | 'inet' | 'netdev' | 'arp' | 'bridge';

/** One table. Chain and set names are its own namespace; `dormant` tables are loaded but not hooked. */
export type Table = Owner & {
  readonly family: Family;
  readonly name: string;
  readonly dormant: boolean;
  readonly chains: ReadonlyMap<string, Chain>;
  readonly sets: ReadonlyMap<string, ElementSet>;
};

export type Hook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting' | 'ingress' | 'egress';

/**
 * Where a base chain is hooked. Chains of a hook run in rising `priority` (iptables: raw -300, mangle -150, nat -100 or 100,
 * filter 0, security 50). A `nat` chain sees only the first packet of a connection. `policy` is what happens at its end.
 * `devices` names the devices of an ingress or egress chain and is empty for all others.
 */
export type Base = {
  readonly hook: Hook;
  readonly priority: number;
  readonly type: 'filter' | 'nat' | 'route';
  readonly policy: 'accept' | 'drop';
  readonly devices: readonly string[];
  /** What the policy's owner calls it, where that is known. */
  readonly origin?: string;
};

/** A chain; `base` is null for a chain that is only jumped to. Anonymous nft chains get a name that no user can give (`#1`). */
export type Chain = { readonly name: string; readonly base: Base | null; readonly rules: readonly Rule[] };

/**
 * One rule. `number` is its place in its chain from 1; `text` is the rule as its owner's tool prints it, without counters;
 * `line` its place in the file it was read from, if any, from 1; `handle` nft's number for it; `origin` what its owner calls it, where that is
 * known; `steps` what it does, in order.
 */
export type Rule = {
  readonly number: number;
  readonly text: string;
  readonly line: number | null;
  readonly handle: number | null;
  readonly origin?: string;
  readonly comment: string | null;
  readonly steps: readonly Step[];
};

/**
 * A set or map, named (in `Table.sets`) or anonymous (inside a step). `known` is false where its elements are not in the
 * dump (ipset) or change with the traffic (dynamic sets): a lookup then is unknown, but where the dump is of this moment and the set
 * `changes` with the traffic alone.
 */
export type ElementSet = {
  readonly known: boolean;
  readonly elements: readonly SetElement[];
  readonly changes?: boolean;
};

/** An element: one pattern for each part of the (concatenated) key, and for a map what the key leads to. */
export type SetElement = {
  readonly key: readonly Pattern[];
  readonly verdict?: Verdict;
  readonly data?: readonly Value[];
  /** In so many seconds it is gone. */
  readonly expires?: number;
};

/** A set as steps name it: by its name in the rule's own table, or with its elements in place. */
export type SetReference = string | ElementSet;

/** A lookup key: the concatenation of its parts. */
export type Key = readonly Operand[];
