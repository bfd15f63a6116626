// An added rule in the language of whoever owns the chain, with the commands that insert and delete it.
import { builtinBase } from '../iptables/builtin-chains.ts';
import type { Chain, Owner, Rule } from '../model.ts';
import type { AddedRule } from './added-rule.ts';
import { stepsOf } from './added-rule.ts';
import { iptablesProgram, iptablesText, iptablesWords } from './iptables-rule.ts';
import { nftRule } from './nft-rule.ts';
import type { ChainPlace, Change, PlannedCommand, PlanOptions } from './plan.ts';

/** A rule ready to be placed: as the model has it (its number is given by its place), and as its tool wants it. */
export type WrittenRule = {
  readonly rule: Rule;
  readonly source: IptablesSource | NftSource;
};

type IptablesSource = { readonly layer: 'iptables'; readonly words: readonly string[] };
type NftSource = { readonly layer: 'nftables'; readonly statement: string };

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

function writeIptables({ chain }: ChainPlace, added: AddedRule): { text: string; source: IptablesSource } | null {
  const words = iptablesWords(added);
  return words && { text: iptablesText(chain, words), source: { layer: 'iptables', words } };
}

function writeNft({ table, chain }: ChainPlace, added: AddedRule): { text: string; source: NftSource } | null {
  const statement = nftRule(added);
  if (statement === null || ![table, chain].every((name) => /^[A-Za-z_.][\w/.-]*$/.test(name))) return null;
  return { text: statement, source: { layer: 'nftables', statement } };
}

/** A change with what it takes to make it: `handle` is nft's number of the rule it goes before, `last` true at the end of the chain. */
export type Placed = { readonly change: Change; readonly written: WrittenRule; readonly last: boolean };

/** The commands that make the changes, in order: one for each of iptables' rules, one transaction for all of nft's. */
export function planApply(placed: readonly Placed[], { iptables }: PlanOptions): PlannedCommand[] {
  const commands = placed.flatMap(({ change, written, last }): PlannedCommand[] => {
    if (written.source.layer !== 'iptables') return [];
    const { place, position } = change;
    const where = last ? ['-A', place.chain] : ['-I', place.chain, `${position}`];
    return [{ command: [...iptablesTable(place, iptables), ...where, ...written.source.words] }];
  });
  const lines = placed.flatMap(nftLine);
  return lines.length === 0 ? commands : [...commands, { command: ['nft', '-f', '-'], input: `${lines.join('\n')}\n` }];
}

/** The commands that take the same rules away again, whatever happened around them; each may find its rule gone already. */
export function planUndo(placed: readonly Placed[], { iptables }: PlanOptions): PlannedCommand[] {
  return placed.toReversed().map(({ change: { place, rule }, written: { source } }): PlannedCommand => {
    if (source.layer === 'nftables') return { command: deleteByComment(place, rule.comment ?? '') };
    return { command: [...iptablesTable(place, iptables), '-D', place.chain, ...source.words] };
  });
}

function iptablesTable(place: ChainPlace, standard: PlanOptions['iptables']): [string, ...string[]] {
  return [iptablesProgram(place.family, variantOf(place), standard), '-w', '5', '-t', place.table];
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

/** nft deletes by handle only, and the kernel gives those out: the comment leads to it, wherever the rule is by then. */
function deleteByComment({ family, table, chain }: ChainPlace, comment: string): [string, ...string[]] {
  const rule = `.* comment "${comment.replace(/[.*[\]^$\\/]/g, '\\$&')}" # handle \\([0-9]*\\)$`;
  const script = `nft -a list chain ${family} ${table} ${chain} | sed -n 's/${rule}/delete rule ${family} ${table} ${chain} handle \\1/p' | nft -f -`;
  return ['sh', '-c', script];
}
