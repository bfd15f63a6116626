// A failed command's places on other machines: evaluated by the rules, on the way that the server itself says packets to them take.

import type { HookTrace } from '../../firewall/conversation/trace.ts';
import { evaluatePacket } from '../../firewall/conversation/travel.ts';
import { parseAddress } from '../../firewall/model/address.ts';
import { AS_SENT, type Packet, type Transport } from '../../firewall/model/packet.ts';
import { nameAddress } from '../../naming/conversations.ts';
import { citeRule } from '../../naming/rules.ts';
import type { OutsidePlace } from '../attempt.ts';
import type { Cause, Clues, FoundCause } from '../causes/cause.ts';

const SYN = 2;
const SYN_ACK = 18;
const CLIENT_PORT = 40_000;

const transportOf = ({ protocol, port, address }: OutsidePlace, isReply: boolean): Transport => {
  const [sourcePort, destinationPort] = isReply ? [port, CLIENT_PORT] : [CLIENT_PORT, port];
  switch (protocol) {
    case 'tcp':
      return { kind: 'tcp', sourcePort, destinationPort, flags: isReply ? SYN_ACK : SYN };
    case 'udp':
      return { kind: 'udp', sourcePort, destinationPort };
    case 'icmp':
      return address.includes(':')
        ? { kind: 'icmpv6', type: isReply ? 129 : 128, code: 0, id: 1 }
        : { kind: 'icmp', type: isReply ? 0 : 8, code: 0, id: 1 };
  }
};

/** The first packet to the place, or the answer to it. */
const packetOf = (place: OutsidePlace, source: string, isReply: boolean): Packet | null => {
  const [here, there] = [parseAddress(source), parseAddress(place.address)];
  if (here === null || there === null || typeof here !== typeof there) return null;
  const state = isReply ? 'established' : 'new';
  return {
    family: typeof here === 'number' ? 'ip' : 'ip6',
    source: isReply ? there : here,
    destination: isReply ? here : there,
    transport: transportOf(place, isReply),
    length: [40, 100],
    uid: isReply ? 'unknown' : place.uid,
    gid: 'unknown',
    ...AS_SENT,
    conntrack: { state, direction: isReply ? 'reply' : 'original', mark: 0, zone: 0, status: 0 },
  };
};

/** Where the place is stopped, on the way there or back; `trace` null: nowhere for sure. */
type Judged = { readonly place: OutsidePlace; readonly stop: HookTrace; readonly isReply: boolean };

const judge = ({ ruleset, surroundings }: Clues, place: OutsidePlace): Judged[] => {
  const { route } = place;
  if (route === null) return [];
  const device = { name: route.device, index: 2 };
  const ways = [
    ['output', false],
    ['postrouting', false],
    ['prerouting', true],
    ['input', true],
  ] as const;
  for (const [hook, isReply] of ways) {
    const packet = packetOf(place, route.source, isReply);
    const stop = packet && evaluatePacket(ruleset, packet, hook, surroundings, device);
    if (stop?.stopped) return [{ place, stop, isReply }];
  }
  return [];
};

const tell = ({ place, stop, isReply }: Judged): string => {
  const { protocol, address, port, because, route } = place;
  const where = `${protocol.toUpperCase()} to ${nameAddress(address, port)} by ${route?.device} (${because})`;
  const rule = stop.stopped === null ? 'several rules' : citeRule(stop.stopped);
  const logged = stop.logs.length > 0 ? '' : ', without a line in the log';
  return `${where}: ${isReply ? 'its answer would be' : 'is'} stopped by ${rule}${logged}`;
};

const findNeeded = (stopped: readonly Judged[]): FoundCause => ({
  finding: {
    id: 'outside-blocked',
    severity: 'problem',
    title: 'The firewall stops packets to another machine that the failed command needs.',
    evidence: [...new Set(stopped.map(tell))],
    advice:
      'A permit of loopback changes nothing about them. If these destinations are meant to be reached, permit them in the outbound policy; ask whoever owns the policy.',
    commands: [],
  },
  blame: 'filter',
  explains: [],
});

/** Other programs wait in vain on every server with an outbound policy: that the command needs them is not known. */
const tellOthers = (stopped: readonly Judged[]): FoundCause => ({
  finding: {
    id: 'outside-blocked-for-others',
    severity: 'warning',
    title:
      'Meanwhile the firewall stopped packets of other programs to other machines; whether the command needs them is not known.',
    evidence: [...new Set(stopped.map(tell))],
    advice:
      'A permit of loopback changes nothing about them. Look whether the command waits for one of these programs.',
    commands: [],
  },
  blame: 'unknown',
  explains: [],
});

/** Found where the rules stop what a failed command needs of another machine. */
export const findOutside: Cause = (clues) => {
  const places = clues.attempts.flatMap((one) =>
    one.kind === 'command' && one.code !== 0 ? (one.trail?.outside ?? []) : [],
  );
  const stopped = places.flatMap((place) => judge(clues, place));
  const [needed, others] = [
    stopped.filter(({ place }) => !place.isOthers),
    stopped.filter(({ place }) => place.isOthers),
  ];
  if (needed.length > 0) return findNeeded(needed);
  return others.length > 0 ? tellOthers(others) : null;
};
