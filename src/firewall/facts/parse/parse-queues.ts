// Reads which netfilter queues a program reads.

/** `    0   4711     0 2 65531     0     0        0  1`: the queue's number, then the program's. A queue that nobody reads is not there. */
export function parseQueues(text: string): Set<number> | null {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const numbers = lines.map((line) => /^\s*(\d+)(?:\s+\d+){8}\s*$/.exec(line)?.[1]);
  return numbers.every((number) => number !== undefined) ? new Set(numbers.map(Number)) : null;
}
