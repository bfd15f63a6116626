// What a command's page in docs/commands says by itself: made from the table of commands, as help and the man page are.
import { listCommands, listProgramOptions } from '../../src/options/listed.ts';
import { EXITS, tellExample, tellOption } from '../../src/options/tell.ts';

/** What stands above this line is written by hand. */
export const MARK =
  '<!-- From here on made from src/options/commands.ts: npx vitest run --project quick test/docs -u -->';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

type ListedCommand = ReturnType<typeof listCommands>[number];

export const commandNames = (): string[] => listCommands().map(({ name }) => name);

/** Usage, options, exit codes and examples of a command, as Markdown. */
export const commandTables = ({ name, spec, options }: ListedCommand): string => {
  const { argument, exits, examples } = spec;
  const own = options.filter(({ flag }) => !listProgramOptions().some((one) => one.flag === flag));
  const said = argument === null ? '' : ` [${argument.name.toUpperCase()}${argument.isList ? '...' : ''}]`;
  const rows = [
    ...(argument === null ? [] : [[argument.name.toUpperCase(), argument.means]]),
    ...own.map((one) => [
      `${one.flag}${one.placeholder === null ? '' : ` ${one.placeholder.toUpperCase()}`}`,
      tellOption(one),
    ]),
  ];
  const table = rows.map(([flag = '', means = '']) => `| \`${cell(flag)}\` | ${cell(means)} |\n`).join('');
  const codes = Object.entries({ ...EXITS, ...exits }).map(([code, means]) => `| ${code} | ${cell(means)} |\n`);
  return [
    `${MARK}\n`,
    `    lo-doctor ${name}${own.length === 0 ? '' : ' [OPTIONS]'}${said}\n`,
    ...(table === '' ? [] : [`| option | means |\n| --- | --- |\n${table}`]),
    `| exit code | means |\n| --- | --- |\n${codes.join('')}`,
    `Examples:\n\n${examples.map((one) => `    ${tellExample(one)}\n`).join('')}`,
  ].join('\n');
};

export const findCommand = (name: string): ListedCommand => {
  const found = listCommands().find((one) => one.name === name);
  if (found === undefined) throw new Error(`no command ${name}`);
  return found;
};
