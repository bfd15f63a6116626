// Whether the kernel tracks connections under a ruleset: only while some rule asks for it.
import type { Rule, Ruleset, Table } from '../model/model.ts';
import type { Condition, Operand, Step } from '../model/steps.ts';

/**
 * True where a loaded rule that sees the family, reached or not, has the kernel track connections (nf_ct_netns_get): one that
 * rewrites addresses or looks at a connection. Extensions that are not known may do so too and count.
 */
export function usesConntrack(ruleset: Ruleset, family: 'ip' | 'ip6'): boolean {
  const known = answers.get(ruleset) ?? { ip: null, ip6: null };
  answers.set(ruleset, known);
  known[family] ??= ruleset.tables.some(
    (table) => (table.family === family || table.family === 'inet') && asksForTracking(table, family),
  );
  return known[family];
}

/** Asked for each packet at each hook, and it may take reading every rule. */
const answers = new WeakMap<Ruleset, Record<'ip' | 'ip6', boolean | null>>();

function asksForTracking({ chains }: Table, family: 'ip' | 'ip6'): boolean {
  const asks = ({ steps }: Rule) => steps.some((step) => isAboutConnections(step) && !isForOther(steps, step, family));
  for (const { rules } of chains.values()) if (rules.some(asks)) return true;
  return false;
}

/** An inet table's `dnat ip6 to …` asks for IPv6 alone. */
function isForOther(steps: readonly Step[], step: Step, family: 'ip' | 'ip6'): boolean {
  if (step.kind !== 'nat' || (step.nat !== 'dnat' && step.nat !== 'snat')) return false;
  const before = steps[steps.indexOf(step) - 1];
  if (before?.kind !== 'compare' || before.negated || before.operand.kind !== 'field') return false;
  return before.operand.field === 'meta nfproto' && before.values[0] === (family === 'ip' ? 10 : 2);
}

function isAboutConnections(step: Step): boolean {
  switch (step.kind) {
    case 'nat':
      return true;
    case 'set':
      return step.field.startsWith('ct ') || step.value.some(readsConnection);
    case 'verdict-map':
      return step.key.some(readsConnection);
    case 'verdict':
      return step.verdict.kind === 'unknown';
    case 'log':
    case 'notrack':
    case 'note':
      return false;
    default:
      return asksAboutConnection(step);
  }
}

function asksAboutConnection(condition: Condition): boolean {
  switch (condition.kind) {
    case 'compare':
      return readsConnection(condition.operand);
    case 'lookup':
      return condition.key.some(readsConnection);
    case 'any':
    case 'not-all':
      return condition.of.some(asksAboutConnection);
    case 'sometimes':
      return /^(-m (connlimit|connbytes)|ct count)/.test(condition.what);
    case 'unknown':
      return true;
  }
}

function readsConnection(operand: Operand): boolean {
  switch (operand.kind) {
    case 'field':
      return operand.field.startsWith('ct ');
    case 'map':
      return operand.key.some(readsConnection);
    case 'constant':
      return false;
    case 'unknown':
      return /(^|[\s(])ct /.test(operand.what);
  }
}
