// Tables as the text that iptables-restore and ip6tables-restore read.
import type { Table } from '../../model/model.ts';

/**
 * The tables in the form of iptables-save, without counters and dates. All must be of one family and variant to be restored.
 * Rules are printed as they were read.
 */
export function printIptablesSave(tables: readonly Table[]): string {
  return tables.map(printTable).join('');
}

function printTable({ name, chains }: Table): string {
  const all = [...chains.values()];
  const lines = [
    `*${name}`,
    ...all.map((chain) => `:${chain.name} ${chain.base ? chain.base.policy.toUpperCase() : '-'} [0:0]`),
    ...all.flatMap((chain) => chain.rules.map((rule) => rule.text)),
    'COMMIT',
  ];
  return `${lines.join('\n')}\n`;
}
