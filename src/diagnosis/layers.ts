// Which firewall layers hold rules, in contract.md's shape.
import type { Family, Ruleset, Table } from '../firewall/model.ts';

/** A layer that is in force: who runs its rules, for which families, who manages them, and how many rules outbound traffic can meet first. */
export type Layer = {
  readonly layer: Table['layer'];
  readonly variant: Table['variant'];
  readonly families: readonly Family[];
  readonly manager: string;
  readonly outputRules: number;
};

const outputRulesOf = ({ chains }: Table): number =>
  [...chains.values()].reduce((sum, { base, rules }) => sum + (base?.hook === 'output' ? rules.length : 0), 0);

/** One entry for each layer and variant that has a table with rules or a policy that drops. */
export const summariseLayers = ({ tables }: Ruleset, manager: string): Layer[] => {
  const layers = new Map<string, Layer>();
  for (const table of tables) {
    const key = `${table.layer} ${table.variant}`;
    const known = layers.get(key);
    layers.set(key, {
      layer: table.layer,
      variant: table.variant,
      families: [...new Set([...(known?.families ?? []), table.family])],
      manager,
      outputRules: (known?.outputRules ?? 0) + outputRulesOf(table),
    });
  }
  return [...layers.values()];
};
