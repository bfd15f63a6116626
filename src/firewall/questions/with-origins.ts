// Rules with the name under which their owner knows them: what ufw shows by a number, a line of a file, a direct rule of firewalld.

import { lowerIptablesRule } from '../iptables/lower-rule.ts';
import { copyRule } from '../model/copy-rule.ts';
import type { Base, Chain, Ruleset, Table } from '../model/model.ts';
import type { Step } from '../model/steps.ts';

/** A rule that an owner has put into iptables: its place, the rule as the owner writes it (`-A CHAIN …`, `policy drop`), and what the owner calls it. */
export type KnownRule = {
  readonly family: 'ip' | 'ip6';
  readonly table: string;
  readonly chain: string;
  readonly text: string;
  readonly origin: string;
};

/** The ruleset with the origins of known rules; of equal rules in a chain, the first that is known is the first there. */
export function withOrigins({ tables }: Ruleset, known: readonly KnownRule[]): Ruleset {
  return {
    tables: tables.map((table) => {
      const own = known.filter(({ family, table: name }) => family === table.family && name === table.name);
      return table.layer === 'iptables' && own.length > 0 ? tableWithOrigins(table, own) : table;
    }),
  };
}

function tableWithOrigins(table: Table, known: readonly KnownRule[]): Table {
  const chains = [...Map.groupBy(known, ({ chain }) => chain)].flatMap(([name, own]): [string, Chain][] => {
    const chain = table.chains.get(name);
    return chain === undefined ? [] : [[name, chainWithOrigins(table, chain, own)]];
  });
  return { ...table, chains: new Map([...table.chains, ...chains]) };
}

/** An owner writes `--dport 25` where iptables-save prints `-m tcp --dport 25`: rules are the same if they do the same. */
function chainWithOrigins(table: Table, { name, base, rules }: Chain, known: readonly KnownRule[]): Chain {
  const context = { family: familyOf(table), variant: table.variant ?? 'nft', chains: new Set(table.chains.keys()) };
  const waiting = known.map(({ text, origin }) => ({ origin, does: nameSteps(lowerIptablesRule(text, context)) }));
  return {
    name,
    base: base && baseWithOrigin(base, known),
    rules: rules.map((rule) => {
      const does = nameSteps(rule.steps);
      const found = waiting.findIndex((one) => one.does === does);
      const [same] = found < 0 ? [] : waiting.splice(found, 1);
      return same === undefined ? rule : copyRule(rule, { number: rule.number, origin: same.origin });
    }),
  };
}

function baseWithOrigin(base: Base, known: readonly KnownRule[]): Base {
  const policy = known.find(({ text }) => text === `policy ${base.policy}`);
  return policy === undefined ? base : { ...base, origin: policy.origin };
}

function familyOf({ family }: Table): 'ip' | 'ip6' {
  return family === 'ip6' ? 'ip6' : 'ip';
}

function nameSteps(steps: readonly Step[]): string {
  return JSON.stringify(steps, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
