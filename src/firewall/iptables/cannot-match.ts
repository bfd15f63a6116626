// The head of an iptables-save line, read just far enough to tell that a packet can't match.
import type { Glance } from '../rule-list.ts';

const SPACE = 32;
const PLUS = 43;
const DASH = 45;
const SLASH = 47;
const DIGIT = 48;
const COLON = 58;

/**
 * True where the packet surely does not meet the rule; false says nothing. `from` is where the rule's options begin in `text`, `end` where they
 * end. iptables-save prints `[-s ADDRESS] [-d ADDRESS] [-i NAME] [-o NAME] [-p PROTOCOL] [-m tcp] [--sport A:B] [--dport A:B] …`;
 * at whatever is negated or written otherwise the look ends.
 */
export function cannotMatch(text: string, from: number, end: number, packet: Glance): boolean {
  let at = from;
  while (at < end && text.charCodeAt(at) === DASH) {
    const value = text.charCodeAt(at + 1) === DASH ? at + 8 : at + 3;
    if (value >= end || text.charCodeAt(value - 1) !== SPACE) return false;
    const blank = text.indexOf(' ', value);
    const to = blank < 0 || blank > end ? end : blank;
    const answer = optionExcludes(text, at, value, to, packet);
    if (answer !== 'maybe') return answer === 'yes';
    at = to + 1;
  }
  return false;
}

/** `maybe`: the next option may tell; `no`: the look ends here. */
function optionExcludes(text: string, at: number, value: number, to: number, packet: Glance): 'yes' | 'no' | 'maybe' {
  switch (text[at + 1]) {
    case 'd':
      return isOther(text, value, to, packet.destination) ? 'yes' : 'maybe';
    case 's':
      return isOther(text, value, to, packet.source) ? 'yes' : 'maybe';
    case 'i':
      return isOtherDevice(text, value, to, packet.in) ? 'yes' : 'maybe';
    case 'o':
      return isOtherDevice(text, value, to, packet.out) ? 'yes' : 'maybe';
    case 'p':
      return isOtherProtocol(text, value, to, packet.protocol) ? 'yes' : 'maybe';
    case 'm':
      return to - value === 3 && (text.startsWith('tcp', value) || text.startsWith('udp', value)) ? 'maybe' : 'no';
    case '-':
      if (text.startsWith('--dport', at)) return isOutside(text, value, to, packet.destinationPort) ? 'yes' : 'maybe';
      if (text.startsWith('--sport', at)) return isOutside(text, value, to, packet.sourcePort) ? 'yes' : 'maybe';
      return 'no';
    default:
      return 'no';
  }
}

/** `10.0.0.1/32`, `10.0.0.0/8`: another address, or another first octet. Of an IPv6 address the first group is compared. */
function isOther(text: string, value: number, to: number, address: string | number): boolean {
  if (typeof address === 'number') return isOtherGroup(text, value, to, address);
  if (address === '') return false;
  if (text.charCodeAt(to - 3) === SLASH) {
    if (text.startsWith('32', to - 2)) return to - 3 - value !== address.length || !text.startsWith(address, value);
  } else if (text.charCodeAt(to - 2) !== SLASH || text.charCodeAt(to - 1) < DIGIT + 8) return false;
  for (let i = 0; i < 4; i++) {
    const code = text.charCodeAt(value + i);
    if (code !== address.charCodeAt(i)) return code !== COLON;
    if (address[i] === '.') return false;
  }
  return false;
}

/** `2001:db8::/32`: the first group is another, and it counts. */
function isOtherGroup(text: string, value: number, to: number, group: number): boolean {
  let bits = 0;
  let slash = to - 1;
  for (let unit = 1; slash > value && text.charCodeAt(slash) !== SLASH; slash--, unit *= 10) {
    bits += (text.charCodeAt(slash) - DIGIT) * unit;
  }
  if (slash === value || bits < 16 || bits > 128) return false;
  const colon = text.indexOf(':', value);
  if (colon < 0 || colon > slash) return false;
  const first = colon === value ? 0 : Number.parseInt(text.slice(value, colon), 16);
  return !Number.isNaN(first) && first !== group;
}

/** `eth0` is not lo; `eth+` and negations are not looked at. Where the hook has no such device, no plain name matches. */
function isOtherDevice(text: string, value: number, to: number, device: '' | 'lo'): boolean {
  const first = text.charCodeAt(value);
  if (text.charCodeAt(to - 1) === PLUS || first === 33) return false;
  return device === '' || to - value !== 2 || !text.startsWith('lo', value);
}

function isOtherProtocol(text: string, value: number, to: number, protocol: number): boolean {
  const length = to - value;
  if (length === 3 && text.startsWith('tcp', value)) return protocol !== 6;
  if (length === 3 && text.startsWith('udp', value)) return protocol !== 17;
  if (length === 4 && text.startsWith('icmp', value)) return protocol !== 1;
  return length === 9 && text.startsWith('ipv6-icmp', value) && protocol !== 58;
}

/** `25` or `1024:65535`, but for names. */
function isOutside(text: string, value: number, to: number, port: number): boolean {
  if (port < 0) return false;
  let from = -1;
  let number = 0;
  for (let i = value; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code >= DIGIT && code < DIGIT + 10) number = number * 10 + code - DIGIT;
    else if (code === COLON && from < 0 && i > value && i < to - 1) {
      from = number;
      number = 0;
    } else return false;
  }
  return port > number || port < (from < 0 ? number : from);
}
