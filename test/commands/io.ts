// What a command is given in a test: output is kept, answers are typed ahead.
import type { Io } from '../../src/commands/io.ts';

/** An Io whose output can be read; `typed` are the lines at standard input. */
export const testIo = ({ typed = [], isTerminal = false }: { typed?: string[]; isTerminal?: boolean } = {}) => {
  const written = { stdout: '', stderr: '' };
  const lines = [...typed];
  const io: Io = {
    stdout: (text) => {
      written.stdout += text;
    },
    stderr: (text) => {
      written.stderr += text;
    },
    stdin: (async function* () {})(),
    openPrompt: () => ({ ask: async () => lines.shift() ?? null, close: () => {} }),
    isTerminal,
    columns: 100,
    color: false,
    unicode: false,
    isSpoken: false,
    now: () => new Date('2026-11-22T18:00:00Z'),
  };
  return { io, written };
};
