// The man page lo-doctor(1), made from the table of commands.
import { type ListedOption, listCommands, listProgramOptions } from '../options/listed.ts';
import { EXITS, tellExample, tellOption } from '../options/tell.ts';

/** Roff for `man`. It has no date, so that it is the same whenever it is built. */
export const manPage = (version: string): string =>
  [
    `.TH LO\\-DOCTOR 1 "" "lo\\-doctor ${escaped(version)}" "System Administration"`,
    '.SH NAME',
    'lo\\-doctor \\- find out whether an outbound firewall policy blocks loopback, and fix it with a rollback',
    '.SH SYNOPSIS',
    '.B lo\\-doctor',
    '[\\fIOPTIONS\\fR] [\\fICOMMAND\\fR]',
    '.SH DESCRIPTION',
    'Without a command: the wizard on this server. It inspects the rules, repeats what fails, reads the log, permits loopback where it is blocked, and takes that back unless it is confirmed.',
    '.SH OPTIONS',
    'They mean the same before and after the command.',
    ...listProgramOptions().flatMap(listOption),
    '.SH COMMANDS',
    ...listCommands().flatMap(({ name, spec, options }) => [
      `.SS ${synopsis(name, spec.argument)}`,
      line(`${capital(spec.means)}.`),
      ...(spec.argument === null ? [] : [...item(`\\fI${escaped(spec.argument.name)}\\fR`), line(spec.argument.means)]),
      ...options.filter(({ flag }) => !listProgramOptions().some((one) => one.flag === flag)).flatMap(listOption),
      '.PP',
      'Exit codes:',
      ...tellExits(spec.exits),
      '.PP',
      'Examples:',
      '.PP',
      '.nf',
      ...spec.examples.map((example) => line(tellExample(example))),
      '.fi',
    ]),
    '.SH EXIT STATUS',
    ...tellExits(EXITS),
    '.SH ENVIRONMENT',
    ...item('\\fBNO_COLOR\\fR'),
    'No colours, whatever its value.',
    ...item('\\fBACCESSIBLE\\fR, \\fBINK_SCREEN_READER\\fR'),
    'As with \\-\\-screen\\-reader, unless the value is empty, 0, false or no.',
    '.SH FILES',
    ...item('\\fI/run/lo\\-doctor\\fR'),
    'Fixes that wait to be kept, each with its rollback.',
    ...item('\\fI/var/lib/lo\\-doctor\\fR'),
    'What was kept, with backups of the files that were changed.',
    '.SH SEE ALSO',
    '.BR iptables (8),',
    '.BR nft (8),',
    '.BR ufw (8),',
    '.BR firewalld (1)',
    '',
  ].join('\n');

const item = (label: string): string[] => ['.TP', label];

const synopsis = (name: string, argument: { readonly name: string; readonly isList: boolean } | null): string =>
  `lo\\-doctor ${escaped(name)}${argument === null ? '' : ` [${escaped(argument.name)}${argument.isList ? '...' : ''}]`}`;

const listOption = ({ flag, means, placeholder, words }: ListedOption): string[] => [
  ...item(`\\fB${escaped(flag)}\\fR${placeholder === null ? '' : ` \\fI${escaped(placeholder)}\\fR`}`),
  line(`${capital(tellOption({ means, words }))}.`),
];

const tellExits = (exits: Readonly<Record<number, string>>): string[] =>
  Object.entries(exits).flatMap(([code, means]) => [...item(`\\fB${code}\\fR`), line(`${capital(means)}.`)]);

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const NAMED: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\[aq]',
  '"': '\\[dq]',
  '`': '\\[ga]',
  '^': '\\[ha]',
  '~': '\\[ti]',
};

/** What roff would take for something else; all that is no ASCII by its number, whatever the reader's locale. */
const escaped = (text: string): string =>
  text.replace(
    /[\\\-'"`^~]|[^\x20-\x7e]/gu,
    (character) =>
      NAMED[character] ?? `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );

/** A line of text, which begins no request. */
const line = (text: string): string => escaped(text).replace(/^(?=\.)/, '\\&');
