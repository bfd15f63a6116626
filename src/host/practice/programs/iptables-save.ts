// iptables-save and iptables-restore on the practice server.
import { splitWords } from '../../../firewall/iptables/read/split-words.ts';
import { IptablesError, wrongUsage } from '../netfilter/iptables-error.ts';
import { createRuleParser } from '../netfilter/parse-rule.ts';
import { printSave } from '../netfilter/print-tables.ts';
import {
  addChain,
  emptyTable,
  insertRules,
  needTable,
  setPolicy,
  type TableState,
  type Tables,
} from '../netfilter/tables.ts';
import { type Call, failed, type Program, pathOf, printed, splitOptions } from '../program.ts';
import { complain, IPTABLES_VERSION, readingOf } from './iptables.ts';

/** The program for one family: `-t TABLE`, `-c` for counters. */
export function iptablesSave(family: 'ip' | 'ip6'): Program {
  return ({ args, server }) => {
    const { options } = splitOptions(args, 'tM');
    const tool = `${family}tables-save ${IPTABLES_VERSION}`;
    if (options.has('V') || options.has('version')) return printed(`${tool}\n`);
    const wanted = options.get('t') ?? null;
    const all = [...server.kernel.tables[family]].filter(([name]) => wanted === null || name === wanted);
    const counters = options.has('c') || options.has('counters');
    return printed(printSave(new Map(all), tool, server.clock.now(), { counters }));
  };
}

/** The program for one family: `--test`, `--noflush`; from its input or the file it is given. All or nothing. */
export function iptablesRestore(family: 'ip' | 'ip6'): Program {
  return (call) => {
    const { options, operands } = splitOptions(call.args, 'TwM');
    const tool = `${family}tables-restore`;
    if (options.has('V') || options.has('version')) return printed(`${tool} ${IPTABLES_VERSION}\n`);
    const [file] = operands;
    const text = file === undefined ? call.input : call.server.files.read(pathOf(call, file));
    if (text === null) return failed(1, `Can't open ${file}: No such file or directory`);
    const restoring = { call, family, noFlush: options.has('n') || options.has('noflush') };
    const outcome = readDump(restoring, text);
    if (outcome instanceof IptablesError) return complain(outcome, tool);
    if (options.has('t') || options.has('test')) return printed();
    for (const [name, table] of outcome) call.server.kernel.tables[family].set(name, table);
    call.server.kernel.touch();
    return printed();
  };
}

type Restoring = { readonly call: Call; readonly family: 'ip' | 'ip6'; readonly noFlush: boolean };

/** The tables that the dump holds, or the complaint about its first wrong line. */
function readDump(restoring: Restoring, text: string): Tables | IptablesError {
  const done: Tables = new Map();
  let open: { name: string; table: TableState } | null = null;
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    try {
      if (line.startsWith('#') || line.trim() === '') continue;
      if (line.startsWith('*') && open === null) open = openTable(restoring, line.slice(1).trim());
      else if (open === null) throw wrongUsage('no table');
      else if (line.trim() === 'COMMIT') {
        done.set(open.name, open.table);
        open = null;
      } else readDumpLine(restoring, open.name, open.table, line);
    } catch (error) {
      if (error instanceof IptablesError) return onLine(error, index + 1);
      throw error;
    }
  }
  return open === null ? done : new IptablesError(`COMMIT expected at line ${lines.length}`, 1, 'name');
}

function onLine(error: IptablesError, line: number): IptablesError {
  if (error.code !== 2) return new IptablesError(`line ${line} failed`, 1, 'name');
  return new IptablesError(`${error.message}\nError occurred at line: ${line}`, 2, error.head);
}

function openTable({ call, family, noFlush }: Restoring, name: string): { name: string; table: TableState } {
  needTable(new Map(), name);
  const now = noFlush ? call.server.kernel.tables[family].get(name) : undefined;
  const table: TableState = new Map();
  for (const [chain, state] of now ?? emptyTable(name)) table.set(chain, { ...state, rules: [...state.rules] });
  return { name, table };
}

/** `:OUTPUT DROP [0:0]` or `[7:420] -A OUTPUT -o lo -j ACCEPT` */
function readDumpLine({ call, family }: Restoring, name: string, table: TableState, line: string): void {
  const chain = /^:(\S+) (\S+)/.exec(line);
  if (chain) {
    const [, chainName = '', policy = '-'] = chain;
    if (policy !== '-') setPolicy(table, chainName, policy);
    else if (!table.has(chainName)) addChain(table, chainName);
    return;
  }
  const counted = /^\[(\d+):(\d+)\] /.exec(line);
  const words = splitWords(line.slice(counted?.[0].length ?? 0)) ?? [];
  const [command, target = ''] = words;
  if (command !== '-A') throw wrongUsage(`unknown option "${command}"`);
  const hasChain = (one: string) => table.get(one)?.policy === null;
  const parser = createRuleParser({ ...readingOf(call, family, name), hasChain });
  for (let at = 2; at < words.length; ) {
    const negated = words[at] === '!';
    const taken = parser.take(words, negated ? at + 1 : at, negated);
    if (taken === 0) throw wrongUsage(`unknown option "${words[at]}"`);
    at += taken + (negated ? 1 : 0);
  }
  insertRules(table, target, parser.finish(target, 'APPEND'), null);
  const added = table.get(target)?.rules.at(-1);
  if (added && counted) Object.assign(added, { packets: Number(counted[1]), bytes: Number(counted[2]) });
}
