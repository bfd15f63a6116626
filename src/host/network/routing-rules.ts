// Rules of `ip rule` that come before the local table, as questions that `ip route get` answers: would they lead a loopback packet elsewhere?
import type { Command } from '../host.ts';

/** `line`: the rule as printed; `ask`: the question, null where none can be put (`not`, other devices) or none has to (no loopback address in it). */
export type EarlyRule = { readonly line: string; readonly ask: { destination: string; command: Command } | null };

/** `10:	from all to 127.0.0.0/8 uidrange 33-33 unreachable`, above `100:	from all lookup local`. All of them where no rule leads to the local table. */
export function findEarlyRules(text: string, loopback: string, isOwn: (address: string) => boolean): EarlyRule[] {
  const lines = text.split('\n').filter((line) => /^\d+:/.test(line));
  const local = lines.findIndex((line) => /^\d+:\s+from all lookup (local|255)\b/.test(line));
  // Behind the local table nothing is asked about an address of this server.
  const early = local < 0 ? lines.filter((line) => !/^3276[67]:/.test(line)) : lines.slice(0, local);
  return early.map((line) => ({ line: line.replace(/\s+/g, ' ').trim(), ask: questionFor(line, loopback, isOwn) }));
}

/** What each selector is called in the question. */
const SELECTORS: Readonly<Record<string, string>> = {
  from: 'from',
  fwmark: 'mark',
  ipproto: 'ipproto',
  sport: 'sport',
  dport: 'dport',
  uidrange: 'uid',
  tos: 'tos',
  dsfield: 'tos',
};

function questionFor(line: string, loopback: string, isOwn: (address: string) => boolean): EarlyRule['ask'] {
  const words = line
    .replace(/^\d+:\s+/, '')
    .trim()
    .split(/\s+/);
  const at = (word: string) => (words.includes(word) ? (words[words.indexOf(word) + 1] ?? '') : null);
  const [iif, oif, to] = [at('iif'), at('oif'), at('to')];
  if (words[0] === 'not' || oif !== null || (iif !== null && iif !== 'lo')) return null;
  const destination = to === null ? loopback : destinationIn(to, loopback);
  if (!isOwn(destination)) return null;
  const asked = Object.entries(SELECTORS).flatMap(([word, name]) => {
    const value = at(word);
    if (value === null || value === 'all') return [];
    // The first of a range, a mark without its mask.
    const first = word === 'from' ? destinationIn(value, loopback) : (value.split(/[-/]/)[0] ?? '');
    return [name, first];
  });
  const ports = at('sport') !== null || at('dport') !== null;
  const protocol = ports && at('ipproto') === null ? ['ipproto', 'tcp'] : [];
  if (asked.length === 0) return null;
  return { destination, command: ['ip', 'route', 'get', destination, ...protocol, ...asked] };
}

/** An address in a network that a rule names: of 127.0.0.0/8 the usual one. */
function destinationIn(network: string, loopback: string): string {
  const [address = ''] = network.split('/');
  return address === '127.0.0.0' || address === '0.0.0.0' || address === '::' ? loopback : address;
}
