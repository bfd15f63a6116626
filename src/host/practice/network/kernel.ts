// The practice server's kernel: its rules, and what they do to a packet as the evaluator says.

import type { HookTrace, Met, RulePlace, Written } from '../../../firewall/conversation/trace.ts';
import { parseIptablesSave } from '../../../firewall/iptables/read/parse-iptables-save.ts';
import type { Ruleset, Table } from '../../../firewall/model/model.ts';
import type { Clock } from '../clock.ts';
import { printTable } from '../netfilter/print-tables.ts';
import type { Counters, Tables } from '../netfilter/tables.ts';
import { createLimits } from './limits.ts';

export type Kernel = {
  readonly tables: Readonly<Record<'ip' | 'ip6', Tables>>;
  /** To be called after each change of the tables. */
  touch(): void;
  /** The rules in force. */
  ruleset(): Ruleset;
  /** Counts a packet of so many bytes in all rules that it met in a hook, and answers what was logged of it. */
  count(trace: HookTrace, bytes: number): readonly Written[];
};

export function createKernel(clock: Clock): Kernel {
  const tables = { ip: new Map(), ip6: new Map() };
  const limits = createLimits(clock);
  let ruleset: Ruleset | null = null;

  return {
    tables,
    touch: () => {
      ruleset = null;
    },
    ruleset() {
      ruleset ??= { tables: [...readTables(tables.ip, 'ip'), ...readTables(tables.ip6, 'ip6')] };
      return ruleset;
    },
    count({ rules, logs }, bytes) {
      const matched = rules.filter((met) => isMatched(met, limits.take));
      for (const { rule } of matched) {
        const counted = countedBy(tables, rule);
        if (counted === null) continue;
        counted.packets += 1;
        counted.bytes += bytes;
      }
      return logs.filter(({ rule }) => matched.some((met) => isSame(met.rule, rule)));
    },
  };
}

/** Whether the rule holds for the packet: a rate limit says so itself, all else that is unknown is taken for a yes. */
function isMatched({ rule, match, doubts }: Met, take: (rule: RulePlace) => boolean): boolean {
  if (match !== 'unknown') return match === 'yes';
  return !doubts.some(({ limit }) => limit) || take(rule);
}

function isSame(one: RulePlace, other: RulePlace): boolean {
  return (
    one.family === other.family && one.table === other.table && one.chain === other.chain && one.number === other.number
  );
}

/** The rule with its counters; for the number 0 the chain, whose policy it is. */
function countedBy(tables: Kernel['tables'], { family, table, chain, number }: RulePlace): Counters | null {
  const found = tables[family === 'ip6' ? 'ip6' : 'ip'].get(table)?.get(chain);
  return (number === 0 ? found : found?.rules[number - 1]) ?? null;
}

/** As the wizard reads them, only without the way through text and files. */
function readTables(tables: Tables, family: 'ip' | 'ip6'): Table[] {
  const text = [...tables].map(([name, table]) => printTable(name, table, { counters: false })).join('');
  return text === '' ? [] : parseIptablesSave(text, { file: `${family}tables`, family, variant: 'nft' });
}
