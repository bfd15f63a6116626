// Lowers a rule's statements to steps, and the chains that stand inside of it to chains of the table.
import type { Chain } from '../../model/model.ts';
import { type Step, unknown } from '../../model/steps.ts';
import { printStatement } from '../print-rule.ts';
import type { JsonList } from '../read/json.ts';
import { type InnerRule, parseAnonymousChain } from '../read/parse-anonymous-chain.ts';
import type { Scope } from '../read/scope.ts';
import { lowerStatement } from './lower-statement.ts';

/** What the rule does, in order. nft leaves the statements out where it can't print any. */
export function lowerNftRule(statements: JsonList | null, scope: Scope): readonly Step[] {
  if (statements === null) return [unverdict('a rule that nft could not print')];
  return statements.flatMap((statement) =>
    typeof statement === 'string' ? lowerText(statement, scope) : lowerStatement(statement, scope),
  );
}

/** Statements that nft's JSON can't express stand there as text: `jump {\n\t\t\ttcp dport 25 accept\n\t\t}`, `update @seen { … }`. */
function lowerText(text: string, scope: Scope): readonly Step[] {
  const changed = /^(?:add|update|delete) @(\S+) \{/.exec(text)?.[1];
  if (changed !== undefined) {
    scope.changing.add(changed);
    return [];
  }
  const inner = parseAnonymousChain(text);
  if (inner === null) return [unverdict(printStatement(text, scope.family))];
  const name = `#${scope.chains.size + 1}`;
  scope.chains.set(name, { name, base: null, rules: [] });
  scope.chains.set(name, lowerInnerChain(name, inner.rules, scope));
  return [{ kind: 'verdict', verdict: { kind: inner.verdict, chain: name } }];
}

function lowerInnerChain(name: string, rules: readonly InnerRule[], scope: Scope): Chain {
  return {
    name,
    base: null,
    rules: rules.map(({ text, statements }, index) => ({
      number: index + 1,
      text,
      line: null,
      handle: null,
      comment: null,
      steps: statements === null ? [unverdict(text)] : lowerNftRule(statements, scope),
    })),
  };
}

function unverdict(what: string): Step {
  return { kind: 'verdict', verdict: unknown(what) };
}
