// Who made the rules that are in force: known by the names of their chains, by what their log rules say, and by what runs on the server.
import type { DirectRule } from '../../firewall/firewalld/direct-rule.ts';
import { wayToLast } from '../../firewall/fix/place/generated-policies.ts';
import type { Family, Ruleset, Table } from '../../firewall/model/model.ts';
import { nameLayer } from '../../firewall/model/name-layer.ts';
import type { InstalledOwner, OwnerFacts } from './owner-facts.ts';
import { SIGNS, type Sign } from './owner-signs.ts';

/**
 * A program that rules in force come from. `active`: it is at work and will write them again; `leftover`: it is off, its rules are still there.
 * `part`: `policy` says what passes, `loader` loads a saved file at boot, `chains` has only chains of its own beside the policy.
 */
export type RuleOwner = {
  readonly name: string;
  readonly part: Sign['part'];
  readonly status: 'active' | 'leftover';
  /** The layers with its rules, by name (`iptables-legacy`). */
  readonly layers: readonly string[];
  readonly families: readonly Family[];
  /** Whether the next boot starts it; null: a dump shows nothing of that. */
  readonly startsAtBoot: boolean | null;
  /** What becomes of rules made by hand, and when; null: nothing. */
  readonly overwrites: string | null;
  readonly evidence: readonly string[];
};

/** The programs of which a server shows whether they are at work. */
const ASKED = new Set(['ufw', 'firewalld', 'docker', 'fail2ban']);

/** The owners of rules in force, those who say what passes first. `facts` is null where only a dump was read: then who has rules counts as active. */
export function findOwners({ tables }: Ruleset, facts: OwnerFacts | null): RuleOwner[] {
  const marked = new Set<Table>();
  return SIGNS.flatMap((sign): RuleOwner[] => {
    const manager = facts?.installed.find(({ name }) => name === sign.name);
    const own = findMarks(tables, sign, { marked, directRules: facts?.directRules ?? [] });
    if (own.length === 0 || (sign.unmarked !== undefined && manager?.startsAtBoot !== true)) return [];
    // Rules that bear no mark are not its own where its policies are not in force.
    if (sign.unmarked !== undefined && own.some(({ table }) => contradicts(table, manager))) return [];
    if (sign.part !== 'chains') for (const { table } of own) marked.add(table);
    const isOff = facts !== null && !isAtWork(sign.name, manager);
    return [
      {
        name: sign.name,
        part: sign.part,
        status: isOff ? 'leftover' : 'active',
        layers: [...new Set(own.map(({ table }) => nameLayer(table)))],
        families: [...new Set(own.map(({ table }) => table.family))],
        startsAtBoot: facts === null ? null : manager?.startsAtBoot === true,
        overwrites: isOff ? null : sign.overwrites,
        evidence: [
          ...(manager === undefined ? (isOff ? [`${sign.name} is not running here`] : []) : [manager.evidence]),
          ...own.flatMap(({ marks }) => marks),
        ],
      },
    ];
  });
}

/** Whether the chains of the table have other policies than the program gives them. */
function contradicts({ name, family, chains }: Table, manager: InstalledOwner | undefined): boolean {
  if (name !== 'filter' || family !== 'ip') return false;
  return Object.entries(manager?.policies ?? {}).some(([chain, policy]) => {
    const base = chains.get(chain)?.base;
    return base != null && base.policy !== policy;
  });
}

/** Nothing of a generator runs once it has made its rules: it is at work where it is installed. */
function isAtWork(name: string, manager: InstalledOwner | undefined): boolean {
  if (wayToLast(name) !== null) return manager !== undefined;
  return !ASKED.has(name) || manager?.isOn === true;
}

type Known = { readonly marked: ReadonlySet<Table>; readonly directRules: readonly DirectRule[] };

/** The tables with rules of that program, and by what they are known. */
function findMarks(tables: readonly Table[], sign: Sign, { marked, directRules }: Known): Marked[] {
  const own = tables.flatMap((table): Marked[] => {
    const direct = sign.name === 'firewalld' ? directRulesIn(table, directRules) : [];
    const marks = sign.unmarked === undefined ? marksOf(table, sign) : unmarkedIn(table, sign, marked);
    return marks.length + direct.length > 0 ? [{ table, marks: [...marks, ...direct] }] : [];
  });
  const legacy = own.filter(({ table: { variant } }) => variant === 'legacy');
  return sign.prefersLegacy && legacy.length > 0 ? legacy : own;
}

type Marked = { readonly table: Table; readonly marks: readonly string[] };

/** What in the table shows that it is the program's, in words. */
function marksOf(table: Table, { chains, tables, prefixes }: Sign): string[] {
  const where = `${nameLayer(table)} ${table.family} table ${table.name}`;
  if (table.layer === 'nftables') return tables?.test(`${table.family} ${table.name}`) ? [where] : [];
  const names = [...table.chains.keys()].filter((name) => chains?.test(name));
  const shown = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
  const prefix = prefixes === undefined ? undefined : prefixIn(table, prefixes);
  return [
    ...(names.length > 0 ? [`${where} has ${names.length > 1 ? 'chains' : 'the chain'} ${shown}`] : []),
    ...(prefix === undefined ? [] : [`${where} logs with the prefix "${prefix}"`]),
  ];
}

/** What firewalld has put into a table of iptables bears no mark; only firewalld itself tells. */
function directRulesIn({ layer, family, name }: Table, rules: readonly DirectRule[]): string[] {
  const chains = rules.filter((rule) => layer === 'iptables' && rule.family === family && rule.table === name);
  return [
    ...new Set(chains.map(({ chain }) => `firewalld has direct rules in ${family} table ${name}, chain ${chain}`)),
  ];
}

function prefixIn({ chains }: Table, prefixes: RegExp): string | undefined {
  for (const { rules } of chains.values()) {
    for (const { text, steps } of rules) {
      // Rules are read only when asked for their steps, and there may be many.
      if (!text.includes('prefix')) continue;
      for (const step of steps) if (step.kind === 'log' && prefixes.test(step.prefix)) return step.prefix;
    }
  }
  return undefined;
}

/** A table with rules that nobody else makes all of. */
function unmarkedIn(table: Table, { unmarked }: Sign, marked: ReadonlySet<Table>): string[] {
  const hasRules = [...table.chains.values()].some(({ rules, base }) => rules.length > 0 || base?.policy === 'drop');
  if (table.layer !== unmarked || marked.has(table) || !hasRules) return [];
  return [`${nameLayer(table)} ${table.family} table ${table.name} has rules, none of which name their maker`];
}

/** Who says what passes in a layer; `none` where that is nobody known: rules made by hand or by a script. */
export function managerOf(layer: string, owners: readonly RuleOwner[]): string {
  const here = owners.filter(
    ({ layers, status, part }) => layers.includes(layer) && status === 'active' && part !== 'chains',
  );
  return here[0]?.name ?? 'none';
}
