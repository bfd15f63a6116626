// What only root may look at or do.
import { type Host, HostError } from '../host/host.ts';

/** A HostError that says what can't be done, unless root runs lo-doctor: what may not be read must not count as not there. */
export const needRoot = async (host: Host, message: string, nextSteps: readonly string[] = []): Promise<void> => {
  const { stdout } = await host.run(['id', '-u']);
  if (stdout.trim() === '0') return;
  throw new HostError(message, { nextSteps: ['Run it again with sudo.', ...nextSteps] });
};
