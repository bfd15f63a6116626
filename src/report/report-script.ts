// A finished walk as a shell script: the commands of its fix, to be read and run elsewhere.

import type { PlannedCommand } from '../firewall/fix/plan.ts';
import { tellOutcome } from '../steps/5-verify.ts';
import type { Case, Outcome } from '../wizard/state.ts';
import { printable } from '../words/printable.ts';
import { quoteShellWord } from '../words/shell-line.ts';

const line = ({ command, input }: PlannedCommand): string => {
  const words = command.map(quoteShellWord).join(' ');
  return input === undefined || input === '' ? words : `printf %s ${quoteShellWord(input)} | ${words}`;
};

/** POSIX shell; without arguments it applies the fix, with `undo` it takes it back. */
export const reportScript = ({ id, plan, startedAt, verification }: Case, outcome: Outcome, host: string): string => {
  const head = `#!/bin/sh
# lo-doctor, case ${id} on ${printable(host)}, ${startedAt.toISOString()}: ${tellOutcome(outcome, { verification })}
`;
  if (plan === null || plan.apply.length === 0) return `${head}# No fix was chosen: there is nothing to run.\n`;
  return `${head}# sh report.sh applies the fix, sh report.sh undo takes it back. No rollback is armed: keep a way in.
set -e
if [ "$1" = undo ]; then
${plan.undo.map((one) => `  ${line(one)}`).join('\n')}
else
${plan.byHand.map((one) => `  ${line(one)}`).join('\n')}
fi
`;
};
