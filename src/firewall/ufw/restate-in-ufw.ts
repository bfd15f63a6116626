// The permits of a fix in ufw's own words, where ufw's user rules come early enough to have an effect.

import type { AddedRule } from '../fix/added-rule.ts';
import { stepsOf } from '../fix/added-rule.ts';
import { chainAt } from '../fix/apply-change.ts';
import type { WantedPermit } from '../fix/find-permits.ts';
import { iptablesText } from '../fix/iptables-rule.ts';
import type { ChainPlace } from '../fix/plan.ts';
import type { Ruleset, Table } from '../model.ts';
import { isUfwChain, ufwIptablesWords, ufwUserChain, ufwWords } from './ufw-rule.ts';

/**
 * The same permits with those that are ufw's business said by ufw: first among its user rules, for both families at once, as ufw does it.
 * Whether they have their effect there is for the caller to try. Null where ufw can't say one, or has the same rule already (then
 * it has no effect, and ufw's undo would delete the user's own).
 */
export function restateInUfw(ruleset: Ruleset, permits: readonly WantedPermit[]): WantedPermit[] | null {
  const others = permits.filter((permit) => !isUfws(ruleset, permit));
  const rules = new Map(
    permits
      .filter((permit) => isUfws(ruleset, permit))
      .map(({ added }) => [JSON.stringify({ ...added, comment: '' }), added]),
  );
  const restated: WantedPermit[] = [];
  for (const added of rules.values()) {
    const words = ufwWords(added);
    if (words === null) return null;
    for (const table of ruleset.tables.filter(isUfwTable)) {
      const permit = userRule(table, added, words);
      if (permit === null || isThere(ruleset, permit)) return null;
      restated.push(permit);
    }
  }
  return [...restated, ...others];
}

function isUfws(ruleset: Ruleset, { place }: WantedPermit): boolean {
  return isUfwChain(chainAt(ruleset, place).table, place.chain);
}

function isUfwTable({ layer, name, chains }: Table): boolean {
  return (
    layer === 'iptables' &&
    name === 'filter' &&
    (chains.has(ufwUserChain('ip', 'out')) || chains.has(ufwUserChain('ip6', 'out')))
  );
}

function userRule(table: Table, added: AddedRule, words: readonly string[]): WantedPermit | null {
  if (table.layer !== 'iptables' || (table.family !== 'ip' && table.family !== 'ip6')) return null;
  const chain = ufwUserChain(table.family, added.direction);
  const place: ChainPlace = {
    layer: table.layer,
    variant: table.variant,
    family: table.family,
    table: table.name,
    chain,
  };
  const text = iptablesText(chain, ufwIptablesWords(added));
  return {
    place,
    at: 1,
    added,
    stoppers: [],
    written: {
      rule: { number: 0, text, line: null, handle: null, comment: null, steps: stepsOf(added) },
      source: { layer: 'ufw', words, comment: added.comment },
    },
    reason: 'First among ufw’s own user rules, so that ufw shows it, keeps it and loads it at boot.',
  };
}

function isThere(ruleset: Ruleset, { place, written }: WantedPermit): boolean {
  return chainAt(ruleset, place).chain.rules.some(({ text }) => text === written.rule.text);
}
