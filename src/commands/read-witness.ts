// What a server shows beside its rules and its log, read when something has failed: a field of Witness each, all at the same time.
import type { Witness } from '../diagnosis/witness.ts';
import type { Host } from '../host/host.ts';
import { resolveName } from '../host/resolve-name.ts';

/** Looks at the server as it is now; what can't be looked at is not known. */
export const readWitness = async (host: Host): Promise<Witness> => {
  const [localhost] = await Promise.all([resolveName(host, 'localhost')]);
  return { localhost };
};
