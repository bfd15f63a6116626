// The one table of what the command line understands. Both ways in (main.ts) read by it, and help is made from it.

import type { DumpFile } from '../work/read-dumps.ts';
import {
  BadValue,
  many,
  neededText,
  type Option,
  type Options,
  offSwitch,
  oneOf,
  onSwitch,
  textOption,
  type ValuesOf,
  whole,
} from './option.ts';
import { parseService } from './parse-service.ts';

/** What a command takes beside options. */
export type CommandArgument = {
  readonly name: string;
  readonly means: string;
  readonly isList: boolean;
};

export type CommandSpec = {
  readonly means: string;
  readonly argument: CommandArgument | null;
  readonly options: Options;
  /** Something waits to be kept in it, so that --confirm-within means something. */
  readonly waits: boolean;
  /** What a code means here, where the program's own words say less. */
  readonly exits: Readonly<Record<number, string>>;
  readonly examples: readonly string[];
};

const argument = (name: string, means: string, isList = false): CommandArgument => ({ name, means, isList });

const dumps = (family: DumpFile['family'], means: string): Option<readonly DumpFile[]> =>
  many('file', means, { read: (path) => ({ path, family }) });

/** The options by which a command reads dumps instead of this server. */
const rulesOptions = {
  rules: dumps(null, 'read a dump instead of this server: iptables-save, ip6tables-save, nft -j; repeatable'),
  rules4: dumps('ip', 'a dump of iptables-save that does not tell so itself'),
  rules6: dumps('ip6', 'a dump of ip6tables-save that does not tell so itself'),
};

/** The dumps that a command was given; the layers add up. */
export const dumpsOf = ({ rules, rules4, rules6 }: ValuesOf<typeof rulesOptions>): readonly DumpFile[] => [
  ...rules,
  ...rules4,
  ...rules6,
];

/** Seconds that a fix waits to be kept in the wizard where nothing else was said. */
export const USUAL_WAIT = 60;

/** The options of the program: they mean the same before and after the command. */
export const PROGRAM_OPTIONS = {
  json: onSwitch('print a document for machines'),
  plain: onSwitch('prompts and lines instead of a full screen'),
  screenReader: onSwitch(
    'for a screen reader: lines that are only ever added, all in words (also by the variable ACCESSIBLE)',
  ),
  color: offSwitch('no colours (also by the variable NO_COLOR)'),
  confirmWithin: whole(
    'seconds',
    `how long a fix waits to be kept before it is rolled back (the wizard: ${USUAL_WAIT}); fix --yes then waits for lo-doctor confirm`,
    [10, 3600, null],
  ),
} satisfies Options;

/** The documents that commands print, by the names of their schemas. */
export const DOCUMENT_NAMES = [
  'check',
  'trace',
  'entry',
  'logs',
  'fix',
  'rehearsal',
  'confirm',
  'undo',
  'report',
  'scenarios',
  'debriefs',
] as const;

/** The shells that the command line can be completed in. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

const CASE = (without: string) => argument('case', `the case; without it, ${without}`);

export const COMMANDS = {
  practice: {
    means: 'the wizard on the practice server, in memory: nothing of this machine is touched',
    argument: argument('scenario', 'which server to practise on; without it, wordpress'),
    options: {
      list: onSwitch('list the scenarios, with their level, their lesson, and whether you have solved them'),
      debrief: onSwitch('what came of the scenarios that were practised, and how each goes by hand'),
    },
    waits: true,
    exits: { 0: 'the scenario was solved', 1: 'it was left unsolved' },
    examples: ['practice --list', 'practice mail', 'practice --debrief --json'],
  },
  check: {
    means: 'one look without questions: does loopback pass, would its drop be logged, who manages the firewall',
    argument: null,
    options: {
      ...rulesOptions,
      format: oneOf('format', 'for people, or for another program', [
        'text',
        'json',
        'nagios',
        'prometheus',
        'github',
        'sarif',
      ]),
      output: textOption(
        'file',
        'with --format prometheus: put it into this file in one step, instead of standard output',
      ),
      quiet: onSwitch('print nothing where loopback passes'),
    },
    waits: false,
    exits: {
      0: 'loopback passes',
      1: 'loopback is blocked, or partly (nagios: 0 OK, 1 a drop would not be logged, 2 blocked, 3 not known)',
    },
    examples: [
      'check',
      'check --json',
      'check --rules server.rules --rules server6.rules',
      'check --format nagios',
      'check --format prometheus --output /var/lib/prometheus/node-exporter/lo-doctor.prom',
      'check --format sarif --rules server.rules',
      'check --quiet',
    ],
  },
  trace: {
    means: 'the way of one loopback conversation through the rules, with the rule that stops it',
    argument: null,
    options: {
      to: neededText('address', "the address that is talked to: 127.0.0.1, ::1, one of the server's own"),
      dport: whole('port', 'the port of the service', [1, 65535, null]),
      proto: oneOf('protocol', 'the protocol', ['tcp', 'udp', 'icmp']),
      from: textOption('address', 'the address that talks; usually the same'),
      sport: whole('port', 'the port of the client', [1, 65535, null]),
      uid: whole('number', 'the user whose program talks', [0, 4294967294, 0]),
      ...rulesOptions,
    },
    waits: false,
    exits: { 0: 'the conversation works', 1: 'a rule stops it' },
    examples: ['trace --to 127.0.0.1 --dport 25', 'trace --to ::1 --dport 3306 --uid 33 --rules server6.rules'],
  },
  logs: {
    means: 'what the firewall logged so far, grouped by conversation, loopback first',
    argument: argument(
      'file',
      'log files, also rotated and packed ones; - is standard input; without any, the usual places',
      true,
    ),
    options: {
      since: textOption('time', 'only entries since then: 2026-06-20, "2026-06-20 18:11", 18:11, 2h, yesterday'),
    },
    waits: false,
    exits: { 0: 'everything was read, whatever it holds' },
    examples: ['logs --since 2h', 'logs /var/log/kern.log /var/log/kern.log.1', 'journalctl -k | lo-doctor logs -'],
  },
  explain: {
    means: 'a log line, field by field; - reads many from standard input',
    argument: argument('line', 'the line, in quotes; without it, or with -, standard input is read'),
    options: {},
    waits: false,
    exits: { 0: 'the lines were read' },
    examples: [
      "explain 'IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 … PROTO=TCP SPT=40000 DPT=25 …'",
      'dmesg | lo-doctor explain -',
    ],
  },
  fix: {
    means: 'permit loopback without the wizard: planned, proved, applied with a rollback, kept',
    argument: null,
    options: {
      all: onSwitch('permit all loopback traffic but what guards stop (recommended)'),
      openGuards: onSwitch('with --all: permit also what rules stop on purpose, by owner, port or address'),
      service: many('service', 'permit only these services on loopback: tcp/25, udp/53, icmp', {
        read: readService,
        isList: true,
      }),
      dryRun: onSwitch('show the commands and what they do, change nothing'),
      rehearse: onSwitch(
        'try the rollback out on a rule that does nothing: is it taken back here when nobody confirms?',
      ),
      yes: onSwitch('apply without asking; what works afterwards is kept, what does not is rolled back'),
    },
    waits: true,
    exits: {
      0: 'nothing to fix, or fixed and kept, or waiting for confirm, or the rehearsed rollback works',
      1: 'loopback is still blocked, or only by guards',
    },
    examples: [
      'fix --all --dry-run',
      'fix --rehearse',
      'fix --all --yes --confirm-within 300',
      'fix --service tcp/25 --service tcp/3306',
    ],
  },
  confirm: {
    means: 'keep a fix that waits for its confirmation',
    argument: CASE('the one that waits'),
    options: {},
    waits: false,
    exits: { 0: 'kept, and saved for the next boot' },
    examples: ['confirm'],
  },
  undo: {
    means: 'take a fix back, also from the files of the next boot',
    argument: CASE('the latest'),
    options: {},
    waits: false,
    exits: { 0: 'taken back' },
    examples: ['undo', 'undo 20261120-1811-k3'],
  },
  report: {
    means: 'the report of a walk or a fix, for the ticket',
    argument: CASE('the latest'),
    options: {
      format: oneOf(
        'format',
        'Markdown, a page to be looked at, a document, or a script for servers that take only a paste',
        ['md', 'html', 'json', 'sh'],
      ),
      privacy: onSwitch('rename addresses, hosts and users, so that it can be shown to strangers'),
    },
    waits: false,
    exits: { 0: 'the report was printed' },
    examples: ['report > ticket.md', 'report --format html --privacy > ticket.html', 'report --format sh'],
  },
  schema: {
    means: 'the JSON Schema of a document that a command prints',
    argument: argument('document', `which: ${DOCUMENT_NAMES.join(', ')}`),
    options: {},
    waits: false,
    exits: { 0: 'the schema was printed' },
    examples: ['schema check', 'schema fix > fix.json'],
  },
  completion: {
    means: 'what a shell needs to complete this command line',
    argument: argument('shell', `the shell: ${SHELLS.join(', ')}`),
    options: {},
    waits: false,
    exits: { 0: 'the script was printed' },
    examples: [
      'completion bash > /etc/bash_completion.d/lo-doctor',
      'completion fish > ~/.config/fish/completions/lo-doctor.fish',
    ],
  },
} satisfies Readonly<Record<string, CommandSpec>>;

export type CommandName = keyof typeof COMMANDS;

function readService(said: string) {
  const service = parseService(said);
  if (service === null) throw new BadValue('It has to be like tcp/25, udp/53 or icmp.');
  return service;
}
