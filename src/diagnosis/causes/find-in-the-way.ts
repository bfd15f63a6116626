// What failed since something is in the way that is no rule: lo down, a route, a queue, a program on lo.
import { isLetThrough } from '../../firewall/questions/is-let-through.ts';
import type { Failure } from '../failures.ts';
import { loopbackKindOf, type WayFault } from '../way/loopback-way.ts';
import type { Witness } from '../witness.ts';
import { type Cause, PASSES } from './cause.ts';

/** A refusal is an answer: what is in the way gives none. */
const isInTheWayOf = ({ kinds }: WayFault, failure: Failure): boolean =>
  failure.end !== 'refused' && kinds.includes(loopbackKindOf(failure.conversation.destination));

/** Where nothing gets through, no rule can have stopped it. */
export const isWayGone = ({ wayFaults }: Witness, failure: Failure): boolean =>
  wayFaults.some((fault) => fault.outcome === 'blocked' && isInTheWayOf(fault, failure));

/** Found where such packets fail. What only may be in the way proves nothing. */
const findFault =
  (outcome: Exclude<WayFault['outcome'], 'works'>): Cause =>
  (clues) => {
    for (const fault of clues.witness.wayFaults) {
      if (fault.outcome !== outcome) continue;
      const explained = clues.passing.filter(({ failure }) => isInTheWayOf(fault, failure));
      const [first] = explained;
      if (first === undefined) continue;
      const { finding } = fault;
      const byRules = isLetThrough(first.trace)
        ? PASSES
        : 'its rules would stop this connection too, once it gets so far';
      const evidence = [first.failure.evidence, ...finding.evidence, byRules];
      const isSure = outcome !== 'unknown';
      return {
        finding: { ...finding, severity: isSure ? 'problem' : finding.severity, evidence },
        blame: isSure ? 'server' : 'unknown',
        explains: explained.map(({ failure }) => failure),
      };
    }
    return null;
  };

/** Nothing gets through, for sure. */
export const findInTheWay = findFault('blocked');
/** Some of it does not get through, for sure. */
export const findPartlyInTheWay = findFault('partly');
/** There is no such address here. */
export const findAddressAbsent = findFault('absent');
/** Some of it may be thrown away there. */
export const findMaybeInTheWay = findFault('unknown');
