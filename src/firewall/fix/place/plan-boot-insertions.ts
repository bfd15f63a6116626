// Where the permits of a fix go in the files that the next boot loads.
import type { Ruleset } from '../../model/model.ts';
import { ufwFileOf } from '../../ufw/ufw-rule.ts';
import type { BootInsertion, NftInsertion } from '../plan.ts';
import { chainAt } from '../rule/apply-change.ts';
import { isOwnComment } from '../rule/tag.ts';
import type { PlacedPermit } from './find-permits.ts';

/** One for each permit that iptables makes. Rules that lo-doctor added for the moment are no landmarks: no file has them. */
export function planBootInsertions(ruleset: Ruleset, placed: readonly PlacedPermit[]): BootInsertion[] {
  return placed.flatMap(({ change: { place, rule }, wanted: { at }, written: { source } }) => {
    const { family, table, chain } = place;
    if (source.layer !== 'iptables' || (family !== 'ip' && family !== 'ip6')) return [];
    const next = chainAt(ruleset, place)
      .chain.rules.slice(at - 1)
      .find(({ comment }) => !isOwnComment(comment));
    const file = ufwFileOf(chain);
    return [{ family, table, chain, beforeRuleText: next?.text ?? null, ruleText: rule.text, ...(file && { file }) }];
  });
}

/** One for each permit that nft makes. */
export function planNftInsertions(ruleset: Ruleset, placed: readonly PlacedPermit[]): NftInsertion[] {
  return placed.flatMap(({ change: { place }, wanted: { at }, written: { source } }) => {
    if (source.layer !== 'nftables') return [];
    const { family, table, chain } = place;
    const behind = chainAt(ruleset, place).chain.rules.slice(at - 1);
    const followedBy = behind.filter(({ comment }) => !isOwnComment(comment)).map(({ text }) => text);
    return [{ family, table, chain, followedBy, statement: source.statement }];
  });
}
