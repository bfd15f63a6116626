// A fix's rules made harmless, to be put in by the same tools at the same places: they see the same packets and do nothing with them.

import type { Ruleset } from '../model/model.ts';
import { isCondition } from '../model/steps.ts';
import { placeChanges } from './place/place-changes.ts';
import type { ChainPlace, PlannedCommand, PlanOptions } from './plan.ts';
import type { AddedRule } from './rule/added-rule.ts';
import { permitLoopback } from './rule/permit-rule.ts';
import { rehearsalCaseOf, tagOf } from './rule/tag.ts';
import { listOwnersFiles, type Placed, planApply, planUndo, type WrittenRule, writeRule } from './rule/write-rule.ts';

/** What a rehearsal puts in and takes away, under a case of its own. `files`: those that the owner of the rules rewrites meanwhile. */
export type RehearsalPlan = {
  readonly caseId: string;
  readonly apply: readonly PlannedCommand[];
  readonly undo: readonly PlannedCommand[];
  readonly files: readonly string[];
};

/**
 * `works`: the rule was listed while the rollback waited, and is in no listing since; `seconds` is how long that took after the time was up.
 * `never-seen`: no listing showed the rule, so its end proves nothing. `stayed`: it was not taken away in time; `log` tells why.
 */
export type Rehearsal = {
  readonly caseId: string;
  readonly outcome: 'works' | 'never-seen' | 'stayed';
  readonly armedBy: 'systemd' | 'process';
  readonly wait: number;
  readonly seconds: number | null;
  readonly listings: readonly string[];
  readonly log: readonly string[];
};

/** An address that no packet on lo has: of the block that is reserved for the future. ufw has no rule without a verdict. */
const NOBODY = '240.0.0.1';

/** The rehearsal of a fix; empty where the fix is. */
export function rehearsePermits(placed: readonly Placed[], options: PlanOptions): RehearsalPlan {
  const harmless = placed.map((one) => ({ ...one, written: makeHarmless(one.written, options.caseId) })).map(withRule);
  return {
    caseId: rehearsalCaseOf(options.caseId),
    apply: planApply(harmless, options),
    undo: planUndo(harmless, options),
    files: listOwnersFiles(harmless),
  };
}

const withRule = (one: Placed): Placed => ({ ...one, change: { ...one.change, rule: one.written.rule } });

/** The rehearsal where nothing has to be fixed: in the first chain that sees what leaves this server; null where there is none to write into. */
export function rehearseAnywhere(ruleset: Ruleset, options: PlanOptions): RehearsalPlan | null {
  for (const table of ruleset.tables)
    for (const chain of table.chains.values()) {
      if (chain.base?.hook !== 'output') continue;
      const place = { ...table, table: table.name, chain: chain.name } satisfies ChainPlace;
      const written = writeRule(place, chain, permitLoopback('output', options.caseId) satisfies AddedRule);
      if (written === null) continue;
      return rehearsePermits(placeChanges(ruleset, [{ place, at: 1, written, reason: '' }]).placed, options);
    }
  return null;
}

function makeHarmless({ rule, source }: WrittenRule, caseId: string): WrittenRule {
  const comment = `${tagOf(rehearsalCaseOf(caseId))}does nothing`;
  const steps = rule.steps.filter(isCondition);
  const recommented = (words: readonly string[]) => words.map((word) => (word === rule.comment ? comment : word));
  const made = { ...rule, comment, steps };
  switch (source.layer) {
    case 'iptables':
    case 'firewalld':
      return { rule: made, source: { ...source, words: withoutVerdict(recommented(source.words)) } };
    case 'nftables': {
      const statement = source.statement.replace(/ accept comment "[^"]*"$/, ` comment "${comment}"`);
      return { rule: { ...made, text: statement }, source: { ...source, statement } };
    }
    case 'ufw':
      return { rule: made, source: { ...source, words: [...source.words.slice(0, 4), 'to', NOBODY], comment } };
  }
}

/** A rule of iptables without `-j` only counts. */
function withoutVerdict(words: readonly string[]): readonly string[] {
  return words.slice(-2).join(' ') === '-j ACCEPT' ? words.slice(0, -2) : words;
}
