// argv → command → exit code, with commander.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Io } from './commands/io.ts';
import { parseWhole } from './commands/parse-whole.ts';
import type { DumpFile } from './commands/read-dumps.ts';
import type { Host } from './host/host.ts';
import { openPrompt } from './host/terminal.ts';
import { fail, finish, isTerminal, openIo, progressIo, readFile } from './process.ts';

declare const LO_DOCTOR_VERSION: string;

const EXIT = { usage: 2, SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

type GlobalOptions = {
  json?: boolean;
  plain?: boolean;
  screenReader?: boolean;
  color: boolean;
  confirmWithin?: number;
};
type RulesOptions = { rules?: DumpFile[]; rules4?: DumpFile[]; rules6?: DumpFile[] };

const io = (): Io => {
  const streams = openIo(globals().color);
  return {
    ...streams,
    openPrompt: () => openPrompt(streams.stdout),
    isTerminal: isTerminal('stdin') && isTerminal('stdout'),
  };
};

const EXIT_CODES = `
Exit codes:
  0  healthy, or done          3  could not look or act
  1  loopback is blocked       4  can't tell
  2  wrong usage               5  a fix was rolled back`;

const program = new Command('lo-doctor');
const globals = (): GlobalOptions => program.opts<GlobalOptions>();
const isJson = () => globals().json === true;

const wholeNumber = (least: number, most: number) => (text: string) => {
  const number = parseWhole(text, least, most);
  if (Number.isNaN(number)) throw new InvalidArgumentError(`It has to be a whole number from ${least} to ${most}.`);
  return number;
};

const dumpFiles =
  (family: DumpFile['family']) =>
  (path: string, before: DumpFile[] = []) => [...before, { path, family }];
const dumpsOf = ({ rules = [], rules4 = [], rules6 = [] }: RulesOptions) => [...rules, ...rules4, ...rules6];

/** The options by which a command reads dumps instead of this server. */
const withRules = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--rules <file>',
        'read a dump instead of this server: iptables-save, ip6tables-save, nft -j; repeatable',
      ).argParser(dumpFiles(null)),
    )
    .addOption(
      new Option('--rules4 <file>', 'a dump of iptables-save that does not tell so itself').argParser(dumpFiles('ip')),
    )
    .addOption(
      new Option('--rules6 <file>', 'a dump of ip6tables-save that does not tell so itself').argParser(
        dumpFiles('ip6'),
      ),
    );

/** Seconds that a fix waits to be kept in the wizard where nothing else was said. */
const USUAL_WAIT = 60;

/** The commands in which something waits to be kept. */
const WAITING = ['lo-doctor', 'practice', 'fix'];

/** Runs a walk; signals leave it in an orderly way: a fix on trial is rolled back, temporary logging taken away. */
const walk = async (practice: string | null): Promise<number> => {
  if (isJson()) program.error('lo-doctor: the wizard has no document. check, trace, fix and report have one.');
  const { plain, screenReader, confirmWithin = USUAL_WAIT } = globals();
  const { runWizard } = await import('./commands/wizard.ts');
  return runWizard({
    practice,
    confirmWithin,
    isPlain: plain === true || screenReader === true || process.env.TERM === 'dumb',
    io: io(),
    onLeave: (leave) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.on(signal, () => {
          process.exitCode = EXIT[signal];
          leave();
        });
      }
    },
    onDefect: fail,
    interrupt: () => process.kill(process.pid, 'SIGINT'),
    screen: process.stdout,
  });
};

/** The program's options that mean something to a command that asks nothing. */
const globalsOf = (command: string): string[] => [
  '--json',
  '--no-color',
  ...(WAITING.includes(command) ? ['--confirm-within'] : []),
];

program
  .description(
    'Finds out whether an outbound firewall policy blocks loopback, and fixes it with a rollback.\nWithout a command: the wizard on this server.',
  )
  .version(LO_DOCTOR_VERSION, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .option('--json', 'print a document for machines')
  .option('--plain', 'prompts and lines instead of a full screen')
  .option('--screen-reader', 'like --plain: lines that are only ever added, numbered choices')
  .option('--no-color', 'no colours (also by the variable NO_COLOR)')
  .showHelpAfterError('Run lo-doctor --help to see what there is.')
  .configureHelp({
    showGlobalOptions: true,
    visibleGlobalOptions: (command) =>
      command === program ? [] : program.options.filter(({ long }) => globalsOf(command.name()).includes(long ?? '')),
  })
  .addHelpText('after', EXIT_CODES)
  .configureOutput({
    writeOut: (text) => openIo(false).stdout(text),
    writeErr: (text) => openIo(false).stderr(text),
    outputError: (text, write) => {
      // The program has an action of its own, so commander takes an unknown command for an argument too many.
      const unknown = /^error: too many arguments\. Expected 0 arguments but got \d+: ([^,.]*)/.exec(text);
      const told = unknown ? `lo-doctor: unknown command '${unknown[1]}'` : text.replace(/^error: /, 'lo-doctor: ');
      write(`${told.trimEnd().replaceAll('\n', '\n    ')}\n`);
    },
  })
  .exitOverride()
  .addOption(
    new Option(
      '--confirm-within <seconds>',
      `how long a fix waits to be kept before it is rolled back (the wizard: ${USUAL_WAIT}); fix --yes then waits for lo-doctor confirm`,
    ).argParser(wholeNumber(10, 3600)),
  )
  .hook('preAction', (_, command) => {
    if (globals().confirmWithin !== undefined && !WAITING.includes(command.name()))
      program.error(`lo-doctor: --confirm-within says nothing to ${command.name()}: there nothing waits to be kept.`);
  })
  .action(async () => finish(await walk(null)));

program
  .command('practice')
  .description('the wizard on the practice server, in memory: nothing of this machine is touched')
  .argument('[scenario]', 'which server to practise on', 'wordpress')
  .option('--list', 'list the scenarios')
  .action(async (scenario: string, { list }: { list?: boolean }) => {
    const { isScenario, listPractice } = await import('./commands/practice.ts');
    if (!isScenario(scenario))
      program.error(`lo-doctor: there is no scenario '${scenario}'. lo-doctor practice --list shows those there are.`);
    if (!list) return finish(await walk(scenario));
    finish(listPractice(io(), isJson()));
  });

withRules(
  program
    .command('check')
    .description('one look without questions: does loopback pass, would its drop be logged, who manages the firewall'),
).action(async (options: RulesOptions) => {
  const { runCheck } = await import('./commands/check.ts');
  finish(await runCheck(io(), { rules: dumpsOf(options), json: isJson() }, { readFile, openHost }));
});

type TraceFlags = RulesOptions & {
  to: string;
  dport?: number;
  proto: 'tcp' | 'udp' | 'icmp';
  from?: string;
  sport?: number;
  uid: number;
};

withRules(
  program
    .command('trace')
    .description('the way of one loopback conversation through the rules, with the rule that stops it')
    .requiredOption('--to <address>', "the address that is talked to: 127.0.0.1, ::1, one of the server's own")
    .addOption(new Option('--dport <port>', 'the port of the service').argParser(wholeNumber(1, 65535)))
    .addOption(new Option('--proto <protocol>', 'the protocol').choices(['tcp', 'udp', 'icmp']).default('tcp'))
    .option('--from <address>', 'the address that talks; usually the same')
    .addOption(new Option('--sport <port>', 'the port of the client').argParser(wholeNumber(1, 65535)))
    .addOption(
      new Option('--uid <number>', 'the user whose program talks').argParser(wholeNumber(0, 4294967294)).default(0),
    ),
).action(async (flags: TraceFlags) => {
  const { runTrace } = await import('./commands/trace.ts');
  const { to, proto: protocol, dport = null, from = null, sport = null, uid } = flags;
  const options = { to, protocol, dport, from, sport, uid, rules: dumpsOf(flags), json: isJson() };
  finish(await runTrace(options, { io: io(), readFile, openHost }));
});

program
  .command('logs')
  .description('what the firewall logged so far, grouped by conversation, loopback first')
  .argument('[file...]', 'log files, also rotated and packed ones; - is standard input; without any, the usual places')
  .option('--since <time>', 'only entries since then: 2026-06-20, "2026-06-20 18:11", 18:11, 2h, yesterday')
  .action(async (files: string[], { since = null }: { since?: string | null }) => {
    const { runLogs } = await import('./commands/logs.ts');
    finish(await runLogs({ files, since, json: isJson() }, { ...io(), ...progressIo() }));
  });

program
  .command('explain')
  .description('a log line, field by field; - reads many from standard input')
  .argument('[line]', 'the line, in quotes; without it, or with -, standard input is read')
  .action(async (line: string | undefined) => {
    const { runExplain } = await import('./commands/explain.ts');
    if ((line ?? '-') === '-' && isTerminal('stdin')) io().stderr('Paste log lines here; Ctrl-D ends them.\n');
    finish(await runExplain({ line: line ?? null, json: isJson() }, io()));
  });

program
  .command('fix')
  .description('permit loopback without the wizard: planned, proved, applied with a rollback, kept')
  .option('--all', 'permit all loopback traffic (recommended)')
  .option('--service <service...>', 'permit only these services on loopback: tcp/25, udp/53, icmp')
  .option('--dry-run', 'show the commands and what they do, change nothing')
  .option('--yes', 'apply without asking; what works afterwards is kept, what does not is rolled back')
  .action(async (flags: { all?: boolean; service?: string[]; dryRun?: boolean; yes?: boolean }) => {
    const { parseService, runFix } = await import('./commands/fix.ts');
    const { nameCase } = await import('./commands/name-case.ts');
    const services = (flags.service ?? []).map((text) => {
      const service = parseService(text);
      if (service === null)
        return program.error(`lo-doctor: --service ${text}: it has to be like tcp/25, udp/53 or icmp.`);
      return service;
    });
    if ((flags.all === true) === services.length > 0) program.error('lo-doctor: fix needs either --all or --service.');
    const choice = flags.all ? ({ kind: 'all' } as const) : ({ kind: 'services', services } as const);
    const options = {
      choice,
      isDryRun: flags.dryRun === true,
      yes: flags.yes === true,
      confirmWithin: globals().confirmWithin ?? null,
      json: isJson(),
    };
    finish(await runFix(options, { host: await openHost(), caseId: nameCase(new Date()), io: io() }));
  });

program
  .command('confirm')
  .description('keep a fix that waits for its confirmation')
  .argument('[case]', 'the case; without it, the one that waits')
  .action(async (id: string | undefined) => {
    const { runConfirm } = await import('./commands/cases.ts');
    finish(await runConfirm(id ?? null, await openHost(), io(), isJson()));
  });

program
  .command('undo')
  .description('take a fix back, also from the files of the next boot')
  .argument('[case]', 'the case; without it, the latest')
  .action(async (id: string | undefined) => {
    const { runUndo } = await import('./commands/cases.ts');
    finish(await runUndo(id ?? null, await openHost(), io(), isJson()));
  });

program
  .command('report')
  .description('the report of a walk or a fix, for the ticket')
  .argument('[case]', 'the case; without it, the latest')
  .addOption(new Option('--format <format>', 'as what').choices(['md', 'json', 'sh']).default('md'))
  .action(async (id: string | undefined, { format }: { format: 'md' | 'json' | 'sh' }) => {
    const { runReport } = await import('./commands/cases.ts');
    finish(await runReport(id ?? null, isJson() ? 'json' : format, await openHost(), io()));
  });

// Whoever misspells a flag of a command wants that command's help.
for (const command of program.commands)
  command.showHelpAfterError(`Run lo-doctor ${command.name()} --help to see what there is.`);

/** This server; what runs its commands is loaded only when it is needed. */
async function openHost(): Promise<Host> {
  const { localHost } = await import('./host/local.ts');
  return localHost();
}

// A closed pipe or terminal is no defect: what is to be undone is undone all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

// Ink's colours are decided while it is loaded.
if (process.env.NO_COLOR || process.argv.includes('--no-color')) process.env.FORCE_COLOR = '0';

program.parseAsync().catch((error: unknown) => {
  if (!(error instanceof CommanderError)) fail(error);
  process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
});
