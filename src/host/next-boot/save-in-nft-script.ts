// Makes a rule of nftables last: it goes into the script that makes its chain at boot.
import type { NftInsertion } from '../../firewall/fix/plan.ts';
import type { Ruleset } from '../../firewall/model/model.ts';
import { type Insertion, insertAtEnd, insertBeforeRule } from '../../firewall/nftables/read/insert-into-script.ts';
import { readBytes, replaceFile, toBytes, untilReplaced } from '../files/replace-file.ts';
import { type Host, HostError } from '../host.ts';
import {
  checkNftScript,
  findNftScript,
  type LocatedItem,
  readNftScript,
  type ScriptTrial,
  tryNftScript,
} from './nft-script.ts';
import type { PrepareChange, Saved } from './saved-changes.ts';

/** Puts one rule into the script. A HostError where that can't be done; nothing was changed then. */
export async function saveInNftScript(host: Host, insertion: NftInsertion, prepare: PrepareChange): Promise<Saved> {
  return untilReplaced('The script of nft', () => saveOnce(host, insertion, prepare));
}

async function saveOnce(host: Host, insertion: NftInsertion, prepare: PrepareChange): Promise<Saved | 'changed'> {
  const { family, table, chain, statement } = insertion;
  const script = await findNftScript(host);
  if (script === null) throw notSaved(insertion, 'This server has no script that nftables.service would load.');
  const own = (await readNftScript(host, script.path)).filter(
    (item) => item.kind === 'reset' || (item.table === `${family} ${table}` && item.chain === chain),
  );
  const tried = await tryNftScript(host, { script: script.path, replaced: script.path, candidate: script.path });
  const loaded = tried?.kind === 'loaded' ? tried.ruleset : null;
  const place = findPlace(own, insertion, loaded);
  if (place === null) throw notSaved(insertion, `${script.path} does not make this chain.`);
  const file = await readBytes(host, place.item.path);
  if (file === null) throw notSaved(insertion, `${place.item.path} can't be read.`);
  const { text, inserted } = insertAt(file.bytes, place, toBytes(statement));
  await prepare({ kind: 'statement', path: file.path, inserted: inserted, statement }, true);
  const replacement = { path: file.path, old: file.bytes, bytes: text };
  const end = await replaceFile(host, replacement, (candidate) =>
    findComplaint(host, insertion, { script: script.path, replaced: file.path, candidate }, loaded !== null),
  );
  if (end === 'changed') return end;
  return {
    paths: [file.path],
    advice: [
      ...(place.isSure
        ? []
        : [
            `${file.path} differs from the rules in force, so this rule stands first in its chain ${chain}: ${statement}`,
          ]),
      ...(script.isLoaded ? [] : [`Nothing loads ${script.path} at boot yet: ${script.enable}`]),
    ],
  };
}

/** Before a rule, or at the end of a block; `isSure`: it is the place that the rule has in force. */
type Place = { readonly item: Exclude<LocatedItem, { kind: 'reset' }>; readonly isSure: boolean };

/** The script's rules are told by their number: the kernel's list of what the script makes says which of them is the next one in force. */
function findPlace(items: readonly LocatedItem[], insertion: NftInsertion, loaded: Ruleset | null): Place | null {
  const rules = items.filter((item) => item.kind === 'rule');
  const blocks = items.filter((item) => item.kind === 'block');
  const texts = textsOf(loaded, insertion);
  const begun = items.findIndex(({ kind }) => kind !== 'reset');
  const isClear =
    texts?.length === rules.length &&
    rules.every(({ command }) => command !== 'insert') &&
    !items.slice(begun).some(({ kind }) => kind === 'reset');
  const next = isClear ? insertion.followedBy.map((text) => texts.indexOf(text)).find((at) => at >= 0) : undefined;
  const sure = next === undefined ? undefined : rules[next];
  if (sure !== undefined) return { item: sure, isSure: true };
  const last = blocks.at(-1);
  if (last !== undefined && insertion.followedBy.length === 0 && isClear) return { item: last, isSure: true };
  const first = rules.find(({ command }) => command !== 'insert') ?? blocks[0];
  return first === undefined ? null : { item: first, isSure: rules.length === 0 };
}

function textsOf(ruleset: Ruleset | null, { family, table, chain }: NftInsertion): string[] | null {
  const found = ruleset?.tables.find((one) => one.family === family && one.name === table)?.chains.get(chain);
  return found?.rules.map(({ text }) => text) ?? null;
}

function insertAt(text: string, { item }: Place, statement: string): Insertion {
  return item.kind === 'rule' ? insertBeforeRule(text, item, statement) : insertAtEnd(text, item, statement);
}

/**
 * What speaks against the changed script: nft refuses it, or the chain it makes does not have the rule. What the old one is refused
 * for as well in an empty namespace (a device that only the boot makes) says nothing against the new one.
 */
async function findComplaint(
  host: Host,
  insertion: NftInsertion,
  files: ScriptTrial,
  isLoadable: boolean,
): Promise<string | null> {
  const tried = isLoadable ? await tryNftScript(host, files) : null;
  switch (tried?.kind) {
    case 'complaint':
      return `nft would not load it: ${tried.text}`;
    case 'loaded':
      return textsOf(tried.ruleset, insertion)?.includes(insertion.statement)
        ? null
        : 'its chain would not have the rule';
    default:
      return checkNftScript(host, files);
  }
}

function notSaved({ family, table, chain, statement }: NftInsertion, why: string): HostError {
  return new HostError(
    `The rule in chain ${chain} of table ${family} ${table} was not saved for the next boot. ${why}`,
    {
      nextSteps: [`Put it into the file that makes the chain: ${statement}`],
    },
  );
}
