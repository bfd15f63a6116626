// Which rule of a chain takes every new packet that reaches it.
import { fits } from '../evaluate/evaluate-operand.ts';
import type { Chain, Rule, Table } from '../model/model.ts';
import type { Condition, Step, Verdict } from '../model/steps.ts';

/** A rule that ends every new outgoing packet, and how. */
export type CatchAll = { readonly rule: Rule; readonly action: 'accept' | 'drop' | 'reject' | 'unknown' };

/** More chains inside one another than any kernel allows. */
const DEEPEST = 200;

/** The first rule of the chain that no new packet gets past, or null where packets may come out at its end. */
export function catchAll(table: Table, chain: Chain, depth = 0): CatchAll | null {
  if (depth > DEEPEST) return null;
  for (const rule of chain.rules) {
    const verdict = unconditionalVerdict(rule.steps);
    if (verdict === null) continue;
    if (verdict.kind === 'return') return null;
    const action = actionOf(table, verdict, depth);
    if (action !== null) return { rule, action };
    if (verdict.kind === 'goto') return null;
  }
  return null;
}

/** The verdict of a rule that has one and is met by all new packets, else null. */
function unconditionalVerdict(steps: readonly Step[]): Verdict | null {
  let last: Verdict | null = null;
  for (const step of steps) {
    if (step.kind === 'verdict') last = step.verdict;
    else if (step.kind === 'compare') {
      if (!holdsForNew(step)) return null;
    } else if (step.kind !== 'log' && step.kind !== 'set' && step.kind !== 'notrack') return null;
  }
  return last;
}

/** Conditions that say no more of a new outgoing packet than that it is one. */
function holdsForNew({ operand, values, negated }: Extract<Condition, { kind: 'compare' }>): boolean {
  if (operand.kind !== 'field') return false;
  const known = { 'ct state': 8, 'ct direction': 0, 'meta iifname': '', 'meta iif': 0 };
  const field = operand.field;
  if (field !== 'ct state' && field !== 'ct direction' && field !== 'meta iifname' && field !== 'meta iif')
    return false;
  const value = known[field];
  const masked = typeof value === 'number' && operand.mask !== undefined ? value & Number(operand.mask) : value;
  return values.some((pattern) => fits(masked, pattern)) !== negated;
}

function actionOf(table: Table, verdict: Verdict, depth: number): CatchAll['action'] | null {
  switch (verdict.kind) {
    case 'accept':
    case 'drop':
    case 'reject':
      return verdict.kind;
    case 'queue':
    case 'proxy':
    case 'unknown':
      return 'unknown';
    case 'jump':
    case 'goto': {
      const chain = table.chains.get(verdict.chain);
      return (chain && catchAll(table, chain, depth + 1)?.action) ?? null;
    }
    case 'return':
    case 'continue':
      return null;
  }
}
