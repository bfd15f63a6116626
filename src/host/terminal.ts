// The user at this process's standard input and output, for faces that ask in lines.
import { createInterface } from 'node:readline';

/** Asks a question and resolves with the line that answers it; null at the end of input, or when the signal takes it back. */
export type Ask = (prompt: string, signal: AbortSignal) => Promise<string | null>;

/** Reads answers from standard input, also ones that were typed ahead or piped in; `write` shows the questions. `close` gives the input back. */
export const openPrompt = (write: (text: string) => void): { ask: Ask; close: () => void } => {
  const lines = createInterface({ input: process.stdin, terminal: false });
  const waiting: string[] = [];
  let isEnded = false;
  let wake = () => {};
  lines.on('line', (line) => {
    waiting.push(line);
    wake();
  });
  lines.on('close', () => {
    isEnded = true;
    wake();
  });
  const ask: Ask = (prompt, signal) =>
    new Promise((resolve) => {
      write(prompt);
      const look = () => {
        if (signal.aborted) return settle(null);
        const line = waiting.shift();
        if (line !== undefined) return settle(line);
        if (isEnded) settle(null);
      };
      const settle = (answer: string | null) => {
        wake = () => {};
        resolve(answer);
      };
      wake = look;
      signal.addEventListener('abort', look, { once: true });
      look();
    });
  return { ask, close: () => lines.close() };
};
