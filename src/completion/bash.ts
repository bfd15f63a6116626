// Completion for bash (4 or later), which needs nothing beside bash itself.
import { type ListedOption, listCommands, listProgramOptions } from '../options/listed.ts';
import { inSingleQuotes } from '../single-quotes.ts';
import type { ArgumentWords } from './words.ts';

/** The script that `source <(lo-doctor completion bash)` reads. */
export const bashScript = (words: ArgumentWords): string => {
  const commands = listCommands();
  const names = commands.map(({ name }) => name);
  return `# bash completion for lo-doctor
_lo_doctor() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command='' word
  # --format=x comes as three words.
  if [[ $cur == = ]]; then cur=''; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      ${names.join('|')}) command=$word; break ;;
    esac
  done
  COMPREPLY=()
  case "$command $prev" in
${[['', listProgramOptions()] as const, ...commands.map(({ name, options }) => [name, options] as const)]
  .flatMap(([name, options]) => options.flatMap((option) => valueCase(name, option)))
  .join('')}  esac
  case $command in
    '') ${offer([...names, ...listProgramOptions().map(({ flag }) => flag)])} ;;
${commands
  .map(({ name, spec, options }) => {
    const own = words[spec.argument?.name ?? ''] ?? [];
    const files = spec.argument?.name === 'file' ? ` [[ $cur == -* ]] || { ${FILES}; } ;;` : ' ;;';
    return `    ${name}) ${offer([...own, ...options.map(({ flag }) => flag)])};${files}\n`;
  })
  .join('')}  esac
}
complete -F _lo_doctor lo-doctor
`;
};

const FILES = 'compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur")';

const offer = (words: readonly string[]): string =>
  `mapfile -t COMPREPLY < <(compgen -W ${inSingleQuotes(words.join(' '))} -- "$cur")`;

/** What may follow an option that takes a value. */
const valueCase = (command: string, { flag, placeholder, words, isFile }: ListedOption): string[] => {
  if (placeholder === null) return [];
  const what = isFile ? `${FILES}; ` : words !== null ? `${offer(words)}; ` : '';
  return [`    ${inSingleQuotes(`${command} ${flag}`)}) ${what}return ;;\n`];
};
