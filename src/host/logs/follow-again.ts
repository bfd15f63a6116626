// A followed command that is started again when it ends before its time.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, Host } from '../host.ts';

const PAUSE = 1000;

/** The lines of a command until the signal; when it ends by itself, the next command (it may have moved on) is started. */
export async function* followAgain(host: Host, next: () => Command, signal: AbortSignal): AsyncGenerator<string> {
  while (!signal.aborted) {
    yield* followOnce(host, next(), signal);
    await sleep(PAUSE, null, { signal, ref: false }).catch(() => null);
  }
}

/** The lines of a command until the signal or its end. */
export async function* followOnce(host: Host, command: Command, signal: AbortSignal): AsyncGenerator<string> {
  if (signal.aborted) return;
  const { lines, stop } = host.follow(command);
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* lines;
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}
