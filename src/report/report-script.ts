// A finished walk as a shell script that needs no lo-doctor: for servers that take only a paste. It arms a rollback, applies, looks and asks.

import type { Conversation } from '../firewall/conversation/trace.ts';
import type { FixPlan, PlannedCommand } from '../firewall/fix/plan.ts';
import { tellOutcome } from '../steps/5-verify.ts';
import type { Case, Outcome } from '../wizard/state.ts';
import { printable } from '../words/printable.ts';
import { quoteShellWord, shellLine } from '../words/shell-line.ts';
import { expectedRules } from './expected-rules.ts';
import { ROLL_BACK, SCRIPT } from './script-text.ts';

/** A listing in which `text` shows a rule of the case; `isNeeded`: it has to be had, or nothing is known. */
export type Listing = { readonly command: readonly string[]; readonly text: string; readonly isNeeded: boolean };

/** Connections tried after the fix. */
const MOST_TRIES = 4;

const line = ({ command, input }: PlannedCommand): string =>
  input === undefined || input === ''
    ? shellLine(command)
    : `printf %s ${quoteShellWord(input)} | ${shellLine(command)}`;

const indented = (lines: readonly string[]): string => lines.map((one) => `  ${one}\n`).join('');

/** What failed, where that can be tried with what every server has. */
const tries = ({ diagnosis, plan }: Case): Conversation[] => {
  const blocked = (diagnosis?.blocked ?? [])
    .filter(({ listener }) => listener !== null)
    .map(({ conversation }) => conversation);
  const wanted = (blocked.length > 0 ? blocked : (plan?.repaired ?? [])).filter(({ protocol }) => protocol === 'tcp');
  const places = new Map(wanted.map((one) => [`${one.destination} ${one.destinationPort}`, one]));
  return [...places.values()].slice(0, MOST_TRIES);
};

/** What makes it last, to be done by hand once it is kept. */
const lasting = ({ bootInsertions, nftInsertions, bootCommands, bootAdvice }: FixPlan): string[] => [
  ...bootCommands.map(line),
  ...bootInsertions.map(({ family, file, table, beforeRuleText, ruleText }) => {
    const place = beforeRuleText === null ? `at the end of table ${table}` : `before the line ${beforeRuleText}`;
    const usual = family === 'ip' ? '/etc/iptables/rules.v4' : '/etc/iptables/rules.v6';
    return `into ${file ?? `the rules file of the next boot (Debian: ${usual})`}, ${place}: ${ruleText}`;
  }),
  ...nftInsertions.map(
    ({ family, table, chain, statement }) =>
      `into the script that makes the chain ${family} ${table} ${chain} at boot, before its final rule: ${statement}`,
  ),
  ...bootAdvice,
];

/** Any program that the commands need, once each. */
const tools = ({ byHand, undo }: FixPlan): string[] => [
  ...new Set([...byHand, ...undo].map(({ command }) => command[0])),
];

const functions = (walk: Case, plan: FixPlan, listings: readonly Listing[]): Record<string, string> => ({
  TOOLS: tools(plan).map(quoteShellWord).join(' '),
  UNDO: indented(plan.undo.map((one) => `{ ${line(one)}; } </dev/null >/dev/null 2>&1`)),
  LOOKS: indented(
    listings.map(
      ({ command, text, isNeeded }) =>
        `look ${isNeeded ? 'yes' : 'no'} ${quoteShellWord(text)} ${shellLine(command)} || return`,
    ),
  ),
  EXPECTED: indented(
    expectedRules(plan).map(
      ({ list, number, text }) => `is_still ${number} ${quoteShellWord(text)} ${shellLine(list)} || return`,
    ),
  ),
  APPLY: indented(plan.byHand.map((one) => `{ ${line(one)}; } || return`)),
  TRIES: indented(
    tries(walk).map(({ destination, destinationPort }) => `try ${quoteShellWord(destination)} ${destinationPort}`),
  ),
  LASTING: indented(lasting(plan).map((one) => `printf '  %s\\n' ${quoteShellWord(one)}`)),
});

/** A template names only what there is. */
const partOf = (parts: Readonly<Record<string, string>>, name: string | undefined): string => {
  const part = name === undefined ? undefined : parts[name];
  if (part === undefined) throw new RangeError(`no part ${name}`);
  return part;
};

const fill = (text: string, parts: Readonly<Record<string, string>>): string =>
  text.replace(/^#<(\w+)>\n|<<(\w+)>>/gm, (_, block: string | undefined, word: string | undefined) =>
    partOf(parts, block ?? word),
  );

/**
 * POSIX shell, to be run or pasted; without arguments it applies the fix under a rollback of its own and asks, with `undo` it takes it back.
 * `listings`: where the rules of the case would be seen.
 */
export const reportScript = (walk: Case, outcome: Outcome, host: string, listings: readonly Listing[]): string => {
  const { id, plan, startedAt } = walk;
  const told = printable(tellOutcome(outcome, walk));
  const head = `#!/bin/sh
# lo-doctor, case ${id} on ${printable(host)}, ${startedAt.toISOString()}: ${told}
`;
  if (plan === null || plan.apply.length === 0) return `${head}# No fix was chosen: there is nothing to run.\n`;
  const parts = functions(walk, plan, listings);
  return `${head}${fill(SCRIPT, { ...parts, ROLL_BACK: fill(ROLL_BACK, parts) })}`;
};
