// `lo-doctor completion SHELL`: what a shell needs to complete this command line.

import { bashScript } from '../completion/bash.ts';
import { fishScript } from '../completion/fish.ts';
import type { ArgumentWords } from '../completion/words.ts';
import { zshScript } from '../completion/zsh.ts';
import { listScenarios } from '../host/practice/practice-host.ts';
import { DOCUMENT_NAMES, SHELLS } from '../options/commands.ts';
import { EXIT } from '../options/exit-codes.ts';
import type { Io } from './io.ts';

const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], (words: ArgumentWords) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

export const isShell = (text: string): text is (typeof SHELLS)[number] => SHELLS.some((shell) => shell === text);

/** The script for a shell. */
export const completionScript = (shell: (typeof SHELLS)[number]): string =>
  SCRIPTS[shell]({ scenario: listScenarios().map(({ id }) => id), shell: SHELLS, document: DOCUMENT_NAMES });

/** Prints it. */
export const runCompletion = (shell: (typeof SHELLS)[number], { stdout }: Pick<Io, 'stdout'>): number => {
  stdout(completionScript(shell));
  return EXIT.done;
};
