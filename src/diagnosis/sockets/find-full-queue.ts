// No answer from a TCP service that listens: its queue of waiting connections is full, or packets get lost where no rule is.
import { nameAddress } from '../../naming/conversations.ts';
import { type Cause, type Clues, type FoundCause, PASSES } from '../causes/cause.ts';
import { type Failure, listensTo } from '../failures.ts';
import { tellLimitsOf, unitIn } from '../tell-limits.ts';
import type { ListenQueue } from '../witness.ts';

type Silent = { readonly failure: Failure; readonly queue: ListenQueue; readonly name: string };

const nameOf = ({ line }: ListenQueue): string => /\(\("(.*?)",pid=/.exec(line)?.[1] ?? 'The service';

/** The own attempts that no listening service has answered, each with its queue. */
const findSilent = ({ passing, witness }: Clues): Silent[] =>
  passing.flatMap(({ failure }) => {
    const { conversation, end, isOwn } = failure;
    if (end !== 'timed-out' || !isOwn || conversation.protocol !== 'tcp') return [];
    const queue = witness.queues?.find((one) => listensTo(conversation)({ ...one, protocol: 'tcp', process: null }));
    return queue === undefined ? [] : [{ failure, queue, name: nameOf(queue) }];
  });

const whereTo = ({ failure: { conversation } }: Silent): string =>
  nameAddress(conversation.destination, conversation.destinationPort);

/** A queue with more than there is room for takes no more: `LISTEN 1 0` has one in a queue for none. */
const isFull = ({ queue: { waiting, room } }: Silent): boolean => waiting > room;

export const findFullQueue: Cause = (clues) => {
  const silent = findSilent(clues).filter(isFull);
  const [first] = silent;
  if (first === undefined) return null;
  const { queue, failure, name } = first;
  return {
    finding: {
      id: 'queue-full',
      severity: 'problem',
      title: `${name} listens at ${whereTo(first)} and takes no connections: its queue is full, and the kernel lets new ones wait.`,
      evidence: [
        failure.evidence,
        `ss: ${queue.line}`,
        `${queue.waiting} connections wait to be taken (Recv-Q), and there is room for ${queue.room} (Send-Q)`,
        PASSES,
      ],
      advice:
        'The service hangs, or gets more connections than it takes: look at its own log and load, and restart it. A longer queue (net.core.somaxconn, its own backlog) helps only against bursts.',
      commands: [
        ['ss', '-ltnp', `sport = :${queue.port}`],
        ['nstat', '-az', 'TcpExtListenOverflows'],
      ],
    },
    blame: 'server',
    explains: silent.map((one) => one.failure),
  };
};

/** The kernel itself answers for a service whose queue has room, however busy that is: the packets don't come through. */
export const findUnseenDrop: Cause = (clues): FoundCause | null => {
  const silent = findSilent(clues).filter((one) => !isFull(one));
  const [first] = silent;
  if (first === undefined) return null;
  const { witness } = clues;
  const { queue, failure, name } = first;
  const limits = tellLimitsOf(witness, queue.cgroup);
  const unit = unitIn(queue.cgroup);
  return {
    finding: {
      id: limits.length > 0 ? 'service-filter' : 'lost-unseen',
      severity: 'problem',
      title:
        limits.length > 0
          ? `${name} listens at ${whereTo(first)}, and systemd keeps packets from ${unit ?? 'its control group'}: a filter on it, no rule of the firewall.`
          : `${name} listens at ${whereTo(first)} with room in its queue, and no answer comes: something that is no rule drops the packets.`,
      evidence: [
        failure.evidence,
        `ss: ${queue.line}`,
        'the kernel answers by itself for a queue with room, whatever the service does',
        ...limits,
        ...(witness.cgroupFilters ?? []).map((line) => `bpftool cgroup tree: ${line}`),
        PASSES,
      ],
      advice:
        limits.length > 0
          ? 'Permit it in the unit (IPAddressAllow=localhost in a drop-in: systemctl edit), then restart the unit.'
          : 'Look for a filter on the control group of the service (IPAddressDeny= of its unit, eBPF), and for programs on lo (XDP, tc).',
      commands: [
        ['systemctl', 'show', '-p', 'IPAddressDeny', '-p', 'IPAddressAllow', unit ?? 'UNIT'],
        ['bpftool', 'cgroup', 'tree'],
        ['tc', '-s', 'qdisc', 'show', 'dev', 'lo'],
      ],
    },
    blame: limits.length > 0 ? 'server' : 'unknown',
    explains: silent.map((one) => one.failure),
  };
};
