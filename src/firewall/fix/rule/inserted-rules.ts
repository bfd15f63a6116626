// A chain's rules with new ones among them: its own are read no sooner for that, and found as fast as before.

import { countUpTo } from '../../evaluate/count-up-to.ts';
import type { Glance, RuleList } from '../../evaluate/rule-list.ts';
import { copyRule } from '../../model/copy-rule.ts';
import type { Rule } from '../../model/model.ts';

/** A new rule: its index, and how many of the chain's own rules stand before it. */
type Inserted = { readonly index: number; readonly behind: number; readonly rule: Rule };

/** Rules that are numbered by where they stand; a rule without a number (0) stays without one. */
export class InsertedRules implements RuleList {
  readonly length: number;
  private readonly own: RuleList;
  private readonly inserted: readonly Inserted[];
  private readonly made = new Map<number, Rule | undefined>();

  private constructor(own: RuleList, inserted: readonly Inserted[]) {
    this.own = own;
    this.inserted = inserted;
    this.length = own.length + inserted.length;
  }

  /** The list with a rule more, which has that index afterwards. */
  static insert(list: RuleList, index: number, rule: Rule): RuleList {
    const [own, before] = list instanceof InsertedRules ? [list.own, list.inserted] : [list, []];
    const earlier = before.filter((one) => one.index < index);
    const later = before.slice(earlier.length).map((one) => ({ ...one, index: one.index + 1 }));
    return new InsertedRules(own, [...earlier, { index, behind: index - earlier.length, rule }, ...later]);
  }

  at(index: number): Rule | undefined {
    if (!this.made.has(index)) this.made.set(index, this.make(index));
    return this.made.get(index);
  }

  next(glance: Glance, index: number): number {
    const before = this.countBefore(index);
    const own = this.own.next(glance, index - before);
    const moved = own + countUpTo(this.inserted, own, ({ behind }) => behind);
    return Math.min(moved, this.inserted[before]?.index ?? this.length);
  }

  private make(index: number): Rule | undefined {
    const before = this.countBefore(index);
    const here = this.inserted[before];
    const rule = here?.index === index ? here.rule : this.own.at(index - before);
    return rule === undefined || rule.number === 0 || rule.number === index + 1
      ? rule
      : copyRule(rule, { number: index + 1 });
  }

  private countBefore(index: number): number {
    return countUpTo(this.inserted, index - 1, (one) => one.index);
  }
}
