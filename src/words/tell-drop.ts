// What was stopped, in one sentence of plain words.
import type { BlockedConversation } from '../diagnosis/diagnose.ts';
import type { Stop } from '../firewall/conversation/trace.ts';
import { findWellKnownService } from '../log/conversations/services.ts';
import { nameRule } from '../naming/rules.ts';
import { type Span, span } from './page.ts';

/** `its own SMTP service (port 25)`, `its own port 4711`, `itself by ICMP`. */
const nameGoal = ({ conversation: { protocol, destinationPort: port } }: BlockedConversation): string => {
  if (port === null) return `itself by ${protocol.toUpperCase()}`;
  const service = findWellKnownService(port);
  return service === null ? `its own port ${port}` : `its own ${service.label} service (port ${port})`;
};

const whereOf = (hook: Stop['hook']): string =>
  hook === 'output' ? 'on the way out' : hook === 'input' ? 'on the way in' : `in ${hook.toUpperCase()}`;

const packetOf: Record<Stop['packet'], string> = {
  request: 'it',
  'established-request': 'what followed',
  reply: 'the reply',
  'established-reply': 'the reply',
  error: 'the error message about it',
};

/** `This server tried to reach its own SMTP service (port 25), and rule 7 of OUTPUT (iptables, IPv4) dropped it on the way out.` */
export const tellDrop = (blocked: BlockedConversation): Span[] => {
  const { stop } = blocked;
  const begin = span('strong', `This server tried to reach ${nameGoal(blocked)}`);
  if (stop === null)
    return [begin, span('plain', '; by which rule it was stopped is not known: more than one can be it.')];
  const verb = stop.verdict === 'reject' ? 'rejected' : 'dropped';
  return [
    begin,
    span('plain', ', and '),
    span('strong', nameRule(stop.rule)),
    span('plain', ' '),
    span('bad', verb),
    span('plain', ` ${packetOf[stop.packet]} ${whereOf(stop.hook)}.`),
  ];
};
