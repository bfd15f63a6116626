// What of a server's own memory its rules ask for, by the text of their dumps, so that nothing else has to be read.

/** `rates`: by family and name. */
export type Asked = {
  readonly sets: ReadonlySet<string>;
  readonly lists: ReadonlySet<string>;
  readonly rates: ReadonlyMap<string, { readonly family: 'ip' | 'ip6'; readonly name: string }>;
  readonly queues: boolean;
  readonly connections: boolean;
  readonly devices: boolean;
  readonly sockets: boolean;
  readonly classes: boolean;
};

/** A layer's rules as its tool prints them; those of nft are in JSON. */
type Dump =
  | { readonly layer: 'iptables'; readonly family: 'ip' | 'ip6'; readonly text: string }
  | { readonly layer: 'nftables'; readonly text: string };

const SETS = / --(?:match-set|set|add-set|del-set) ("[^"]*"|\S+) (?:src|dst)/g;
const LISTS = / -m recent .*?--name ("[^"]*"|\S+)/g;
const RATES = / --hashlimit-name ("[^"]*"|\S+)/g;

/** All that any of the rules asks for. */
export function whatRulesAsk(dumps: readonly Dump[]): Asked {
  const iptables = dumps.filter((dump) => dump.layer === 'iptables');
  const named = (pattern: RegExp) => iptables.flatMap(({ text }) => namesIn(text, pattern));
  const rates = iptables.flatMap(({ family, text }) =>
    namesIn(text, RATES)
      .filter(isFileName)
      .map((name) => ({ family, name })),
  );
  return {
    sets: new Set(named(SETS).filter((name) => !name.startsWith('-'))),
    lists: new Set(named(LISTS).filter(isFileName)),
    rates: new Map(rates.map((rate) => [`${rate.family} ${rate.name}`, rate])),
    queues: dumps.some(({ layer, text }) => (layer === 'iptables' ? / -j (?:NF)?QUEUE\b/ : /"queue"/).test(text)),
    devices: dumps.some(({ text }) => / --limit-iface-|"fib"/.test(text)),
    sockets: dumps.some(({ text }) => / -j TPROXY\b| -m socket\b|"(?:tproxy|socket)"/.test(text)),
    classes: dumps.some(({ text }) => / -m cgroup\b|"cgroup"/.test(text)),
    connections: dumps.some(({ text }) => / -m connlimit |"ct count"/.test(text)),
  };
}

function namesIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name.replaceAll('"', ''));
}

/** The kernel makes a file of each name: what can't be one there is not looked for elsewhere. */
function isFileName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/');
}
