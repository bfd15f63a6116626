// What failed since something is in the way that is no rule: lo down, a route, a queue, a program on lo.
import type { Cause, Clues } from './cause.ts';
import type { Failure } from './failures.ts';
import type { LoopbackKind, WayFault } from './loopback-way.ts';

const kindOf = ({ conversation: { destination } }: Failure): LoopbackKind =>
  destination === '::1' ? 'ip6' : destination.startsWith('127.') ? 'ip' : 'own';

/** A refusal is an answer: what is in the way gives none. */
const explainedBy = ({ passing }: Clues, { kinds }: WayFault): Failure[] =>
  passing
    .map(({ failure }) => failure)
    .filter((failure) => failure.end !== 'refused' && kinds.includes(kindOf(failure)));

/** Found where such packets fail. What only may be in the way proves nothing. */
const findFault =
  (outcome: Exclude<WayFault['outcome'], 'works'>): Cause =>
  (clues) => {
    for (const fault of clues.witness.wayFaults) {
      if (fault.outcome !== outcome) continue;
      const explains = explainedBy(clues, fault);
      const [first] = explains;
      if (first === undefined) continue;
      const { finding } = fault;
      const evidence = [first.evidence, ...finding.evidence, 'by its rules the firewall lets this connection through'];
      const isSure = outcome !== 'unknown';
      return {
        finding: { ...finding, severity: isSure ? 'problem' : finding.severity, evidence },
        blame: isSure ? 'server' : 'unknown',
        explains,
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
