// The rules of one chain as places in a dump: dumps can be large, and few of their rules are ever read.
import type { Base, Chain } from '../model.ts';
import { type Glance, listRules, type RuleList } from '../rule-list.ts';
import { cannotMatch } from './cannot-match.ts';
import type { RuleContext } from './extension.ts';
import { IptablesRule } from './iptables-rule.ts';

/** Rules that are made when they are asked for. */
export class RuleLines implements RuleList {
  private readonly dump: string;
  private readonly context: RuleContext;
  private readonly from: number[] = [];
  private readonly to: number[] = [];
  private readonly line: number[] = [];
  private readonly made = new Map<number, IptablesRule>();
  /** By glance: for each index, the first from there on that may be met. */
  private readonly candidates = new Map<string, Int32Array>();

  constructor(dump: string, context: RuleContext) {
    this.dump = dump;
    this.context = context;
  }

  get length(): number {
    return this.from.length;
  }

  /** Adds the rule that stands from `from` to `to` in line `line` of the dump. */
  add(from: number, to: number, line: number): void {
    this.from.push(from);
    this.to.push(to);
    this.line.push(line);
  }

  at(index: number): IptablesRule | undefined {
    const known = this.made.get(index);
    if (known) return known;
    const from = this.from[index];
    const to = this.to[index];
    const line = this.line[index];
    if (from === undefined || to === undefined || line === undefined) return undefined;
    const rule = new IptablesRule(index + 1, this.dump.slice(from, to), line, this.context);
    this.made.set(index, rule);
    return rule;
  }

  next(glance: Glance, index: number): number {
    const { source, destination, protocol, sourcePort, destinationPort } = glance;
    const key = `${source} ${destination} ${protocol} ${sourcePort} ${destinationPort} ${glance.in} ${glance.out}`;
    let next = this.candidates.get(key);
    if (!next) {
      next = this.findCandidates(glance);
      this.candidates.set(key, next);
    }
    return next[index] ?? this.length;
  }

  all(): IptablesRule[] {
    return this.from.map((_, index) => this.at(index)).filter((rule) => rule !== undefined);
  }

  private findCandidates(glance: Glance): Int32Array {
    const { dump, from, to, length } = this;
    const next = new Int32Array(length);
    let candidate = length;
    for (let index = length - 1; index >= 0; index--) {
      const start = from[index] ?? 0;
      const end = to[index] ?? 0;
      const options = dump.indexOf(' ', start + 3) + 1;
      if (options === 0 || options > end || !cannotMatch(dump, options, end, glance)) candidate = index;
      next[index] = candidate;
    }
    return next;
  }
}

/** A chain of such rules; its `rules` are made on first use. */
export function chainOfLines(name: string, base: Base | null, lines: RuleLines): Chain {
  let rules: readonly IptablesRule[] | null = null;
  const chain: Chain = {
    name,
    base,
    get rules() {
      rules ??= lines.all();
      return rules;
    },
  };
  listRules(chain, lines);
  return chain;
}
