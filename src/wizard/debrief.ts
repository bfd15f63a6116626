// What came of a scenario of practice: solved or not, what was found, what was missed. Wrong turns are explained, not counted.
import { isForAll } from '../firewall/fix/plan.ts';
import type { Case, Outcome, Story } from './state.ts';

export type Debrief = {
  readonly scenario: string;
  readonly isSolved: boolean;
  readonly outcome: Outcome;
  /** So many hints were asked for. */
  readonly hints: number;
  /** What was seen on the way. */
  readonly found: readonly string[];
  /** What went by unseen or was left open, and why that matters. */
  readonly missed: readonly string[];
  readonly cause: string;
  readonly lesson: string;
  readonly byHand: readonly string[];
};

const isKept = (outcome: Outcome): boolean => outcome === 'fixed' || outcome === 'kept-unverified';

const found = ({ attempts, diagnosis, verification, entries }: Case): string[] => [
  ...(attempts.length > 0 ? ['what fails was seen failing'] : []),
  ...(entries.some(({ line }) => line.entry.loopback) ? ['the log proved that packets on lo are stopped'] : []),
  ...(diagnosis?.verdict === 'loopback-blocked' ? ['the rule that stops them was named'] : []),
  ...(diagnosis !== null && diagnosis.verdict !== 'loopback-blocked' && diagnosis.verdict !== 'undecided'
    ? ['loopback was found not to be what fails']
    : []),
  ...(verification?.result === 'works' ? ['the fix was seen to work'] : []),
];

/** Why an end of a real fault is not the one that helps. */
const LEFT: Record<Exclude<Outcome, 'fixed'>, string> = {
  'kept-unverified': 'The fix was kept although nothing has shown that it works: what failed may still fail.',
  'rolled-back': 'The fix was taken back, by choice or because the time was up: what failed fails again.',
  'rollback-failed': 'Taking the fix back failed: what stands now has to be looked at by hand.',
  unfixed: 'The walk was left before the fix was kept: the fault is still there.',
  healthy: 'The walk was left before what fails had been repeated: rules that look fine prove nothing yet.',
  'not-the-firewall': 'The walk ended with another cause; the rule that stops it was not found.',
  unexplained: 'What failed was not explained. With logging on, the entry names the rule.',
  'cant-tell': 'It ended without an answer. Repeating what fails, with logging on, would have given one.',
  'could-not-look': 'The walk was left before the rules were read.',
};

const missedOfFault = ({ plan, attempts }: Case, outcome: Outcome): string[] => {
  if (outcome !== 'fixed') return [LEFT[outcome]];
  return [
    ...(attempts.length === 0
      ? ['It was fixed without having been seen failing: that it was this fault was luck.']
      : []),
    ...(plan !== null && !isForAll(plan.choice)
      ? ['Only what failed was permitted. That is the tighter policy; the next local service will fail the same way.']
      : []),
  ];
};

const missedOfDecoy = ({ attempts }: Case, outcome: Outcome): string[] => {
  if (isKept(outcome))
    return [
      'Loopback was permitted, though that is not what fails: the rule that was opened was meant, and the failure stays.',
    ];
  return attempts.length === 0
    ? ['The walk was left before what fails had been repeated: its cause was not seen.']
    : [];
};

/** The debrief of a scenario that has ended. */
export const debriefOf = (story: Story, walk: Case, outcome: Outcome): Debrief => {
  const { id, isDecoy, cause, lesson, byHand } = story;
  const isSolved = isDecoy ? !isKept(outcome) && walk.attempts.length > 0 : outcome === 'fixed';
  return {
    ...{ scenario: id, isSolved, outcome, hints: walk.hintsShown, found: found(walk) },
    missed: isDecoy ? missedOfDecoy(walk, outcome) : missedOfFault(walk, outcome),
    ...{ cause, lesson, byHand },
  };
};
