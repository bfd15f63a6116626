// The directory of running cases and of the locks: one that root alone can have filled.

import { isPrivate } from '../files/private-directory.ts';
import { type Host, HostError } from '../host.ts';
import { RUNNING_ROOTS } from '../trial/case-file.ts';

/** Makes it where it is missing; returns the first that is private. A HostError where none can be had. */
export async function makeRunningRoot(host: Host): Promise<string> {
  for (const root of RUNNING_ROOTS) {
    await host.run(['mkdir', '-m', '700', root]);
    if ((await isPrivate(host, [root])) === 'yes') return root;
  }
  throw new HostError(
    `Neither ${RUNNING_ROOTS.join(' nor ')} can be made a private directory, so nothing was changed.`,
    {
      nextSteps: ['Run lo-doctor with sudo, and see whether these directories belong to root.'],
    },
  );
}
