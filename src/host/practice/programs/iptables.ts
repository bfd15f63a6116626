// iptables and ip6tables on the practice server: reads the command line, changes the tables, complains as the real ones do.

import { IptablesError } from '../netfilter/iptables-error.ts';
import { listChains } from '../netfilter/list-chains.ts';
import { parseCommand, type Request } from '../netfilter/parse-command.ts';
import type { RuleReading } from '../netfilter/parse-rule.ts';
import { printRules, sortChains } from '../netfilter/print-tables.ts';
import * as tables from '../netfilter/tables.ts';
import { type Call, type Ended, failed, type Program, printed } from '../program.ts';

/** The version that the practice server's tools say they are. */
export const IPTABLES_VERSION = 'v1.8.9 (nf_tables)';

/** The program for one family. */
export function iptables(family: 'ip' | 'ip6'): Program {
  return (call) => {
    try {
      const request = parseCommand(call.args, (table) => readingOf(call, family, table));
      return carryOut(call, family, request);
    } catch (error) {
      if (error instanceof IptablesError) return complain(error, `${family}tables`);
      throw error;
    }
  };
}

/** What rules are read with on this server. */
export function readingOf({ server }: Call, family: 'ip' | 'ip6', table: string): RuleReading {
  return {
    family,
    user: (name) => server.users.get(name) ?? null,
    resolve: (name) => server.resolve(name).find((address) => address.includes(':') === (family === 'ip6')) ?? null,
    hasChain: (name) => server.kernel.tables[family].get(table)?.get(name)?.policy === null,
  };
}

/** The complaint as the tool prints it. */
export function complain({ head, code, message }: IptablesError, tool: string): Ended {
  const start = { version: `${tool} ${IPTABLES_VERSION}: `, name: `${tool}: `, none: '' }[head];
  const hint = code === 2 ? `\nTry \`${tool} -h' or '${tool} --help' for more information.` : '';
  return failed(code, `${start}${message}${hint}`);
}

function carryOut({ server }: Call, family: 'ip' | 'ip6', request: Request): Ended {
  if (request.command === 'version') return printed(`${family}tables ${IPTABLES_VERSION}\n`);
  if (request.command === 'help') return printed(usage(`${family}tables`));
  const all = server.kernel.tables[family];
  const listing = list(all, request);
  if (listing !== null) return printed(listing);
  const table = tables.needTable(all, request.table);
  change(table, request);
  server.kernel.touch();
  return printed();
}

/** Listing a table that nobody has touched does not bring it to life. */
function list(all: tables.Tables, request: Request): string | null {
  if (request.command !== 'list' && request.command !== 'list-rules') return null;
  const table = all.get(request.table) ?? tables.needTable(new Map(), request.table);
  const { chain: name, number, flags } = request;
  const chain = name === null ? null : table.get(name);
  if (chain === undefined) {
    const message = `chain \`${name}' in table \`${request.table}' is incompatible, use 'nft' tool.`;
    throw new IptablesError(message, 1, 'version');
  }
  const chains = name === null || chain === null ? sortChains(table) : [[name, chain] as const];
  if (request.command === 'list-rules') return printRules(chains, number, { counters: flags.verbose });
  return listChains(table, chains, number, flags);
}

function change(table: tables.TableState, request: Request): void {
  switch (request.command) {
    case 'append':
      tables.insertRules(table, request.chain, request.rules, null);
      break;
    case 'insert':
      tables.insertRules(table, request.chain, request.rules, request.number);
      break;
    case 'replace':
      tables.replaceRule(table, request.chain, request.number, request.rules[0] ?? '');
      break;
    case 'delete':
      for (const rule of request.rules) tables.deleteRule(table, request.chain, rule);
      break;
    case 'check':
      for (const rule of request.rules) tables.checkRule(table, request.chain, rule);
      break;
    case 'delete-number':
      tables.deleteRuleNumber(table, request.chain, request.number);
      break;
    case 'flush':
      tables.flush(table, request.chain);
      break;
    case 'zero':
      tables.zero(table, request.chain);
      break;
    case 'new-chain':
      tables.addChain(table, request.chain);
      break;
    case 'delete-chain':
      tables.deleteChain(table, request.chain);
      break;
    case 'rename-chain':
      tables.renameChain(table, request.chain, request.to);
      break;
    case 'policy':
      tables.setPolicy(table, request.chain, request.to);
      break;
  }
}

function usage(tool: string): string {
  return `${tool} ${IPTABLES_VERSION}

Usage: ${tool} -[ACD] chain rule-specification [options]
       ${tool} -I chain [rulenum] rule-specification [options]
       ${tool} -R chain rulenum rule-specification [options]
       ${tool} -D chain rulenum [options]
       ${tool} -[LS] [chain [rulenum]] [options]
       ${tool} -[FZ] [chain] [options]
       ${tool} -[NX] chain
       ${tool} -E old-chain-name new-chain-name
       ${tool} -P chain target [options]
       ${tool} -h (print this help information)
`;
}
