// The permits of a fix in the places that ufw keeps: its user rules where those come early enough, else its files.

import type { WantedPermit } from '../fix/place/find-permits.ts';
import type { AddedRule } from '../fix/rule/added-rule.ts';
import { stepsOf } from '../fix/rule/added-rule.ts';
import { chainAt } from '../fix/rule/apply-change.ts';
import { iptablesText } from '../fix/rule/iptables-rule.ts';
import { writeRule } from '../fix/rule/write-rule.ts';
import type { Ruleset, Table } from '../model/model.ts';
import { isUfwChain, ufwChain, ufwIptablesWords, ufwWords } from './ufw-rule.ts';

/**
 * The same permits with those that are ufw's business said by ufw: first among its user rules, for both families at once, as ufw does it.
 * Whether they have their effect there is for the caller to try. Null where ufw can't say one, or has the same rule already (then
 * it has no effect, and ufw's undo would delete the user's own).
 */
export function restateAsUfwRules(ruleset: Ruleset, permits: readonly WantedPermit[]): WantedPermit[] | null {
  const ours = permits.filter((permit) => isUfws(ruleset, permit));
  const rules = new Map(ours.map(({ added }) => [JSON.stringify({ ...added, comment: '' }), added]));
  const restated = permits.filter((permit) => !ours.includes(permit));
  for (const added of rules.values()) {
    const words = ufwWords(added);
    if (words === null) return null;
    for (const table of ruleset.tables.filter(hasUfw)) {
      const permit = userRule(table, added, words);
      if (permit === null || isThere(ruleset, permit)) return null;
      restated.push(permit);
    }
  }
  return restated;
}

/**
 * The same permits with those in built-in chains moved to the first place of what ufw makes from its before.rules: there they can be kept,
 * while the built-in chains have no file of ufw's.
 */
export function restateInUfwFiles(ruleset: Ruleset, permits: readonly WantedPermit[]): WantedPermit[] {
  return permits.map((permit) => {
    const { added } = permit;
    const { table, chain } = chainAt(ruleset, permit.place);
    const own = table.chains.get(ufwChain(table.family, 'before', added.direction));
    if (chain.base === null || own === undefined || !isUfws(ruleset, permit)) return permit;
    const place = { ...permit.place, chain: own.name };
    const written = writeRule(place, own, added);
    const reason = 'First in what ufw makes from its before.rules: its user rules would come too late.';
    return written === null ? permit : { place, at: 1, added, stoppers: [], written, reason };
  });
}

function isUfws(ruleset: Ruleset, { place }: WantedPermit): boolean {
  const { table, chain } = chainAt(ruleset, place);
  return hasUfw(table) && isUfwChain(chain.name);
}

function hasUfw({ layer, family, name, chains }: Table): boolean {
  return layer === 'iptables' && name === 'filter' && chains.has(ufwChain(family, 'user', 'out'));
}

function userRule(table: Table, added: AddedRule, words: readonly string[]): WantedPermit | null {
  const chain = table.chains.get(ufwChain(table.family, 'user', added.direction))?.name;
  if (table.layer !== 'iptables' || chain === undefined) return null;
  const { layer, variant, family, name } = table;
  const text = iptablesText(chain, ufwIptablesWords(added));
  return {
    place: { layer, variant, family, table: name, chain },
    at: 1,
    added,
    stoppers: [],
    written: {
      rule: { number: 0, text, line: null, handle: null, comment: null, steps: stepsOf(added) },
      source: { layer: 'ufw', words, comment: added.comment },
    },
    reason: "First among ufw's own user rules, so that ufw shows it, keeps it and loads it at boot.",
  };
}

function isThere(ruleset: Ruleset, { place, written }: WantedPermit): boolean {
  return chainAt(ruleset, place).chain.rules.some(({ text }) => text === written.rule.text);
}
