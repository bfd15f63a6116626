// A rule in another place, or under another name: it is read no sooner for that.
import type { Rule } from './model.ts';

/** The rule with that number, and that origin where one is given. */
export function copyRule(rule: Rule, { number, origin = rule.origin }: Pick<Rule, 'number' | 'origin'>): Rule {
  return {
    number,
    text: rule.text,
    line: rule.line,
    handle: rule.handle,
    ...(origin === undefined ? {} : { origin }),
    get comment() {
      return rule.comment;
    },
    get steps() {
      return rule.steps;
    },
  };
}
