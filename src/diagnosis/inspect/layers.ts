// Which firewall layers hold rules, in docs/contract.md's shape.
import type { Family, Owner, Ruleset, Table } from '../../firewall/model/model.ts';
import { nameLayer } from '../../firewall/model/name-layer.ts';
import { managerOf, type RuleOwner } from '../owners/find-owners.ts';

/**
 * A layer that is in force: who runs its rules, for which families, who says there what passes (`none`: nobody known), all programs that have
 * rules there, and how many rules outbound traffic can meet first.
 */
export type Layer = {
  readonly layer: Table['layer'];
  readonly variant: Table['variant'];
  readonly families: readonly Family[];
  readonly manager: string;
  readonly owners: readonly string[];
  readonly outputRules: number;
};

const outputRulesOf = ({ chains }: Table): number =>
  [...chains.values()].reduce((sum, { base, rules }) => sum + (base?.hook === 'output' ? rules.length : 0), 0);

const ownersIn = (layer: Owner, owners: readonly RuleOwner[]): string[] =>
  owners.filter(({ layers }) => layers.includes(nameLayer(layer))).map(({ name }) => name);

/** One entry for each layer and variant that has a table with rules or a policy that drops. */
export const summariseLayers = ({ tables }: Ruleset, owners: readonly RuleOwner[]): Layer[] => {
  const layers = new Map<string, Layer>();
  for (const table of tables) {
    const key = `${table.layer} ${table.variant}`;
    const known = layers.get(key);
    layers.set(key, {
      layer: table.layer,
      variant: table.variant,
      families: [...new Set([...(known?.families ?? []), table.family])],
      manager: managerOf(nameLayer(table), owners),
      owners: ownersIn(table, owners),
      outputRules: (known?.outputRules ?? 0) + outputRulesOf(table),
    });
  }
  return [...layers.values()];
};
