// RainerScript conditions, as far as they ask for what is known of a kernel line; all else is unknown.
import { both, compareProperty, type FilterAnswer, type LoggedMessage, not, readProperty } from './logged-message.ts';

const TOKEN = /'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|\$[\w!.-]+|[\w-]+|==|!=|<=|>=|<>|[<>=(),&+*/%-]/g;

/** `$syslogfacility-text == 'kern' and ($msg contains 'IN=' or not ($syslogseverity <= 4))` */
export function evaluateExpression(text: string, message: LoggedMessage): FilterAnswer {
  const tokens = [...text.matchAll(TOKEN)].map(([token]) => token);
  let at = 0;
  const isNext = (word: string) => tokens[at]?.toLowerCase() === word;
  const take = (word: string): boolean => {
    if (!isNext(word)) return false;
    at += 1;
    return true;
  };

  function either(): FilterAnswer {
    let answer = all();
    while (take('or')) answer = not(both(not(answer), not(all())));
    return answer;
  }

  function all(): FilterAnswer {
    let answer = one();
    while (take('and')) answer = both(answer, one());
    return answer;
  }

  function one(): FilterAnswer {
    if (take('not')) return not(one());
    if (take('(')) {
      const answer = either();
      // Something in the parentheses that is not known here.
      if (!take(')')) skipTo(')');
      return answer;
    }
    return comparison();
  }

  function comparison(): FilterAnswer {
    const left = operand();
    if (isNext('and') || isNext('or') || isNext(')') || at >= tokens.length) return null;
    const operation = tokens[at++] ?? '';
    const right = operand();
    return right === null ? null : compareProperty(operation, left, right);
  }

  /** A property's value or a constant; null for what is not known here: a variable, a function with its parameters, a list. */
  function operand(): string | null {
    const token = tokens[at++] ?? '';
    if (token.startsWith('$')) return readProperty(token.slice(1), message);
    if (/^['"]/.test(token)) return token.slice(1, -1).replace(/\\(.)/g, '$1');
    if (/^\d+$/.test(token)) return token;
    if (take('(')) skipTo(')');
    return null;
  }

  function skipTo(word: string): void {
    for (let depth = 1; at < tokens.length && depth > 0; at += 1) depth += isNext('(') ? 1 : isNext(word) ? -1 : 0;
  }

  const answer = either();
  return at === tokens.length ? answer : null;
}
