// An added rule in the language of whoever owns the chain, with the commands that insert and delete it.
import { builtinBase } from '../../iptables/read/builtin-chains.ts';
import type { Chain, Owner, Rule } from '../../model/model.ts';
import type { ChainPlace, Change, IptablesLock, PlannedCommand, PlanOptions } from '../plan.ts';
import type { AddedRule } from './added-rule.ts';
import { stepsOf } from './added-rule.ts';
import { iptablesProgram, iptablesText, iptablesWords } from './iptables-rule.ts';
import { nftRule } from './nft-rule.ts';

/** A rule ready to be placed: as the model has it (its number is given by its place), and as its tool wants it. */
export type WrittenRule = {
  readonly rule: Rule;
  readonly source: IptablesSource | NftSource | UfwSource | FirewalldSource;
};

type IptablesSource = { readonly layer: 'iptables'; readonly words: readonly string[] };
type NftSource = { readonly layer: 'nftables'; readonly statement: string };
/** One command of ufw's makes the rule of both families. */
type UfwSource = { readonly layer: 'ufw'; readonly words: readonly string[]; readonly comment: string };

/** Null where the language has no way to say it: a rule to copy that is not understood, a name that nft can't be given. */
export function writeRule(place: ChainPlace, chain: Chain, added: AddedRule): WrittenRule | null {
  // iptables doesn't see base chains that nft has made in one of its tables.
  const foreign = chain.base !== null && builtinBase(place.table, place.chain, 'accept') === null;
  const written = place.layer === 'iptables' && !foreign ? writeIptables(place, added) : writeNft(place, added);
  if (written === null) return null;
  const { text, source } = written;
  return {
    source,
    rule: { number: 0, text, line: null, handle: null, comment: added.comment, steps: stepsOf(added) },
  };
}

/** True for a chain that commands can name; those in braces inside a rule have no name, and some names nft can't be given. */
export function canBeNamed({ layer, table, chain }: ChainPlace): boolean {
  return layer === 'iptables' || (isNftName(table) && isNftName(chain));
}

function isNftName(name: string): boolean {
  return /^[A-Za-z_.][\w/.-]*$/.test(name);
}

function writeIptables({ chain }: ChainPlace, added: AddedRule): { text: string; source: IptablesSource } | null {
  const words = iptablesWords(added);
  return words && { text: iptablesText(chain, words), source: { layer: 'iptables', words } };
}

function writeNft({ table, chain }: ChainPlace, added: AddedRule): { text: string; source: NftSource } | null {
  const statement = nftRule(added);
  if (statement === null || !isNftName(table) || !isNftName(chain)) return null;
  return { text: statement, source: { layer: 'nftables', statement } };
}

/** The rule after `firewall-cmd --direct --add-rule`. */
type FirewalldSource = { readonly layer: 'firewalld'; readonly words: readonly string[] };

/** A change with what it takes to make it: `handle` is nft's number of the rule it goes before, `last` true at the end of the chain. */
export type Placed = { readonly change: Change; readonly written: WrittenRule; readonly last: boolean };

/** The commands that make the changes, in order: one for each of iptables' and ufw's rules, one transaction for all of nft's. */
export function planApply(placed: readonly Placed[], options: PlanOptions): PlannedCommand[] {
  const commands = placed.flatMap((one) => applyAlone(one, options));
  const lines = placed.flatMap(nftLine);
  const transaction: PlannedCommand = { command: ['nft', '-f', '-'], input: `${lines.join('\n')}\n` };
  return distinct(lines.length === 0 ? commands : [...commands, transaction]);
}

/** The commands that take the same rules away again, whatever happened around them; each may find its rule gone already. */
export function planUndo(placed: readonly Placed[], options: PlanOptions): PlannedCommand[] {
  return distinct(placed.toReversed().flatMap((one) => undoAlone(one, options).map((command) => ({ command }))));
}

function applyAlone({ change: { place, position }, written, last }: Placed, options: PlanOptions): PlannedCommand[] {
  const { source } = written;
  switch (source.layer) {
    case 'iptables': {
      const where = last ? ['-A', place.chain] : ['-I', place.chain, `${position}`];
      return [{ command: [...iptablesTable(place, options), ...where, ...source.words] }];
    }
    case 'ufw':
      return [{ command: ['ufw', 'prepend', ...source.words, 'comment', source.comment] }];
    case 'firewalld':
      return [{ command: ['firewall-cmd', '--direct', '--add-rule', ...source.words] }];
    case 'nftables':
      return [];
  }
}

function undoAlone({ change: { place, rule }, written }: Placed, options: PlanOptions): PlannedCommand['command'][] {
  const { source } = written;
  switch (source.layer) {
    case 'iptables':
      return [[...iptablesTable(place, options), '-D', place.chain, ...source.words]];
    case 'ufw':
      return [['ufw', 'delete', ...source.words]];
    case 'firewalld':
      return [[], ['--permanent']].map((when) => [
        'firewall-cmd',
        ...when,
        '--direct',
        '--remove-rule',
        ...source.words,
      ]);
    case 'nftables':
      if (rule.comment === null) throw new Error(`no comment leads to ${rule.text}`);
      return [deleteByComment(place, rule.comment)];
  }
}

/** The commands by which the owner itself makes the changes outlast a boot; ufw has done so already. */
export function planBootCommands(placed: readonly Placed[]): PlannedCommand[] {
  return placed.flatMap(({ written: { source } }): PlannedCommand[] =>
    source.layer === 'firewalld'
      ? [{ command: ['firewall-cmd', '--permanent', '--direct', '--add-rule', ...source.words] }]
      : [],
  );
}

/** The files in which owners keep the rules that they are told, once these commands have run. */
export function listOwnersFiles(placed: readonly Placed[]): string[] {
  return [...new Set(placed.flatMap((one) => ownersFile(one) ?? []))];
}

function ownersFile({ change: { place }, written: { source } }: Placed): string | null {
  switch (source.layer) {
    case 'ufw':
      return place.family === 'ip6' ? '/etc/ufw/user6.rules' : '/etc/ufw/user.rules';
    case 'firewalld':
      return '/etc/firewalld/direct.xml';
    case 'iptables':
    case 'nftables':
      return null;
  }
}

function distinct(commands: readonly PlannedCommand[]): PlannedCommand[] {
  return [...new Map(commands.map((one) => [JSON.stringify(one), one])).values()];
}

const WAIT: Readonly<Record<IptablesLock, readonly string[]>> = { seconds: ['-w', '5'], forever: ['-w'], none: [] };

function iptablesTable(place: ChainPlace, { iptables, lock = 'seconds' }: PlanOptions): [string, ...string[]] {
  return [iptablesProgram(place.family, variantOf(place), iptables), ...WAIT[lock], '-t', place.table];
}

function variantOf(owner: Owner): 'nft' | 'legacy' {
  return owner.layer === 'iptables' ? owner.variant : 'nft';
}

/** Sample: `insert rule inet filter output handle 12 oifname "lo" counter accept comment "lo-doctor 7f3a: permit loopback"` */
function nftLine({ change: { place, before, position }, written: { source }, last }: Placed): string[] {
  if (source.layer !== 'nftables') return [];
  const chain = `${place.family} ${place.table} ${place.chain}`;
  if (last) return [`add rule ${chain} ${source.statement}`];
  const where = before?.handle == null ? `index ${position - 1}` : `handle ${before.handle}`;
  return [`insert rule ${chain} ${where} ${source.statement}`];
}

/** nft deletes by handle only, and the kernel gives those out: the comment leads to it, wherever the rule is by then. A chain that can't be listed ends it, as no pipe would. */
function deleteByComment({ family, table, chain }: ChainPlace, comment: string): [string, ...string[]] {
  const rule = `.* comment "${comment.replace(/[.*[\]^$\\/]/g, '\\$&')}" # handle \\([0-9]*\\)$`;
  const list = `rules=$(nft -a list chain ${family} ${table} ${chain}) || exit`;
  const script = `${list}; printf '%s\\n' "$rules" | sed -n 's/${rule}/delete rule ${family} ${table} ${chain} handle \\1/p' | nft -f -`;
  return ['sh', '-c', script];
}
