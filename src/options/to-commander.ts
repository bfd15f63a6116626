// The table of commands as commander knows it: for help, and for words about mistakes.
import { type Command, Option as CommanderOption, InvalidArgumentError } from 'commander';
import { COMMANDS, type CommandName, type CommandSpec, PROGRAM_OPTIONS } from './commands.ts';
import { BadValue, flagOf, type Option } from './option.ts';
import { tellExample, tellExits, tellOption } from './tell.ts';

/** Adds a command to the program, with its help. */
export function addCommand(program: Command, name: CommandName): Command {
  const spec: CommandSpec = COMMANDS[name];
  const command = program.command(name).description(spec.means);
  if (spec.argument !== null)
    command.argument(`[${spec.argument.name}${spec.argument.isList ? '...' : ''}]`, spec.argument.means);
  for (const [key, option] of Object.entries(spec.options)) command.addOption(toOption(key, option));
  // Whoever misspells a flag of a command wants that command's help.
  return command
    .showHelpAfterError(`Run lo-doctor ${name} --help to see what there is.`)
    .addHelpText(
      'after',
      `\n${tellExits(spec.exits)}\n\nExamples:\n${spec.examples.map((one) => `  ${tellExample(one)}`).join('\n')}`,
    );
}

export const addProgramOptions = (program: Command): void => {
  for (const [key, option] of Object.entries(PROGRAM_OPTIONS)) program.addOption(toOption(key, option));
};

function toOption(key: string, option: Option<unknown>): CommanderOption {
  const { placeholder, isList, initial } = option;
  const value = placeholder === null ? '' : ` <${placeholder}${isList ? '...' : ''}>`;
  const made = new CommanderOption(`${flagOf(key, option)}${value}`, tellOption(option));
  if (placeholder !== null) made.argParser((said: string, before: unknown) => add(option, said, before));
  return initial === null ? made.makeOptionMandatory() : made.default(initial.value);
}

function add(option: Option<unknown>, said: string, before: unknown): unknown {
  try {
    return option.add(said, before);
  } catch (error) {
    throw error instanceof BadValue ? new InvalidArgumentError(error.message) : error;
  }
}
