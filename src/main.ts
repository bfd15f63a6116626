// The way in. What is run in loops and over big files, and asked for in plain words, goes straight to its own part of the bundle;
// all else, above all help and wrong words, goes to the whole command line. docs/decisions/0004.
import { fail } from './process.ts';

/** Runs the command to its end, or gives null for words that only the whole command line understands. */
type Quick = (args: string[]) => Promise<void> | null;

const QUICK: Readonly<Record<string, () => Promise<{ run: Quick }>>> = {
  trace: () => import('./quick/trace.ts'),
  logs: () => import('./quick/logs.ts'),
};

async function main([command = '', ...args]: string[]): Promise<void> {
  const part = Object.hasOwn(QUICK, command) ? await QUICK[command]?.() : undefined;
  const running = part?.run(args);
  await (running ?? import('./cli.tsx'));
}

// Node would end with 1, which says that loopback is blocked.
process.on('uncaughtException', fail);
main(process.argv.slice(2)).catch(fail);
