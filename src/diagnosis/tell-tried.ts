// Own attempts in words.
import { nameConversation } from '../naming/conversations.ts';
import { citeRule } from '../naming/rules.ts';
import type { Tried } from './inspect/tried.ts';

const ENDS: Record<Tried['end'], string> = {
  connected: 'connected, which proves this moment only',
  refused: 'was refused',
  'timed-out': 'got no answer',
  'not-permitted': 'was not permitted',
  unreachable: 'was told that nobody can be reached',
  failed: 'could not be made',
};

/** `own attempt: TCP to 127.0.0.1:5432 was refused, and rule 3 of OUTPUT (iptables, IPv4) counted it`. */
export const tellTried = ({ conversation, end, rose }: Tried): string => {
  const counted =
    end === 'connected' || rose.length === 0 ? '' : `, and ${rose.map(citeRule).join(' and ')} counted it`;
  return `own attempt: ${nameConversation(conversation)} ${ENDS[end]}${counted}`;
};
