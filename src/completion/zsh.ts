// Completion for zsh, by its own _arguments.
import { type ListedOption, listCommands, listProgramOptions } from '../options/listed.ts';
import { inSingleQuotes } from '../single-quotes.ts';
import type { ArgumentWords } from './words.ts';

/** A file `_lo-doctor` for fpath, which can be sourced as well. */
export const zshScript = (words: ArgumentWords): string => {
  const commands = listCommands();
  return `#compdef lo-doctor
_lo-doctor() {
  local curcontext="$curcontext" state line
  local -a commands
  commands=(
${commands.map(({ name, spec }) => `    ${inSingleQuotes(`${name}:${spec.means}`)}\n`).join('')}  )
  _arguments -C \\
${listProgramOptions()
  .map((option) => `    ${optionSpec(option)} \\\n`)
  .join('')}    '1: :->command' '*:: :->rest'
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $line[1] in
${commands
  .map(
    ({ name, spec, options }) =>
      `        ${name}) _arguments ${[...options.map(optionSpec), ...argumentSpec(spec.argument, words)].join(' ')} ;;\n`,
  )
  .join('')}      esac ;;
  esac
}
if [ "$funcstack[1]" = _lo-doctor ]; then _lo-doctor "$@"; else compdef _lo-doctor lo-doctor; fi
`;
};

/** What stands in brackets or between colons. */
const escaped = (text: string): string => text.replaceAll(/[\\[\]:]/g, '\\$&');

const optionSpec = ({ flag, means, placeholder, words, isFile, isRepeatable }: ListedOption): string => {
  const value =
    placeholder === null
      ? ''
      : `:${escaped(placeholder)}:${isFile ? '_files' : words !== null ? `(${words.join(' ')})` : ''}`;
  return inSingleQuotes(`${isRepeatable ? '*' : ''}${flag}[${escaped(means)}]${value}`);
};

const argumentSpec = (
  argument: { readonly name: string; readonly isList: boolean } | null,
  words: ArgumentWords,
): string[] => {
  if (argument === null) return [];
  const known = words[argument.name];
  const what = argument.name === 'file' ? '_files' : known === undefined ? '' : `(${known.join(' ')})`;
  return [inSingleQuotes(`${argument.isList ? '*' : '1'}:${escaped(argument.name)}:${what}`)];
};
