// A rule as a line of iptables-save that is read only when the evaluation reaches it.
import type { Rule } from '../model/model.ts';
import type { Step } from '../model/steps.ts';
import type { RuleContext } from './extension.ts';
import { lowerIptablesRule } from './lower-rule.ts';
import { splitWords } from './read/split-words.ts';

/** `-A OUTPUT …` without counters; its steps and its comment are read on first use. */
export class IptablesRule implements Rule {
  readonly number: number;
  readonly text: string;
  readonly line: number;
  readonly handle = null;
  private readonly context: RuleContext;
  private lowered: readonly Step[] | null = null;

  constructor(number: number, text: string, line: number, context: RuleContext) {
    this.number = number;
    this.text = text;
    this.line = line;
    this.context = context;
  }

  get steps(): readonly Step[] {
    this.lowered ??= lowerIptablesRule(this.text, this.context);
    return this.lowered;
  }

  get comment(): string | null {
    if (!this.text.includes('--comment')) return null;
    const words = splitWords(this.text) ?? [];
    return words[words.indexOf('--comment') + 1] ?? null;
  }
}
