// argv to command to exit code. What there is stands in options/commands.ts; commander reads it and has the words for mistakes.

import { Command, CommanderError } from 'commander';
import type { Io } from './commands/io.ts';
import type { Host } from './host/host.ts';
import { openPrompt } from './host/terminal.ts';
import type { Caller } from './host/trial/server-lock.ts';
import {
  COMMANDS,
  type CommandName,
  DOCUMENT_NAMES,
  dumpsOf,
  PROGRAM_OPTIONS,
  SHELLS,
  USUAL_WAIT,
} from './options/commands.ts';
import { EXIT } from './options/exit-codes.ts';
import { nearestWord } from './options/nearest-word.ts';
import { flagOf, type ValuesOf } from './options/option.ts';
import { tellExits } from './options/tell.ts';
import { addCommand, addProgramOptions } from './options/to-commander.ts';
import { fail, finish, hasSize, howStarted, isTerminal, openIo, progressIo, readFile, suspend } from './process.ts';

declare const LO_DOCTOR_VERSION: string;

const program = new Command('lo-doctor');
const globals = () => program.opts<ValuesOf<typeof PROGRAM_OPTIONS>>();

const io = (): Io => {
  const streams = openIo(globals().color);
  return {
    ...streams,
    openPrompt: () => openPrompt(streams.stdout),
    isTerminal: isTerminal('stdin') && isTerminal('stdout'),
    isSpoken: streams.isSpoken || globals().screenReader,
  };
};

/** Has a signal leave what is under way in an orderly way, with the signal's own exit code. */
const onLeave = (leave: () => void): void => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      process.exitCode = EXIT[signal];
      leave();
    });
};

/** Who asks for the server's lock, as far as the environment tells. */
const caller = (): Caller => ({
  pid: process.pid,
  user: process.env.SUDO_USER ?? null,
  client: process.env.SSH_CONNECTION ?? process.env.SSH_CLIENT ?? null,
});

/** Runs a walk; signals leave it in an orderly way: a fix on trial is rolled back, temporary logging taken away. */
const walk = async (practice: string | null): Promise<number> => {
  if (globals().json) program.error('lo-doctor: the wizard has no document. check, trace, fix and report have one.');
  const { plain, confirmWithin } = globals();
  const given = io();
  const { runWizard } = await import('./commands/wizard.ts');
  return runWizard({
    practice,
    confirmWithin: confirmWithin ?? USUAL_WAIT,
    program: howStarted(),
    isPlain: plain || given.isSpoken || process.env.TERM === 'dumb' || !hasSize(),
    io: given,
    caller: caller(),
    onLeave,
    onDefect: fail,
    interrupt: () => process.kill(process.pid, 'SIGINT'),
    suspend,
    screen: process.stdout,
    env: process.env,
  });
};

/** Whether something waits to be kept in a command, so that --confirm-within means something there. */
const waits = (command: Command): boolean =>
  command === program || Object.entries(COMMANDS).some(([name, spec]) => name === command.name() && spec.waits);

/** The program's options that mean something to a command that asks nothing. */
const globalsOf = (command: Command): string[] =>
  (['json', 'color', ...(waits(command) ? (['confirmWithin'] as const) : [])] as const).map((name) =>
    flagOf(name, PROGRAM_OPTIONS[name]),
  );

const tellUnknown = (word: string): string => {
  const meant = nearestWord(word, Object.keys(COMMANDS));
  return `lo-doctor: unknown command '${word}'${meant === null ? '' : `; did you mean ${meant}?`}`;
};

program
  .description(
    'Finds out whether an outbound firewall policy blocks loopback, and fixes it with a rollback.\nWithout a command: the wizard on this server.',
  )
  .version(LO_DOCTOR_VERSION, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .helpCommand('help [command]', 'print the help of a command')
  .showHelpAfterError('Run lo-doctor --help to see what there is.')
  .configureHelp({
    showGlobalOptions: true,
    optionDescription: ({ description }) => description,
    visibleGlobalOptions: (command) =>
      command === program ? [] : program.options.filter(({ long }) => globalsOf(command).includes(long ?? '')),
  })
  .addHelpText('after', `\n${tellExits({})}`)
  .configureOutput({
    writeOut: (text) => openIo(false).stdout(text),
    writeErr: (text) => openIo(false).stderr(text),
    outputError: (text, write) => {
      // The program has an action of its own, so commander takes an unknown command for an argument too many.
      const [, unknown] = /^error: too many arguments\. Expected 0 arguments but got \d+: ([^,.]*)/.exec(text) ?? [];
      const told = unknown !== undefined ? tellUnknown(unknown) : text.replace(/^error: /, 'lo-doctor: ');
      write(`${told.trimEnd().replaceAll('\n', '\n    ')}\n`);
    },
  })
  .exitOverride()
  .hook('preAction', (_, command) => {
    if (globals().confirmWithin !== null && !waits(command))
      program.error(`lo-doctor: --confirm-within says nothing to ${command.name()}: there nothing waits to be kept.`);
  })
  .action(async () => finish(await walk(null)));
addProgramOptions(program);

/** Runs a command with what was said of it; the exit code. `said` is what stands where its argument is. */
type Run<N extends CommandName> = (
  values: ValuesOf<(typeof COMMANDS)[N]['options']>,
  said: string[],
) => Promise<number>;

const RUN: { readonly [N in CommandName]: Run<N> } = {
  async practice({ list, debrief }, [said = null]) {
    const scenario = said ?? 'wordpress';
    const { isScenario, listPractice, printDebriefs } = await import('./commands/practice.ts');
    if (!isScenario(scenario))
      program.error(`lo-doctor: there is no scenario '${scenario}'. lo-doctor practice --list shows those there are.`);
    if (list) return listPractice(io(), globals().json, process.env);
    return debrief ? printDebriefs(io(), said, globals().json, process.env) : walk(scenario);
  },
  async check({ format, output, quiet, ...values }) {
    const rules = dumpsOf(values);
    const json = globals().json || format === 'json';
    if (globals().json && format !== 'json' && format !== 'text')
      program.error(`lo-doctor: --json and --format ${format} are two formats: say one.`);
    if (output !== null && format !== 'prometheus') program.error('lo-doctor: --output goes with --format prometheus.');
    if (quiet && format !== 'text' && format !== 'json' && format !== 'github')
      program.error(`lo-doctor: --quiet says nothing to --format ${format}: its reader waits for an answer.`);
    if (format === 'text' || format === 'json') {
      const { runCheck } = await import('./commands/check.ts');
      return runCheck(io(), { rules, json, quiet }, { readFile, openHost });
    }
    const [{ runProbe }, { writeOutput }] = await Promise.all([
      import('./commands/probe.ts'),
      import('./host/files/write-output.ts'),
    ]);
    const options = { rules, format, output, quiet, version: LO_DOCTOR_VERSION };
    return runProbe(io(), options, { readFile, openHost, writeOutput });
  },
  async trace({ proto: protocol, ...values }) {
    const { runTrace } = await import('./commands/trace/trace.ts');
    const options = { ...values, protocol, rules: dumpsOf(values), json: globals().json };
    return runTrace(options, { io: io(), readFile, openHost });
  },
  async logs({ since }, files) {
    const { runLogs } = await import('./commands/logs/logs.ts');
    return runLogs({ files, since, json: globals().json }, { ...io(), ...progressIo() });
  },
  async explain(_, [line = null]) {
    const { runExplain } = await import('./commands/explain.ts');
    if ((line ?? '-') === '-' && isTerminal('stdin')) io().stderr('Paste log lines here; Ctrl-D ends them.\n');
    return runExplain({ line, json: globals().json }, io());
  },
  async fix({ all, openGuards, service: services, dryRun: isDryRun, rehearse, yes }) {
    const { runFix } = await import('./commands/fix/fix.ts');
    const [{ atWork }, { nameCase }] = await Promise.all([
      import('./commands/cases/at-work.ts'),
      import('./commands/cases/name-case.ts'),
    ]);
    if (openGuards && !all) program.error('lo-doctor: --open-guards goes with --all.');
    const choice =
      services.length === 0
        ? ({ kind: openGuards ? 'all' : 'all-but-guarded' } as const)
        : ({ kind: 'services', services } as const);
    const { confirmWithin, json } = globals();
    if (rehearse) {
      if (isDryRun || yes || confirmWithin !== null)
        program.error(
          'lo-doctor: --rehearse applies no fix, so it goes with neither --dry-run, --yes nor --confirm-within.',
        );
      const { runRehearsal } = await import('./commands/fix/rehearse.ts');
      return runRehearsal(choice, json, { host: await openHost(), caseId: nameCase(new Date()), io: io() });
    }
    if (all === services.length > 0) program.error('lo-doctor: fix needs either --all or --service.');
    const options = { choice, isDryRun, yes, confirmWithin, json };
    const host = await openHost();
    const inOrder = (caseId: string) => runFix(options, { host, caseId, io: io(), onLeave });
    if (isDryRun) return inOrder(nameCase(new Date()));
    const { settleLeftOver } = await import('./commands/cases/settle-left-over.ts');
    return atWork({ host, work: 'lo-doctor fix', caller: caller(), io: io() }, async (caseId) => {
      await settleLeftOver(host, (line) => io().stderr(`${line}\n`));
      return inOrder(caseId);
    });
  },
  async confirm(_, [id = null]) {
    const { runConfirm } = await import('./commands/cases/cases.ts');
    return runConfirm(id, await openHost(), io(), globals().json);
  },
  async undo(_, [id = null]) {
    const { runUndo } = await import('./commands/cases/cases.ts');
    return runUndo(id, await openHost(), io(), globals().json);
  },
  async report({ format: said, privacy }, [id = null]) {
    const format = globals().json ? 'json' : said;
    if (privacy && format === 'sh')
      program.error('lo-doctor: --privacy says nothing to --format sh: renamed rules are not those of this server.');
    const { runReport } = await import('./commands/cases/report.ts');
    return runReport(id, { format, privacy }, await openHost(), io());
  },
  async schema(_, [name = '']) {
    const { isDocument, runSchema } = await import('./commands/schema.ts');
    if (isDocument(name)) return runSchema(name, io());
    return program.error(
      `lo-doctor: there is no schema '${name}'. There is one of each document: ${DOCUMENT_NAMES.join(', ')}.`,
    );
  },
  async completion(_, [shell = '']) {
    const { isShell, runCompletion } = await import('./commands/completion.ts');
    if (globals().json) program.error('lo-doctor: completion prints a script and has no document.');
    if (isShell(shell)) return runCompletion(shell, io());
    return program.error(`lo-doctor: there is no completion for '${shell}': there is one for ${SHELLS.join(', ')}.`);
  },
};

function offer<N extends CommandName>(name: N): void {
  const command = addCommand(program, name);
  command.action(async () => {
    const run: Run<N> = RUN[name];
    finish(await run(command.opts(), command.args));
  });
}
for (const name of Object.keys(COMMANDS) as CommandName[]) offer(name);

let opened: Promise<Host> | null = null;

/** This server, for commands that print: what hangs is told, once, whoever of a command asks for the server. */
function openHost(): Promise<Host> {
  opened ??= openLocalHost();
  return opened;
}

/** What runs its commands is loaded only when it is needed. */
async function openLocalHost(): Promise<Host> {
  const [{ localHost }, { tellWaiting }] = await Promise.all([
    import('./host/local.ts'),
    import('./host/tell-waiting.ts'),
  ]);
  return tellWaiting(localHost(), (line) => io().stderr(`lo-doctor: ${line}\n`));
}

// A closed pipe or terminal is no defect: what is to be undone is undone all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

// Ink's colours are decided while it is loaded.
if (process.env.NO_COLOR || process.argv.includes('--no-color')) process.env.FORCE_COLOR = '0';

/** A monitoring daemon would take the code of wrong usage for a critical state, and reads standard output alone. */
const isForNagios = (args: readonly string[]): boolean =>
  args.includes('check') &&
  args.some((word, place) => word === '--format=nagios' || (word === '--format' && args[place + 1] === 'nagios'));

// Half the world's tools say their version to -v.
const args = process.argv.slice(2).map((word, place) => (place === 0 && word === '-v' ? '--version' : word));
program.parseAsync(args, { from: 'user' }).catch(async (error: unknown) => {
  const isUsage = error instanceof CommanderError;
  if (isUsage && error.exitCode === 0) process.exitCode = EXIT.done;
  else if (isForNagios(process.argv)) {
    const { nagiosUnknown } = await import('./probe/nagios.ts');
    openIo(false).stdout(nagiosUnknown(error instanceof Error ? error.message : String(error)));
    process.exitCode = EXIT.couldNot;
  } else if (isUsage) process.exitCode = EXIT.usage;
  else fail(error);
});
