// The matches and the target that a rule uses, with their options as they will be printed.
import {
  findPracticeMatch,
  findPracticeTarget,
  type PracticeExtension,
  type PracticeOption,
  type PrintContext,
} from './extensions.ts';
import { notTaken, wrongUsage } from './iptables-error.ts';

/** An extension in use. `printed` holds its options by name; null: given, but not printed. */
type Used = {
  readonly name: string;
  readonly extension: PracticeExtension;
  readonly printed: Map<string, string | null>;
};

/** Where the rule goes, as far as the kernel looks at that; `action` is the kernel's name for the operation. */
type Place = { readonly chain: string; readonly action: string; readonly protocol: string };

export type UsedExtensions = {
  /** `-m NAME`. */
  addMatch(name: string): void;
  /** `-j NAME`; false where there is no such extension. */
  setTarget(name: string): boolean;
  /** Takes the option at `words[at]`; answers how many words that was, 0 when nothing in use knows it. */
  take(words: readonly string[], at: number, options: { negated: boolean; protocol: string; isExact: boolean }): number;
  /** Checks what can only be known at the end of the line. */
  check(place: Place): void;
  /** `-m tcp --dport 25`, … and `-j LOG --log-prefix "x"`; the target is null where it is no extension. */
  print(): { readonly matches: readonly string[]; readonly target: string | null };
};

export function createUsedExtensions(reading: PrintContext): UsedExtensions {
  const matches: Used[] = [];
  let target: Used | null = null;
  const use = (name: string, extension: PracticeExtension): Used => ({ name, extension, printed: new Map() });

  /** A protocol brings its match along when one of its options is used. */
  const addImplied = (protocol: string, word: string, isExact: boolean): Used | null => {
    const name = protocol === 'ipv6-icmp' ? 'icmp6' : protocol;
    const extension = findPracticeMatch(name, reading.family);
    const isKnown = extension !== null && findOption(extension, word, isExact) !== null;
    if (!isKnown || matches.some((one) => one.name === name)) return null;
    const used = use(name, extension);
    matches.push(used);
    return used;
  };

  return {
    addMatch(name) {
      const extension = findPracticeMatch(name, reading.family);
      if (extension === null) throw wrongUsage(`Couldn't load match \`${name}':No such file or directory\n`);
      matches.push(use(name, extension));
    },
    setTarget(name) {
      const extension = findPracticeTarget(name, reading.family);
      if (extension !== null) target = use(name, extension);
      return extension !== null;
    },
    take(words, at, { negated, protocol, isExact }) {
      const word = words[at] ?? '';
      const inUse = [target, ...matches].filter((one) => one !== null);
      const owner =
        inUse.find(({ extension }) => findOption(extension, word, isExact) !== null) ??
        addImplied(protocol, word, isExact);
      const found = owner && findOption(owner.extension, word, isExact);
      if (!owner || !found) return 0;
      const values = words.slice(at + 1, at + 1 + found.option.arity);
      if (values.length < found.option.arity) throw wrongUsage(`option "${word}" requires an argument`);
      const printed = found.option.print(values, reading);
      const as = found.option.as ?? found.name;
      const line = `${negated ? '! ' : ''}--${as} ${printed}`.trimEnd();
      owner.printed.set(as, printed === null ? null : line);
      return 1 + found.option.arity;
    },
    check(place) {
      for (const used of target ? [...matches, target] : matches) checkUsed(used, place);
    },
    print: () => ({ matches: matches.map((one) => printUsed('-m', one)), target: target && printUsed('-j', target) }),
  };
}

function findOption(
  extension: PracticeExtension,
  word: string,
  isExact: boolean,
): { name: string; option: PracticeOption } | null {
  const name = isExact ? word.slice(2) : completeName(word, Object.keys(extension.options));
  const option = extension.options[name];
  return option === undefined ? null : { name, option };
}

/** getopt takes any beginning of a long option that is the beginning of no other. */
export function completeName(word: string, names: readonly string[]): string {
  const fitting = word.startsWith('--') ? names.filter((one) => one.startsWith(word.slice(2))) : [];
  return fitting.length === 1 ? (fitting[0] ?? '') : '';
}

/** First what the tool finds missing, then what the kernel refuses. */
function checkUsed({ name, extension, printed }: Used, { chain, action, protocol }: Place): void {
  if (extension.needs !== undefined && printed.size === 0) throw wrongUsage(extension.needs);
  if (name === 'multiport' && !['tcp', 'udp', 'udplite', 'sctp', 'dccp'].includes(protocol)) {
    throw wrongUsage("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'");
  }
  const isReset = printed.get('reject-with')?.endsWith('tcp-reset') === true && protocol !== 'tcp';
  const isOwnerless = name === 'owner' && ['INPUT', 'PREROUTING', 'FORWARD'].includes(chain);
  if (isReset || isOwnerless) throw notTaken(`RULE_${action} failed (Invalid argument): rule in chain ${chain}`);
}

/** The options in their printed order; those left at their default as the tool prints defaults. */
function printUsed(dash: '-m' | '-j', { name, extension, printed }: Used): string {
  const [option, value] = extension.defaults ?? [];
  const defaults = option === undefined ? [] : [[option, `--${option} ${value}`] as const];
  const all = new Map<string, string | null>([...defaults, ...printed]);
  const options = Object.keys(extension.options).map((key) => all.get(key));
  return [`${dash} ${name}`, ...options.filter((one) => one !== undefined && one !== null)].join(' ');
}
