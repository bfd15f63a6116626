// The rule in an iptables command line, turned into the lines that iptables-save would print for it.
import { parseProtocol } from '../../../firewall/iptables/values.ts';
import { printAddress, type Resolve } from './addresses.ts';
import type { PrintContext } from './extensions.ts';
import { wrongUsage } from './iptables-error.ts';
import { completeName, createUsedExtensions, type UsedExtensions } from './used-extensions.ts';

/** What a rule's words are read with. `hasChain` tells the user's chains of the table. */
export type RuleReading = PrintContext & { readonly resolve: Resolve; readonly hasChain: (name: string) => boolean };

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

/** How many words an option takes with its name. */
const WORDS: Readonly<Record<string, number>> = { f: 1, 4: 1, 6: 1, c: 3 };

/** What has been read so far: each part as it is printed, by its option's letter; addresses may be several. */
type Draft = {
  readonly reading: RuleReading;
  readonly parts: Map<string, string>;
  readonly addresses: { s: readonly string[]; d: readonly string[] };
  readonly extensions: UsedExtensions;
  protocol: string;
};

/** Begins a rule. */
export function createRuleParser(reading: RuleReading): RuleParser {
  const extensions = createUsedExtensions(reading);
  const draft: Draft = { reading, parts: new Map(), addresses: { s: [''], d: [''] }, extensions, protocol: '' };
  return {
    take: (words, at, negated) => {
      const word = words[at] ?? '';
      const given = { negated, protocol: draft.protocol };
      const letter = /^-[a-z46]$/.test(word) ? word.slice(1) : OPTIONS[word.replace(/^--/, '')];
      if (letter !== undefined && word.startsWith('-')) return takeOption(draft, letter, words, at, negated);
      const taken = extensions.take(words, at, { ...given, isExact: true });
      if (taken > 0) return taken;
      const completed = OPTIONS[completeName(word, Object.keys(OPTIONS))];
      if (completed !== undefined) return takeOption(draft, completed, words, at, negated);
      return extensions.take(words, at, { ...given, isExact: false });
    },
    finish: (chain, action) => {
      checkInterfaces(draft, chain);
      extensions.check({ chain, action, protocol: draft.protocol });
      return printRule(draft);
    },
  };
}

function takeOption(draft: Draft, letter: string, words: readonly string[], at: number, negated: boolean): number {
  if (!'psdiomjgfc46'.includes(letter)) return 0;
  const length = WORDS[letter] ?? 2;
  const value = words[at + length - 1];
  if (value === undefined) throw wrongUsage(`option "${words[at]}" requires an argument`);
  readOption(draft, letter, value, negated ? '! ' : '');
  return length;
}

function readOption(draft: Draft, letter: string, word: string, not: string): void {
  const { reading, extensions } = draft;
  switch (letter) {
    case 'p':
      draft.protocol = readProtocol(word);
      setOnce(draft, 'p', draft.protocol === '0' ? '' : `${not}-p ${draft.protocol}`);
      break;
    case 's':
    case 'd':
      setOnce(draft, letter, '');
      draft.addresses[letter] = word.split(',').map((one) => {
        const printed = printAddress(one, reading.family, reading.resolve);
        return printed === null ? '' : `${not}-${letter} ${printed}`;
      });
      break;
    case 'i':
    case 'o':
      if (word.length > 15) throw wrongUsage(`interface name \`${word}' must be shorter than IFNAMSIZ (15)`);
      setOnce(draft, letter, `${not}-${letter} ${word}`);
      break;
    case 'f':
      setOnce(draft, 'f', `${not}-f`);
      break;
    case 'm':
      extensions.addMatch(word);
      break;
    case 'j':
      if (!VERDICTS.includes(word) && !extensions.setTarget(word)) needChain(reading, word);
      setOnce(draft, 'j', `-j ${word}`);
      break;
    case 'g':
      needChain(reading, word);
      setOnce(draft, 'j', `-g ${word}`);
      break;
  }
}

function needChain({ hasChain }: RuleReading, name: string): void {
  if (!hasChain(name)) throw wrongUsage(`Chain '${name}' does not exist`);
}

function readProtocol(word: string): string {
  const number = parseProtocol(word);
  if (number === null) throw wrongUsage(`unknown protocol "${word}" specified`);
  return PROTOCOL_NAMES[number] ?? `${number}`;
}

function setOnce({ parts }: Draft, letter: string, text: string): void {
  if (parts.has(letter)) throw wrongUsage(`multiple -${letter} flags not allowed`);
  parts.set(letter, text);
}

function checkInterfaces({ parts }: Draft, chain: string): void {
  if (parts.has('i') && ['OUTPUT', 'POSTROUTING'].includes(chain)) throw wrongUsage(`Can't use -i with ${chain}\n`);
  if (parts.has('o') && ['INPUT', 'PREROUTING'].includes(chain)) throw wrongUsage(`Can't use -o with ${chain}\n`);
}

function printRule({ parts, addresses, extensions }: Draft): string[] {
  const { matches, target } = extensions.print();
  const behind = [...['i', 'o', 'p', 'f'].map((letter) => parts.get(letter)), ...matches, target ?? parts.get('j')];
  return addresses.s.flatMap((s) =>
    addresses.d.map((d) => [s, d, ...behind].filter((part) => part !== undefined && part !== '').join(' ')),
  );
}
