// Loopback entries that prove no drop: their packets passed, or no rule in force wrote them. Said as what they are.

import { nameConversation } from '../../naming/conversations.ts';
import { count } from '../../naming/numbers.ts';
import { citeRule } from '../../naming/rules.ts';
import type { Finding } from '../finding.ts';
import type { PacketFate } from './judge-logged-packet.ts';
import type { TiedEntries } from './tie-entries.ts';

type Of<Kind extends PacketFate['kind']> = TiedEntries<Extract<PacketFate, { kind: Kind }>>;

const isOf =
  <Kind extends PacketFate['kind']>(kind: Kind) =>
  (one: TiedEntries): one is Of<Kind> =>
    one.fate.kind === kind;

/** Entries listed at the most. */
const LISTED = 5;

const tellPassed = ({ conversation, packets, sample, fate }: Of<'passed'>): string => {
  const by = fate.by === null ? '' : `, let through by ${citeRule(fate.by)}`;
  const prefix = sample.entry.prefix === null ? '' : ` as "${sample.entry.prefix}"`;
  return `${nameConversation(conversation)}, ${count(packets, 'packet')}: logged${prefix} by ${citeRule(fate.writer)}${by}`;
};

const findPassed = (tied: readonly TiedEntries[]): Finding | null => {
  const passed = tied.filter(isOf('passed'));
  if (passed.length === 0) return null;
  return {
    id: 'logged-and-passed',
    severity: 'notice',
    title: 'Some loopback packets were logged, but let through: their entries are no drops.',
    evidence: passed.slice(0, LISTED).map(tellPassed),
    advice: 'A LOG rule only writes: what becomes of the packet is said by the rules behind it.',
    commands: [],
  };
};

const findUndecided = (tied: readonly TiedEntries[]): Finding | null => {
  const undecided = tied.filter(isOf('unknown'));
  if (undecided.length === 0) return null;
  const doubts = undecided.flatMap(({ fate }) => fate.doubts);
  return {
    id: 'logged-undecided',
    severity: 'warning',
    title: "Whether some logged loopback packets were dropped can't be told from the rules.",
    evidence: [
      ...undecided
        .slice(0, LISTED)
        .map(({ conversation, fate }) => `${nameConversation(conversation)}: logged by ${citeRule(fate.writer)}`),
      ...new Set(doubts.map(({ rule, what }) => `it depends on "${what}" in ${citeRule(rule)}`)),
    ],
    advice:
      doubts.length === 0
        ? 'Look at the rules behind the one that logs.'
        : `What would settle it: ${[...new Set(doubts.map(({ settledBy }) => settledBy))].join('; ')}.`,
    commands: [],
  };
};

const findUnexplained = (tied: readonly TiedEntries[]): Finding | null => {
  const unexplained = tied.filter(isOf('unexplained'));
  if (unexplained.length === 0) return null;
  return {
    id: 'entries-of-no-rule',
    severity: 'notice',
    title: 'Some loopback entries were written by none of the rules that are in force here.',
    evidence: unexplained.slice(0, LISTED).map(({ conversation, sample, packets }) => {
      const { prefix } = sample.entry;
      const how = prefix === null ? 'without a prefix' : `with the prefix "${prefix}"`;
      return `${nameConversation(conversation)}, ${count(packets, 'packet')}: no rule that such a packet meets logs ${how}`;
    }),
    advice:
      'They prove nothing about this firewall: they come from a container, which has rules of its own, or from rules that were changed since.',
    commands: [],
  };
};

/** The findings about entries that count as no drop. */
export const findLoggedOnly = (tied: readonly TiedEntries[]): Finding[] =>
  [findUndecided(tied), findPassed(tied), findUnexplained(tied)].filter((finding) => finding !== null);
