// Which chains of a table lead to which.
import type { Chain, ElementSet, Rule, Table } from './model.ts';

/** The chains that a rule can send a packet to, also by a map of verdicts; those that are not in the table are left out. */
export function targetsOf(table: Table, { steps }: Rule): Chain[] {
  return steps.flatMap((step) => {
    if (step.kind === 'verdict-map')
      return setOf(table, step.map)?.elements.flatMap(({ verdict }) => chainIn(table, verdict)) ?? [];
    return step.kind === 'verdict' ? chainIn(table, step.verdict) : [];
  });
}

const setOf = (table: Table, reference: string | ElementSet): ElementSet | undefined =>
  typeof reference === 'string' ? table.sets.get(reference) : reference;

const chainIn = (table: Table, verdict: object | undefined): Chain[] =>
  verdict !== undefined && 'chain' in verdict && typeof verdict.chain === 'string'
    ? [table.chains.get(verdict.chain)].filter((chain) => chain !== undefined)
    : [];

/** A rule that sends packets to a chain; from a chain that it was gone to (`goto`), none comes back. */
export type Jump = { readonly caller: Chain; readonly number: number; readonly isGoto: boolean };

/** The rules that can send a packet to the chain of that name. */
export function callersOf(table: Table, name: string): Jump[] {
  return [...table.chains.values()].flatMap((caller) =>
    caller.rules
      .filter((rule) => targetsOf(table, rule).some((target) => target.name === name))
      .map(({ number, steps }) => ({
        caller,
        number,
        isGoto: steps.some((step) => step.kind === 'verdict' && step.verdict.kind === 'goto'),
      })),
  );
}
