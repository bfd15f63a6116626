// "No route to host" and "Network is unreachable" where nothing is known to be in the way: words of the routing, which no service can cause.
import { nameAddress } from '../../naming/conversations.ts';
import { type Cause, PASSES } from './cause.ts';

export const findUnreachable: Cause = ({ passing }) => {
  const explains = passing.map(({ failure }) => failure).filter(({ end }) => end === 'unreachable');
  const [first] = explains;
  if (first === undefined) return null;
  const { destination, destinationPort, uid } = first.conversation;
  return {
    finding: {
      id: 'no-route',
      severity: 'problem',
      title: `The system knows no way to ${nameAddress(destination, destinationPort)}: its routing says so, not the service and not a rule of the firewall.`,
      evidence: [first.evidence, PASSES],
      advice:
        'Ask the kernel for its way, as the user that fails: an address that lo has not, the local table, or a routing rule before it. A program with a network namespace of its own has another routing.',
      commands: [
        ['ip', 'route', 'get', destination, 'uid', `${uid}`],
        ['ip', 'rule'],
        ['ip', 'route', 'show', 'table', 'local'],
      ],
    },
    blame: 'server',
    explains,
  };
};
