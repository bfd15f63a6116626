// The service runs and listens, in a network namespace of its own: nobody reaches it over this lo.
import { namePort } from '../../naming/conversations.ts';
import type { Cause } from '../causes/cause.ts';
import { type Failure, listenerOf } from '../failures.ts';
import { tellLimitsOf, unitIn } from '../tell-limits.ts';

/** Containers publish their ports; what they listen to inside is their own. */
const CONTAINER = /docker|containerd|libpod|crio|kubepods|lxc|machine\.slice/;

const isRefused = ({ end, conversation }: Failure): boolean => end === 'refused' && conversation.protocol === 'tcp';

export const findDistantListener: Cause = ({ passing, listeners, witness }) => {
  const refused = passing
    .map(({ failure }) => failure)
    .filter((failure) => isRefused(failure) && listenerOf(listeners, failure.conversation) === null);
  for (const failure of refused) {
    const { destinationPort } = failure.conversation;
    const found = (witness.distantListeners ?? []).find(
      ({ port, cgroup }) => port === destinationPort && !CONTAINER.test(cgroup ?? ''),
    );
    if (found === undefined) continue;
    const unit = unitIn(found.cgroup);
    return {
      finding: {
        id: 'service-in-own-network',
        severity: 'problem',
        title: `A service listens at ${namePort(destinationPort)} in a network of its own: it has another lo, which nobody here reaches.`,
        evidence: [
          failure.evidence,
          `process ${found.pid} (${found.process}${unit === null ? '' : `, ${unit}`}) is in ${found.namespace}, where TCP port ${found.port} is listened at`,
          ...tellLimitsOf(witness, found.cgroup),
          'nobody listens at this port in the network that lo-doctor is in',
        ],
        advice:
          'No firewall rule is part of that. A unit with PrivateNetwork=yes (or NetworkNamespacePath=) has to be without it to be called from here, or be called by a Unix socket.',
        commands: [
          ['systemctl', 'show', '-p', 'PrivateNetwork', '-p', 'NetworkNamespacePath', unit ?? 'UNIT'],
          ['lsns', '-t', 'net'],
        ],
      },
      blame: 'server',
      explains: refused.filter(({ conversation }) => conversation.destinationPort === destinationPort),
    };
  }
  return null;
};
