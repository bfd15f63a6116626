// The rule in an iptables command line, turned into the lines that iptables-save would print for it.
import { parseProtocol } from '../../../firewall/iptables/values.ts';
import { printAddress, type Resolve } from './addresses.ts';
import { type Extension, findMatch, findTarget, type Reading } from './extensions.ts';
import { notTaken, wrongUsage } from './iptables-error.ts';

/** What a rule's words are read with. `hasChain` tells the user's chains of the table. */
export type RuleReading = Reading & { readonly resolve: Resolve; readonly hasChain: (name: string) => boolean };

/** An extension in use, with its options as they will be printed. */
type Loaded = { readonly name: string; readonly extension: Extension; readonly printed: Map<string, string | null> };

/** A rule being read, word by word. */
export type RuleParser = {
  /** Takes `words[at]` if it belongs to the rule; answers how many words that was, 0 when it does not. */
  take(words: readonly string[], at: number, negated: boolean): number;
  /** The rule for a chain, without `-A CHAIN`; several where an address was a list. `action` names the kernel's operation. */
  finish(chain: string, action: string): string[];
};

const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  1: 'icmp', 2: 'igmp', 6: 'tcp', 17: 'udp', 47: 'gre', 50: 'esp', 51: 'ah', 58: 'ipv6-icmp', 132: 'sctp', 136: 'udplite',
}; // biome-ignore format: a table

const VERDICTS = ['ACCEPT', 'DROP', 'RETURN', 'QUEUE'];

/** Long names of the options that every rule has, with their letters. */
const OPTIONS: Readonly<Record<string, string>> = {
  protocol: 'p', source: 's', src: 's', destination: 'd', dst: 'd', 'in-interface': 'i', 'out-interface': 'o',
  jump: 'j', goto: 'g', match: 'm', fragment: 'f', 'set-counters': 'c', ipv4: '4', ipv6: '6',
}; // biome-ignore format: a table

export function createRuleParser(reading: RuleReading): RuleParser {
  const { family } = reading;
  const parts = new Map<string, string>();
  const matches: Loaded[] = [];
  let target: Loaded | null = null;
  let protocol = '';
  const addresses = { s: [''], d: [''] };

  const load = (name: string, extension: Extension): Loaded => ({ name, extension, printed: new Map() });

  const setOnce = (letter: string, text: string) => {
    if (parts.has(letter)) throw wrongUsage(`multiple -${letter} flags not allowed`);
    parts.set(letter, text);
  };

  const readers: Readonly<Record<string, (word: string, not: string) => void>> = {
    p: (word, not) => {
      const number = parseProtocol(word);
      if (number === null) throw wrongUsage(`unknown protocol "${word}" specified`);
      protocol = PROTOCOL_NAMES[number] ?? `${number}`;
      setOnce('p', number === 0 ? '' : `${not}-p ${protocol}`);
    },
    s: (word, not) => readAddresses('s', word, not),
    d: (word, not) => readAddresses('d', word, not),
    i: (word, not) => setOnce('i', `${not}-i ${checkInterface(word)}`),
    o: (word, not) => setOnce('o', `${not}-o ${checkInterface(word)}`),
    m: (word) => {
      const extension = findMatch(word, family);
      if (extension === null) throw wrongUsage(`Couldn't load match \`${word}':No such file or directory\n`);
      matches.push(load(word, extension));
    },
    j: (word) => {
      const extension = findTarget(word, family);
      if (extension === null && !VERDICTS.includes(word) && !reading.hasChain(word)) {
        throw wrongUsage(`Chain '${word}' does not exist`);
      }
      setOnce('j', `-j ${word}`);
      if (extension !== null) target = load(word, extension);
    },
    g: (word) => {
      if (!reading.hasChain(word)) throw wrongUsage(`Chain '${word}' does not exist`);
      setOnce('j', `-g ${word}`);
    },
  };

  const readAddresses = (letter: 's' | 'd', word: string, not: string) => {
    setOnce(letter, '');
    addresses[letter] = word.split(',').map((one) => {
      const printed = printAddress(one, family, reading.resolve);
      return printed === null ? '' : `${not}-${letter} ${printed}`;
    });
  };

  /** A protocol brings its match along when one of its options is used. */
  const findImplicit = (name: string): Loaded | null => {
    const implied = protocol === 'ipv6-icmp' ? 'icmp6' : protocol;
    const extension = findMatch(implied, family);
    if (extension === null || findOption(extension, name) === null) return null;
    if (matches.some((one) => one.name === implied)) return null;
    const loaded = load(implied, extension);
    matches.push(loaded);
    return loaded;
  };

  const takeExtensionOption = (words: readonly string[], at: number, negated: boolean): number => {
    const name = words[at]?.slice(2) ?? '';
    const inUse = [target, ...matches].filter((one) => one !== null);
    const owner = inUse.find((one) => findOption(one.extension, name) !== null) ?? findImplicit(name);
    const found = owner && findOption(owner.extension, name);
    if (!owner || !found) return 0;
    const { key, option } = found;
    const values = words.slice(at + 1, at + 1 + option.arity);
    if (values.length < option.arity) throw wrongUsage(`option "${words[at]}" requires an argument`);
    const printed = option.print(values, reading);
    const as = `--${option.as ?? key}`;
    owner.printed.set(option.as ?? key, printed && `${negated ? '! ' : ''}${as} ${printed}`.trim());
    if (printed === '') owner.printed.set(option.as ?? key, as);
    return 1 + option.arity;
  };

  const take: RuleParser['take'] = (words, at, negated) => {
    const word = words[at] ?? '';
    const letter = /^-[a-z46]$/.test(word) ? word.slice(1) : (OPTIONS[resolveName(word, Object.keys(OPTIONS))] ?? '');
    const taken = word.startsWith('--') ? takeExtensionOption(words, at, negated) : 0;
    if (taken > 0) return taken;
    const not = negated ? '! ' : '';
    if (letter === 'f') setOnce('f', `${not}-f`);
    if (letter === 'f' || letter === '4' || letter === '6') return 1;
    if (letter === 'c') return 3;
    const reader = readers[letter];
    if (reader === undefined) return 0;
    const value = words[at + 1];
    if (value === undefined) throw wrongUsage(`option "${word}" requires an argument`);
    reader(value, not);
    return 2;
  };

  const finish: RuleParser['finish'] = (chain, action) => {
    checkPlace(chain, parts);
    checkKernel({ chain, action, protocol, matches, target });
    const behind = [
      ...matches.map((one) => printLoaded('-m', one)),
      target ? printLoaded('-j', target) : parts.get('j'),
    ];
    const before = ['i', 'o', 'p', 'f'].map((letter) => parts.get(letter));
    return addresses.s.flatMap((s) =>
      addresses.d.map((d) =>
        [s, d, ...before, ...behind].filter((part) => part !== undefined && part !== '').join(' '),
      ),
    );
  };

  return { take, finish };
}

type Option = Extension['options'][string];

function findOption(extension: Extension, name: string): { key: string; option: Option } | null {
  const key = resolveName(`--${name}`, Object.keys(extension.options));
  const option = extension.options[key];
  return option === undefined ? null : { key, option };
}

/** getopt takes any beginning of a long option that is the beginning of no other. */
function resolveName(word: string, names: readonly string[]): string {
  const name = word.startsWith('--') ? word.slice(2) : '';
  if (name === '' || names.includes(name)) return name;
  const fitting = names.filter((one) => one.startsWith(name));
  return fitting.length === 1 ? (fitting[0] ?? '') : '';
}

function checkInterface(name: string): string {
  if (name.length > 15) throw wrongUsage(`interface name \`${name}' must be shorter than IFNAMSIZ (15)`);
  return name;
}

function checkPlace(chain: string, parts: ReadonlyMap<string, string>): void {
  if (parts.has('i') && ['OUTPUT', 'POSTROUTING'].includes(chain)) throw wrongUsage(`Can't use -i with ${chain}\n`);
  if (parts.has('o') && ['INPUT', 'PREROUTING'].includes(chain)) throw wrongUsage(`Can't use -o with ${chain}\n`);
}

type Checked = {
  readonly chain: string;
  readonly action: string;
  readonly protocol: string;
  readonly matches: readonly Loaded[];
  readonly target: Loaded | null;
};

/** What the tool checks at the end of the line, and what only the kernel finds out. */
function checkKernel({ chain, action, protocol, matches, target }: Checked): void {
  const uses = (name: string) => matches.some((one) => one.name === name);
  for (const { extension, printed } of target ? [...matches, target] : matches) {
    if (extension.needs !== undefined && printed.size === 0) throw wrongUsage(extension.needs);
  }
  if (uses('multiport') && !['tcp', 'udp', 'udplite', 'sctp', 'dccp'].includes(protocol)) {
    throw wrongUsage("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'");
  }
  const reset = target?.printed.get('reject-with')?.endsWith('tcp-reset') === true && protocol !== 'tcp';
  const ownerless = uses('owner') && ['INPUT', 'PREROUTING', 'FORWARD'].includes(chain);
  if (reset || ownerless) throw notTaken(`RULE_${action} failed (Invalid argument): rule in chain ${chain}`);
}

/** `-m tcp --dport 25`: the options in their printed order, those left at their default not at all. */
function printLoaded(dash: '-m' | '-j', { name, extension, printed }: Loaded): string {
  const [option, value] = extension.defaults ?? [];
  const defaults = option !== undefined && !printed.has(option) ? [[option, `--${option} ${value}`] as const] : [];
  const all = new Map<string, string | null>([...defaults, ...printed]);
  return [`${dash} ${name}`, ...Object.keys(extension.options).map((key) => all.get(key))]
    .filter((part) => part !== undefined && part !== null && part !== '')
    .join(' ');
}
