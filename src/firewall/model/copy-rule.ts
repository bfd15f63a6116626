// A rule in another place, or under another name: it is read no sooner for that.
import type { Rule } from './model.ts';

/** The rule with that number, and with that handle and origin where they are given. */
export function copyRule(
  rule: Rule,
  {
    number,
    handle = rule.handle,
    origin = rule.origin,
  }: Pick<Rule, 'number' | 'origin'> & Partial<Pick<Rule, 'handle'>>,
): Rule {
  return {
    number,
    text: rule.text,
    line: rule.line,
    handle,
    ...(origin === undefined ? {} : { origin }),
    get comment() {
      return rule.comment;
    },
    get steps() {
      return rule.steps;
    },
  };
}
