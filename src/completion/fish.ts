// Completion for fish (3 or later).
import { type ListedOption, listCommands, listProgramOptions } from '../options/listed.ts';
import type { ArgumentWords } from './words.ts';

/** What `lo-doctor completion fish | source` reads. */
export const fishScript = (words: ArgumentWords): string => {
  const commands = listCommands();
  return [
    '# fish completion for lo-doctor',
    'complete -c lo-doctor -f',
    ...listProgramOptions().map((option) => complete('__fish_use_subcommand', option)),
    ...commands.map(
      ({ name, spec }) => `complete -c lo-doctor -n __fish_use_subcommand -a ${name} -d ${quote(spec.means)}`,
    ),
    ...commands.flatMap(({ name, spec, options }) => {
      const here = quote(`__fish_seen_subcommand_from ${name}`);
      const own = words[spec.argument?.name ?? ''] ?? [];
      return [
        ...options.map((option) => complete(here, option)),
        ...(own.length > 0 ? [`complete -c lo-doctor -n ${here} -a ${quote(own.join(' '))}`] : []),
        ...(spec.argument?.name === 'file' ? [`complete -c lo-doctor -n ${here} -F`] : []),
      ];
    }),
    '',
  ].join('\n');
};

const quote = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`;

const complete = (condition: string, { flag, means, placeholder, words, isFile }: ListedOption): string => {
  const value =
    placeholder === null ? '' : isFile ? ' -r -F' : ` -x${words !== null ? ` -a ${quote(words.join(' '))}` : ''}`;
  return `complete -c lo-doctor -n ${condition} -l ${flag.slice(2)}${value} -d ${quote(means)}`;
};
