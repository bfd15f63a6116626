// What a server shows beside its rules and its log, read when something has failed: a field of Witness each, all at the same time.
import { type Attempt, works } from '../diagnosis/attempt.ts';
import { isWithoutLocalPort } from '../diagnosis/sockets/find-local-ports.ts';
import type { WayFault } from '../diagnosis/way/loopback-way.ts';
import type { Witness } from '../diagnosis/witness.ts';
import type { Host } from '../host/host.ts';
import { readCgroupFilters, readOwnGroup } from '../host/limits/read-cgroup-filters.ts';
import { readKernelComplaints } from '../host/limits/read-kernel-complaints.ts';
import { readServiceLimits } from '../host/limits/read-service-limits.ts';
import { readConntrack } from '../host/network/read-conntrack.ts';
import { readListenQueues } from '../host/network/read-listen-queues.ts';
import { readLocalPorts } from '../host/network/read-local-ports.ts';
import { readOtherNetworks } from '../host/network/read-other-networks.ts';
import { resolveName } from '../host/network/resolve-name.ts';

/** What is known already. `seconds`: how long ago the attempts began; older lines of the kernel are about something else. */
export type Scene = {
  readonly attempts: readonly Attempt[];
  readonly wayFaults: readonly WayFault[];
  readonly seconds: number;
};

/** Looks at the server as it is now; what can't be looked at is not known. Where nothing has failed, nothing is asked about failures. */
export const readWitness = async (host: Host, { attempts, wayFaults, seconds }: Scene): Promise<Witness> => {
  const isFailing = !attempts.every(works);
  const ifFailing = <T>(read: (host: Host) => Promise<T>) => (isFailing ? read(host) : null);
  const needsPorts = attempts.some(isWithoutLocalPort);
  const reads = {
    localhost: resolveName(host, 'localhost'),
    queues: ifFailing(readListenQueues),
    localPorts: needsPorts ? readLocalPorts(host) : null,
    serviceLimits: ifFailing(readServiceLimits),
    cgroupFilters: ifFailing(readCgroupFilters),
    ownGroup: ifFailing(readOwnGroup),
    distantListeners: ifFailing(readOtherNetworks),
    complaints: ifFailing(() => readKernelComplaints(host, seconds)),
    conntrack: ifFailing(readConntrack),
  };
  await Promise.all(Object.values(reads));
  return {
    wayFaults,
    localhost: await reads.localhost,
    queues: await reads.queues,
    localPorts: await reads.localPorts,
    serviceLimits: await reads.serviceLimits,
    cgroupFilters: await reads.cgroupFilters,
    ownGroup: await reads.ownGroup,
    distantListeners: await reads.distantListeners,
    complaints: await reads.complaints,
    conntrack: await reads.conntrack,
  };
};
