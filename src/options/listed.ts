// The table of commands as lists, for what is generated from it: completions and the man page.
import { COMMANDS, type CommandSpec, PROGRAM_OPTIONS } from './commands.ts';
import { flagOf, type Option } from './option.ts';

/** `kind` of what may follow: nothing, one of a few words, a file, anything else. */
export type ListedOption = {
  readonly flag: string;
  readonly means: string;
  readonly placeholder: string | null;
  /** Null where it can be anything. */
  readonly words: readonly string[] | null;
  readonly isFile: boolean;
  readonly isRepeatable: boolean;
};

export type ListedCommand = {
  readonly name: string;
  readonly spec: CommandSpec;
  readonly options: readonly ListedOption[];
};

const listOption = (key: string, option: Option<unknown>): ListedOption => ({
  flag: flagOf(key, option),
  means: option.means,
  placeholder: option.placeholder,
  words: option.words,
  isFile: option.placeholder === 'file',
  isRepeatable: Array.isArray(option.initial?.value),
});

const HELP: ListedOption = {
  flag: '--help',
  means: 'print this help',
  placeholder: null,
  words: null,
  isFile: false,
  isRepeatable: false,
};

/** The options that stand before a command or without one. */
export const listProgramOptions = (): ListedOption[] => [
  ...Object.entries(PROGRAM_OPTIONS).map(([key, option]) => listOption(key, option)),
  { ...HELP, flag: '--version', means: 'print the version' },
  HELP,
];

/** Each command with its own options, and those of the program that mean something to it. */
export const listCommands = (): ListedCommand[] =>
  Object.entries(COMMANDS).map(([name, spec]: [string, CommandSpec]) => ({
    name,
    spec,
    options: [
      ...Object.entries(spec.options).map(([key, option]) => listOption(key, option)),
      ...Object.entries(PROGRAM_OPTIONS)
        .filter(([key]) => key === 'json' || key === 'color' || spec.waits)
        .map(([key, option]) => listOption(key, option)),
      HELP,
    ],
  }));
