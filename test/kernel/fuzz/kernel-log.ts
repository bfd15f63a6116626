// The kernel's log as the fuzzer reads it: the lines that its LOG rules wrote, told apart by prefix, or by whatever tells them apart.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Taken } from './kernel-log-reader.ts';

export type KernelLog = {
  /** The lines of this key since the last call. `losses` is how often the kernel threw lines away unread so far. */
  take(key: string): Promise<Taken>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Opens the kernel's log at its end, for lines that `key` matches; its group is what they are kept under. The buffer is small, so a thread of its own reads it. */
export async function openKernelLog(key: RegExp): Promise<KernelLog> {
  const reader = new Worker(new URL('kernel-log-reader.ts', import.meta.url), { workerData: key });
  await once(reader, 'message');
  const waiting: ((taken: Taken) => void)[] = [];
  reader.on('message', (taken: Taken) => waiting.shift()?.(taken));
  const close = async () => {
    await reader.terminate();
  };
  return {
    take: (key) => {
      const answer = Promise.withResolvers<Taken>();
      waiting.push(answer.resolve);
      reader.postMessage(key);
      return answer.promise;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
