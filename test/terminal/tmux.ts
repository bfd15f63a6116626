// Drives a program in a real terminal: an own tmux server per terminal, keys in, screens out.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Command, Lab } from '../kernel/lab.ts';

export type Terminal = {
  /** What is on the screen now, line by line, without trailing spaces. With `colors`, escape sequences stay. */
  screen(options?: { colors?: boolean }): Promise<string>;
  /** What is on the screen and what scrolled off it. */
  history(): Promise<string>;
  /** Presses keys by tmux's names: `Enter`, `Escape`, `Up`, `C-c`, `j`. */
  press(...keys: string[]): Promise<void>;
  /** Types text as it is; each character is a key press. */
  type(text: string): Promise<void>;
  /** How many keys were pressed so far. */
  countKeys(): number;
  /** Waits until the screen shows the text and resolves to the screen; rejects with the last screen after `timeout` ms (10 000). */
  waitFor(text: string | RegExp, timeout?: number): Promise<string>;
  resize(columns: number, rows: number): Promise<void>;
  /** Waits for the program's end: its exit code, or null where a signal ended it. Rejects with the last screen after `timeout` ms. */
  exitCode(timeout?: number): Promise<number | null>;
  /** Sends a signal to the program itself. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Closes the terminal as a lost connection does: the program gets SIGHUP. Safe to call twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type TerminalOptions = {
  readonly command: Command;
  readonly columns?: number;
  readonly rows?: number;
  /** Runs the command inside a lab instead of on this machine. */
  readonly lab?: Lab;
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
};

/** Opens a terminal (80×24) with a program in it. `await using terminal = await openTerminal(…)` closes it by itself. */
export async function openTerminal(options: TerminalOptions): Promise<Terminal> {
  const socket = join(tmpdir(), `lo-doctor-tmux-${process.pid}-${randomBytes(4).toString('hex')}`);
  const tmux = await startTmux(socket, options);
  let keys = 0;
  const capture = async (...how: string[]) => {
    const text = await tmux('capture-pane', '-p', ...how);
    return text.replace(/ +$/gm, '').replace(/\n+$/, '');
  };
  /** Looks until `find` finds something; rejects with the last screen. */
  const until = async <Found>(find: () => Promise<Found | null>, wanted: string, timeout = 30_000): Promise<Found> => {
    for (const end = performance.now() + timeout; ; await sleep(60)) {
      const found = await find();
      if (found !== null) return found;
      if (performance.now() > end) throw new Error(`no ${wanted} within ${timeout} ms\n${framed(await capture())}`);
    }
  };
  const close = async () => {
    await tmux('kill-server').catch(() => {});
    await rm(socket, { force: true });
  };
  return {
    screen: ({ colors = false } = {}) => capture(...(colors ? ['-e'] : [])),
    history: () => capture('-S', '-'),
    press: async (...names) => {
      keys += names.length;
      await tmux('send-keys', '--', ...names);
    },
    type: async (text) => {
      keys += [...text].length;
      await tmux('send-keys', '-l', '--', text);
    },
    countKeys: () => keys,
    waitFor: (text, timeout) => {
      const shown = async () => {
        const screen = await capture();
        return (typeof text === 'string' ? screen.includes(text) : text.test(screen)) ? screen : null;
      };
      return until(shown, `${typeof text === 'string' ? JSON.stringify(text) : text} on the screen`, timeout);
    },
    resize: async (columns, rows) => {
      await tmux('resize-window', '-x', `${columns}`, '-y', `${rows}`);
    },
    exitCode: async (timeout) => {
      const format = ',#{pane_dead_status},#{pane_dead_signal}';
      const ended = async () => {
        // tmux 3.3 now and then misses the end of a child until another one ends: hence the `true`, whose own end may be
        // missed as well (-b: it is not waited for).
        await tmux('run-shell', '-b', 'true');
        const [, code, signal] = (await tmux('display-message', '-p', format)).trim().split(',');
        return code || signal ? { code: code ?? '' } : null;
      };
      const { code } = await until(ended, 'end of the program', timeout);
      return code === '' ? null : Number(code);
    },
    kill: async (signal) => {
      const pid = (await tmux('display-message', '-p', '#{pane_pid}')).trim();
      if (options.lab === undefined) process.kill(Number(pid), signal);
      else await options.lab.run(['kill', '-s', signal.replace('SIG', ''), pid]);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Starts a tmux server of its own, in the lab if there is one, and resolves to what sends it a command and resolves to the answer. */
async function startTmux(
  socket: string,
  { command, columns = 80, rows = 24, lab, uid = 0, env = {} }: TerminalOptions,
) {
  const call = async (words: readonly string[], wrap = (command: Command) => command) => {
    const [program, ...args] = wrap(['tmux', '-u', '-f', '/dev/null', '-S', socket, ...words]);
    const { stdout } = await promisify(execFile)(program, args, {
      // A tmux that does not answer is told by name; the test's own time would end without a word.
      timeout: 20_000,
      env: {
        PATH: process.env.PATH,
        HOME: lab === undefined ? process.env.HOME : '/root',
        XDG_STATE_HOME: process.env.XDG_STATE_HOME,
        LANG: 'C.UTF-8',
        TERM: 'xterm-256color',
      },
    });
    return stdout;
  };
  const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const user = uid === 0 ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  const session = ['new-session', '-d', '-x', `${columns}`, '-y', `${rows}`, ...variables, '--', ...user, ...command];
  await call(['start-server', ';', ...settings, ...session], lab?.inside);
  return (...words: string[]) => call(words);
}

/** An empty message instead of tmux's own "Pane is dead" keeps the last screen as the program left it. */
const settings = Object.entries({
  status: 'off',
  'remain-on-exit': 'on',
  'remain-on-exit-format': '',
  'default-terminal': 'tmux-256color',
}).flatMap(([name, value]) => ['set', '-g', name, value, ';']);

function framed(screen: string): string {
  const rule = '─'.repeat(80);
  return `${rule}\n${screen}\n${rule}`;
}
