// The rules that are in force on the practice server: what its kernel holds, changed by the iptables commands.
import { builtinBase, TABLE_NAMES } from '../../../firewall/iptables/read/builtin-chains.ts';
import { IptablesError, NO_SUCH_CHAIN, NO_SUCH_RULE, notTaken, refused } from './iptables-error.ts';

/** How often something was met. */
export type Counters = { packets: number; bytes: number };

/** A rule as iptables-save prints it, without `-A CHAIN`. */
export type RuleState = Counters & { readonly text: string };

/** A chain; a user's chain has no policy, and counts no packets of its own. */
export type ChainState = Counters & { policy: 'ACCEPT' | 'DROP' | null; rules: RuleState[] };

/** A table's chains, the built-in ones first. */
export type TableState = Map<string, ChainState>;

/** The tables of one family by name, those that were ever touched. */
export type Tables = Map<string, TableState>;

const BUILT_IN = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];

const emptyChain = (policy: ChainState['policy']): ChainState => ({ policy, rules: [], packets: 0, bytes: 0 });

/** A table as it is before anybody touches it. */
export function emptyTable(name: string): TableState {
  const chains = BUILT_IN.filter((chain) => builtinBase(name, chain, 'accept') !== null);
  return new Map(chains.map((chain) => [chain, emptyChain('ACCEPT')]));
}

/** The table of that name, made when it is touched for the first time. */
export function needTable(tables: Tables, name: string): TableState {
  if (!TABLE_NAMES.includes(name)) {
    const advice = 'Perhaps iptables or your kernel needs to be upgraded.';
    throw new IptablesError(`table '${name}' does not exist\n${advice}`, 3, 'version');
  }
  const table = tables.get(name) ?? emptyTable(name);
  tables.set(name, table);
  return table;
}

function needChain(table: TableState, name: string): ChainState {
  const chain = table.get(name);
  if (chain === undefined) throw refused(NO_SUCH_CHAIN);
  return chain;
}

/** Puts rules before the one with that number (from 1); without a number at the end. */
export function insertRules(table: TableState, name: string, texts: readonly string[], number: number | null): void {
  const { rules } = needChain(table, name);
  if (number !== null && number > rules.length + 1) throw refused('Index of insertion too big.');
  rules.splice(number === null ? rules.length : number - 1, 0, ...texts.map(ruleOf));
}

export function replaceRule(table: TableState, name: string, number: number, text: string): void {
  const { rules } = needChain(table, name);
  if (number > rules.length) throw refused('Index of replacement too big.');
  rules[number - 1] = ruleOf(text);
}

/** Takes away the first rule that reads so. */
export function deleteRule(table: TableState, name: string, text: string): void {
  const { rules } = needChain(table, name);
  rules.splice(findRule(rules, text), 1);
}

export function deleteRuleNumber(table: TableState, name: string, number: number): void {
  const { rules } = needChain(table, name);
  if (number > rules.length) throw refused('Index of deletion too big.');
  rules.splice(number - 1, 1);
}

/** Throws when no rule reads so. */
export function checkRule(table: TableState, name: string, text: string): void {
  findRule(needChain(table, name).rules, text);
}

/** Without a name: all chains. */
export function flush(table: TableState, name: string | null): void {
  for (const chain of name === null ? table.values() : [needChain(table, name)]) chain.rules = [];
}

export function zero(table: TableState, name: string | null): void {
  for (const chain of name === null ? table.values() : [needChain(table, name)]) {
    for (const counted of [chain, ...chain.rules]) Object.assign(counted, { packets: 0, bytes: 0 });
  }
}

export function addChain(table: TableState, name: string): void {
  if (table.has(name)) throw refused('Chain already exists.');
  table.set(name, emptyChain(null));
}

/** Without a name: all chains of users that are empty and unused. */
export function deleteChain(table: TableState, name: string | null): void {
  const names = name === null ? [...table].filter(([, { policy }]) => policy === null).map(([one]) => one) : [name];
  for (const one of names) {
    const chain = needChain(table, one);
    if (chain.rules.length > 0 || countReferences(table, one) > 0 || chain.policy !== null) {
      throw notTaken(`CHAIN_DEL failed (Device or resource busy): chain ${one}`);
    }
  }
  for (const one of names) table.delete(one);
}

export function renameChain(table: TableState, name: string, newName: string): void {
  const chain = needChain(table, name);
  if (table.has(newName)) throw refused('File exists.');
  table.delete(name);
  table.set(newName, chain);
  for (const { rules } of table.values()) {
    rules.forEach((rule, index) => {
      if (leadsTo(rule, name)) rules[index] = { ...rule, text: `${rule.text.slice(0, -name.length)}${newName}` };
    });
  }
}

export function setPolicy(table: TableState, name: string, policy: string): void {
  const chain = table.get(name);
  if (chain === undefined || chain.policy === null) throw refused('Bad built-in chain name.');
  if (policy !== 'ACCEPT' && policy !== 'DROP') throw refused("Bad policy name. Run `dmesg' for more information.");
  chain.policy = policy;
}

/** How many rules lead to a chain. */
export function countReferences(table: TableState, name: string): number {
  return [...table.values()].flatMap(({ rules }) => rules).filter((rule) => leadsTo(rule, name)).length;
}

function leadsTo({ text }: RuleState, name: string): boolean {
  return ` ${text}`.endsWith(` -j ${name}`) || ` ${text}`.endsWith(` -g ${name}`);
}

function ruleOf(text: string): RuleState {
  return { text, packets: 0, bytes: 0 };
}

function findRule(rules: readonly RuleState[], text: string): number {
  const index = rules.findIndex((rule) => rule.text === text);
  if (index < 0) throw refused(NO_SUCH_RULE);
  return index;
}
