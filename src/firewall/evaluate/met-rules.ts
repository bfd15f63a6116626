// The rules that a packet met in one hook, in order; those that did not match are kept as runs.

import type { Met, PassedRules, RulePlace } from '../conversation/trace.ts';
import type { Chain, Table } from '../model/model.ts';
import { placeOf } from '../model/rule-place.ts';
import type { RuleList } from './rule-list.ts';

/** Collects the rules met. Most rules of a long chain are never shown, so their places are only made when somebody asks. */
export class MetRules {
  readonly way: (Met | PassedRules)[] = [];
  private run: PassedRun | null = null;

  add(met: Met): void {
    this.run = null;
    this.way.push(met);
  }

  /** Notes rules that did not match: those from index `from` to before `to`. */
  pass(table: Table, chain: Chain, list: RuleList, from: number, to: number): void {
    if (this.run?.chain === chain && this.run.to === from) this.run.to = to;
    else {
      this.run = new PassedRun(table, chain, list, from, to);
      this.way.push(this.run);
    }
  }
}

class PassedRun implements PassedRules {
  readonly match = 'no';
  readonly chain: Chain;
  to: number;
  private readonly table: Table;
  private readonly list: RuleList;
  private readonly from: number;

  constructor(table: Table, chain: Chain, list: RuleList, from: number, to: number) {
    this.table = table;
    this.chain = chain;
    this.list = list;
    this.from = from;
    this.to = to;
  }

  get count(): number {
    return this.to - this.from;
  }

  get first(): RulePlace {
    return this.place(this.from);
  }

  get last(): RulePlace {
    return this.place(this.to - 1);
  }

  get each(): Met[] {
    return Array.from({ length: this.count }, (_, index) => ({
      rule: this.place(this.from + index),
      match: 'no',
      doubts: [],
    }));
  }

  private place(index: number): RulePlace {
    const rule = this.list.at(index);
    if (!rule) throw new Error(`${this.chain.name} has no rule ${index + 1}`);
    return placeOf(this.table, this.chain.name, rule);
  }
}

/** Every rule met, one by one. */
export function eachMet(way: readonly (Met | PassedRules)[]): Met[] {
  return way.flatMap((part) => ('each' in part ? part.each : part));
}
