// The rules of a chain as the evaluation walks them: rules that a packet surely does not meet are passed over unread.
import type { Chain, Rule } from '../model/model.ts';

/** What a packet looks like at a glance; -1 and '': not known, or (ports) not there. IPv4 addresses as text, IPv6 ones as their first group. */
export type Glance = {
  readonly source: string | number;
  readonly destination: string | number;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly in: '' | 'lo';
  readonly out: '' | 'lo';
};

/** A chain's rules by index from 0. `next` is the first from `index` on that such a packet may meet, `length` if there is none. */
export type RuleList = {
  readonly length: number;
  at(index: number): Rule | undefined;
  next(glance: Glance, index: number): number;
};

const lists = new WeakMap<Chain, RuleList>();

/** Gives a chain a list that knows more than its `rules`. A changed copy of the chain is without it. */
export function listRules(chain: Chain, list: RuleList): void {
  lists.set(chain, list);
}

/** The chain's own list, or its rules as one that passes over none. */
export function ruleListOf(chain: Chain): RuleList {
  const known = lists.get(chain);
  if (known) return known;
  const { rules } = chain;
  return { length: rules.length, at: (index) => rules[index], next: (_, index) => index };
}
