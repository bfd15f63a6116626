// A service listens, and has bound its socket to a device (or a VRF) that is not lo: over lo nobody comes to it.
import { nameAddress } from '../../naming/conversations.ts';
import { type Cause, PASSES } from '../causes/cause.ts';
import { listensTo } from '../failures.ts';

/** `LISTEN 0 20 0.0.0.0%eth0:5432 0.0.0.0:* …` */
export const findListenerOnDevice: Cause = ({ passing, witness }) => {
  for (const { failure } of passing) {
    const { conversation } = failure;
    if (failure.end !== 'refused' || conversation.protocol !== 'tcp') continue;
    const reached = (witness.queues ?? []).filter((one) =>
      listensTo(conversation)({ ...one, protocol: 'tcp', process: null }),
    );
    const [bound] = reached;
    if (bound === undefined || !reached.every(({ device }) => device !== null && device !== 'lo')) continue;
    const where = nameAddress(conversation.destination, conversation.destinationPort);
    return {
      finding: {
        id: 'listener-on-device',
        severity: 'problem',
        title: `The service at ${where} has bound its socket to ${bound.device}: what comes by lo is refused.`,
        evidence: [failure.evidence, `ss: ${bound.line}`, PASSES],
        advice:
          'Let the service bind to lo as well, or to no device (in a VRF: net.ipv4.tcp_l3mdev_accept, or a service of its own).',
        commands: [['ss', '-ltnp', `sport = :${bound.port}`]],
      },
      blame: 'server',
      explains: passing
        .map((one) => one.failure)
        .filter((one) => one.end === 'refused' && one.conversation.destinationPort === bound.port),
    };
  }
  return null;
};
