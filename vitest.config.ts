import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** What practice remembers of the tests is no progress of the one who runs them. */
const env = { XDG_STATE_HOME: join(import.meta.dirname, 'node_modules/.state') };

/** Quick tests run anywhere, in parallel. Kernel and terminal tests use the real netfilter and a built bundle, one file at a time. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'quick',
          env,
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/{kernel,terminal}/**'],
          // A busy machine makes nothing wrong.
          testTimeout: 30_000,
          // They share no state, and loading everything anew for each file takes as long as they do.
          isolate: false,
          maxWorkers: '100%',
        },
      },
      {
        test: {
          name: 'real',
          env,
          include: ['test/{kernel,terminal}/**/*.test.{ts,tsx}'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: true,
          // They wait more than they work.
          maxWorkers: 3,
          // After the quick ones: what differs in its number of workers can't be mixed.
          sequence: { groupOrder: 1 },
          // Real daemons and terminals on a busy machine: a test that fails is tried twice more, and the retries are shown.
          retry: 2,
        },
      },
    ],
  },
});
