// argv → command → exit code. The only file that ends the process.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Io } from './commands/io.ts';
import { HostError } from './host/host.ts';
import { openPrompt } from './host/terminal.ts';

declare const LO_DOCTOR_VERSION: string;

const EXIT = { usage: 2, couldNot: 3, SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

type GlobalOptions = { json?: boolean; plain?: boolean; screenReader?: boolean; color: boolean };

const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;

const ioOf = ({ color }: GlobalOptions): Io => ({
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  stdin: process.stdin,
  openPrompt,
  isTerminal,
  columns: process.stdout.columns ?? 100,
  color: color && process.stdout.isTTY === true && !process.env.NO_COLOR,
  now: () => new Date(),
});

const seconds = (text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 10 || number > 3600)
    throw new InvalidArgumentError('It has to be a whole number of seconds from 10 to 3600.');
  return number;
};

const program = new Command('lo-doctor')
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
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'lo-doctor: ')) })
  .exitOverride()
  .enablePositionalOptions(false);

const globals = (): GlobalOptions => program.opts<GlobalOptions>();

const confirmWithin = () =>
  new Option('--confirm-within <seconds>', 'how long a fix waits to be kept before it is rolled back')
    .argParser(seconds)
    .default(60);

/** Runs a walk; signals leave it in an orderly way: a fix on trial is rolled back, temporary logging taken away. */
const walk = async (practice: string | null, within: number): Promise<number> => {
  const options = globals();
  const { runWizard } = await import('./commands/wizard.ts');
  return runWizard({
    practice,
    confirmWithin: within,
    isPlain: options.plain === true || options.screenReader === true || process.env.TERM === 'dumb',
    io: ioOf(options),
    onLeave: (leave) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.on(signal, () => {
          process.exitCode = EXIT[signal];
          leave();
        });
      }
    },
    onDefect: fail,
  });
};

program.addOption(confirmWithin()).action(async ({ confirmWithin }) => finish(await walk(null, confirmWithin)));

program
  .command('practice')
  .description('the wizard on the practice server, in memory: nothing of this machine is touched')
  .argument('[scenario]', 'which server to practise on', 'wordpress')
  .option('--list', 'list the scenarios')
  .action(async (scenario: string, { list }: { list?: boolean }) => {
    if (list) {
      const { listPractice } = await import('./commands/practice.ts');
      return finish(listPractice(ioOf(globals()), globals().json === true));
    }
    finish(await walk(scenario, 60));
  });

program
  .command('check')
  .description('one look without questions: does loopback pass, would its drop be logged')
  .action(async () => {
    const [{ runCheck }, { localHost }] = await Promise.all([import('./commands/check.ts'), import('./host/local.ts')]);
    finish(await runCheck(ioOf(globals()), localHost(), { json: globals().json === true }));
  });

/** Sets the exit code unless a signal has; the process then ends by itself once everything is written. */
function finish(code: number) {
  process.exitCode ??= code;
  // Followed logs and timers of the past walk must not keep the process.
  setTimeout(() => process.exit(), 200).unref();
}

function fail(error: unknown): never {
  if (error instanceof HostError) {
    const { message, nextSteps } = error;
    process.stderr.write(`lo-doctor: ${message}\n${nextSteps.map((step) => `  ${step}\n`).join('')}`);
    process.exit(EXIT.couldNot);
  }
  process.stderr.write(
    `lo-doctor: a defect of its own. Please report it.\n${error instanceof Error ? error.stack : error}\n`,
  );
  process.exit(EXIT.couldNot);
}

// A closed pipe or terminal is no defect: what is to be undone is undone all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

if (globals().color === false || process.env.NO_COLOR || process.argv.includes('--no-color'))
  process.env.FORCE_COLOR = '0';

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) fail(error);
  process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
}
