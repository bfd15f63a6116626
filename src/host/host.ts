// The one seam between lo-doctor and a server: all that is known of a server comes through `run` and `follow`.

/** A command as an argument vector; it is run without a shell and shown to the user exactly as run. */
export type Command = readonly [program: string, ...args: string[]];

export type RunOptions = {
  /** Bytes for the command's standard input; without it, standard input is empty. */
  input?: string | undefined;
  /** Ends the command after so many milliseconds (default 30 000). */
  timeout?: number;
  /** Ends the command early. */
  signal?: AbortSignal;
  /** Runs it in the directory that lo-doctor was started in, where the user's words name files. All else runs in /. */
  inUsersDirectory?: boolean;
  /** Gives it the environment that lo-doctor was started with: for the user's own command alone. All else gets one that is nobody's. */
  withUsersEnvironment?: boolean;
  /** Called with each piece of output (stdout and stderr as they come) while the command runs. */
  onOutput?: (text: string) => void;
};

/** How a command ended. `code` is null when it was ended by a signal or a time-out. Output beyond 64 MiB is cut. */
export type RunResult = {
  code: number | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
};

/** A followed command: its output lines as they come, without line ends, until `stop` or its own end. */
export type Follow = {
  lines: AsyncIterable<string>;
  /** Ends the command (SIGTERM) and the iteration. Safe to call twice. */
  stop: () => void;
};

/**
 * A server. A command that ran and failed is a result; a program that could not be started at all is a result
 * with code 127 (not found) or 126 (not executable), as a shell reports it. Neither method throws.
 */
export type Host = {
  /** How the host is called in reports: its host name. */
  readonly name: string;
  run(command: Command, options?: RunOptions): Promise<RunResult>;
  follow(command: Command): Follow;
};

/** What went wrong outside of lo-doctor: what is so, the command it came from, and what to do about it. */
export class HostError extends Error {
  override readonly name = 'HostError';
  readonly command: Command | null;
  readonly nextSteps: readonly string[];

  constructor(
    message: string,
    { command = null, nextSteps = [] }: { command?: Command | null; nextSteps?: readonly string[] } = {},
  ) {
    super(message);
    this.command = command;
    this.nextSteps = nextSteps;
  }
}

/** What is wrong as commands tell it: what is so, then what to do, a line each. A name with a line end in it begins no line of ours. */
export const printTrouble = (message: string, nextSteps: readonly string[] = []): string =>
  [`lo-doctor: ${message}`, ...nextSteps.map((step) => `  ${step}`)]
    .map((told) => `${told.replaceAll('\n', '\n    ')}\n`)
    .join('');

export const printHostError = ({ message, nextSteps }: HostError): string => printTrouble(message, nextSteps);
