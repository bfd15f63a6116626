// The kernel's log as the fuzzer reads it: the lines that its LOG rules wrote, told apart by prefix.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Taken } from './kernel-log-reader.ts';

export type KernelLog = {
  /** The lines with this prefix since the last call. `losses` is how often the kernel threw lines away unread so far. */
  take(prefix: string): Promise<Taken>;
  close(): Promise<void>;
};

/** Opens the kernel's log at its end, for prefixes that start with `family`. The buffer is small, so a thread of its own reads it. */
export async function openKernelLog(family: string): Promise<KernelLog> {
  const reader = new Worker(new URL('kernel-log-reader.ts', import.meta.url), { workerData: family });
  await once(reader, 'message');
  const waiting: ((taken: Taken) => void)[] = [];
  reader.on('message', (taken: Taken) => waiting.shift()?.(taken));
  return {
    take: (prefix) => {
      const answer = Promise.withResolvers<Taken>();
      waiting.push(answer.resolve);
      reader.postMessage(prefix);
      return answer.promise;
    },
    close: async () => {
      await reader.terminate();
    },
  };
}
