// The rules of one chain as lines of a dump: dumps can be large, and few of their rules are ever read.
import { countUpTo } from '../../evaluate/count-up-to.ts';
import type { Glance, RuleList } from '../../evaluate/rule-list.ts';
import type { RuleContext } from '../extension.ts';
import { IptablesRule } from '../iptables-rule.ts';
import type { DumpText } from './dump-text.ts';
import { candidate } from './line-patterns.ts';

/** Neighbouring lines of the dump that are rules of the chain: offsets, line numbers, and the index of the first of them in its chain. */
type Block = {
  readonly from: number;
  readonly to: number;
  readonly firstLine: number;
  readonly count: number;
  readonly index: number;
};

/** Shorter chains are read rule by rule. */
const WORTH_SEARCHING = 16;

/** Rules that are made when they are asked for. */
export class RuleLines implements RuleList {
  private readonly chain: string;
  private readonly dump: DumpText;
  private readonly context: RuleContext;
  private readonly ranges: (readonly [from: number, to: number])[] = [];
  private known: readonly Block[] | null = null;
  private readonly made = new Map<number, IptablesRule>();
  /** By glance: the indices of the rules that may be met, ascending. */
  private readonly candidates = new Map<string, readonly number[]>();

  constructor(chain: string, dump: DumpText, context: RuleContext) {
    this.chain = chain;
    this.dump = dump;
    this.context = context;
  }

  /** Adds the rules that stand in the lines from offset `from` to before `to`. */
  add(from: number, to: number): void {
    this.ranges.push([from, to]);
    this.known = null;
  }

  get length(): number {
    const last = this.blocks.at(-1);
    return last ? last.index + last.count : 0;
  }

  at(index: number): IptablesRule | undefined {
    const made = this.made.get(index);
    if (made) return made;
    const block = this.blocks[countUpTo(this.blocks, index, (one) => one.index) - 1];
    if (!block || index >= block.index + block.count) return undefined;
    const line = block.firstLine + index - block.index;
    const rule = new IptablesRule(index + 1, this.dump.lineText(line).replace(COUNTERS, ''), line, this.context);
    this.made.set(index, rule);
    return rule;
  }

  next(glance: Glance, index: number): number {
    if (this.length < WORTH_SEARCHING) return index;
    const { source, destination, protocol, sourcePort, destinationPort } = glance;
    const key = `${source} ${destination} ${protocol} ${sourcePort} ${destinationPort} ${glance.in} ${glance.out}`;
    let found = this.candidates.get(key);
    if (!found) {
      found = this.findCandidates(glance);
      this.candidates.set(key, found);
    }
    return found[countUpTo(found, index - 1, (one) => one)] ?? this.length;
  }

  private get blocks(): readonly Block[] {
    if (this.known) return this.known;
    let index = 0;
    this.known = this.ranges.map(([from, to]) => {
      const firstLine = this.dump.lineAt(from);
      const count = this.dump.lineAt(to - 1) - firstLine + 1;
      index += count;
      return { from, to, firstLine, count, index: index - count };
    });
    return this.known;
  }

  /** One pass over the chain's part of the dump: other chains' lines that stand between don't fit the pattern. */
  private findCandidates(glance: Glance): number[] {
    const { blocks } = this;
    const pattern = candidate(this.chain, glance);
    const found: number[] = [];
    const [first] = blocks;
    if (first === undefined) return found;
    pattern.lastIndex = first.from;
    for (let match = pattern.exec(this.dump.text); match; match = pattern.exec(this.dump.text)) {
      const { index: offset } = match;
      const block = blocks[countUpTo(blocks, offset, ({ from }) => from) - 1];
      if (!block || offset >= block.to) break;
      found.push(block.index + this.dump.lineAt(offset) - block.firstLine);
    }
    return found;
  }
}

const COUNTERS = /^\[\d+:\d+\]\s*/;
