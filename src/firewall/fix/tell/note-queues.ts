// What is worth a word about rules that hand packets to a queue which no program reads.
import { whoReads } from '../../facts/who-reads.ts';
import type { Ruleset } from '../../model/model.ts';
import { ruleAt, type StopOnWay } from '../place/find-stops.ts';

/** One sentence for each such rule; `queues` are those that are read, null where that is not known. */
export function noteQueues(
  ruleset: Ruleset,
  stops: readonly StopOnWay[],
  queues: ReadonlySet<number> | null,
): string[] {
  const notes = stops.flatMap(({ rule }) => {
    const verdicts = ruleAt(ruleset, rule)?.steps.flatMap((step) => (step.kind === 'verdict' ? [step.verdict] : []));
    return (verdicts ?? []).flatMap((verdict) => {
      if (verdict.kind !== 'queue' || whoReads(verdict, queues) !== 'nobody') return [];
      const bypass = rule.layer === 'iptables' ? '--queue-bypass' : '"flags bypass"';
      return [
        `No program reads queue ${verdict.queue}, to which rule ${rule.number} of ${rule.chain} hands packets, so the kernel drops them. Other traffic needs the program started, or ${bypass} added to the rule; for loopback the permit before it is enough.`,
      ];
    });
  });
  return [...new Set(notes)];
}
