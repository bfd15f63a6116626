// The kinds of options that the command line has. The table of commands (commands.ts) is made of them, whoever reads or explains it.
import { parseWhole } from './parse-whole.ts';

/** An option that a command takes: `--flag`, or `--flag <placeholder>`. */
export type Option<T> = {
  readonly means: string;
  /** How its value is called; null where it has none. */
  readonly placeholder: string | null;
  /** The words it can be, where they are few. */
  readonly words: readonly string[] | null;
  /** What it is where nobody says it; null where it has to be said. */
  readonly initial: { readonly value: T } | null;
  /** May follow its flag several times: `--service tcp/25 udp/53`. */
  readonly isList: boolean;
  /** Its flag takes something away: `--no-color`. */
  readonly isOff: boolean;
  /** What it is with one text more. Throws a BadValue. */
  add(text: string, before: T): T;
};

export type Options = Readonly<Record<string, Option<unknown>>>;

/** What reading gives for a table of options. */
export type ValuesOf<O extends Options> = { [K in keyof O]: O[K] extends Option<infer T> ? T : never };

/** A value that an option can't take; the message says which it takes. */
export class BadValue extends Error {
  override name = 'BadValue';
}

const plain = { placeholder: null, words: null, isList: false, isOff: false } as const;

/** On when it is said. */
export const onSwitch = (means: string): Option<boolean> => ({
  ...plain,
  means,
  initial: { value: false },
  add: () => true,
});

/** `--no-…`: off when it is said. */
export const offSwitch = (means: string): Option<boolean> => ({
  ...plain,
  means,
  isOff: true,
  initial: { value: true },
  add: () => false,
});

/** Any text; null where it is not said. */
export const textOption = (placeholder: string, means: string): Option<string | null> => ({
  ...plain,
  means,
  placeholder,
  initial: { value: null },
  add: (said) => said,
});

/** A text without which the command means nothing. */
export const neededText = (placeholder: string, means: string): Option<string> => ({
  ...plain,
  means,
  placeholder,
  initial: null,
  add: (said) => said,
});

/** A whole number from `least` to `most`; `initial` where it is not said. */
export const whole = <T extends number | null>(
  placeholder: string,
  means: string,
  [least, most, initial]: readonly [number, number, T],
): Option<number | T> => ({
  ...plain,
  means,
  placeholder,
  initial: { value: initial },
  add: (said) => {
    const number = parseWhole(said, least, most);
    if (Number.isNaN(number)) throw new BadValue(`It has to be a whole number from ${least} to ${most}.`);
    return number;
  },
});

/** One of a few words, the first where none is said. */
export const oneOf = <const W extends string>(
  placeholder: string,
  means: string,
  words: readonly [W, ...W[]],
): Option<W> => ({
  ...plain,
  means,
  placeholder,
  words,
  initial: { value: words[0] },
  add: (said) => {
    const word = words.find((known) => known === said);
    if (word === undefined) throw new BadValue(`Allowed choices are ${words.join(', ')}.`);
    return word;
  },
});

/** Said as often as there are things; `read` makes one of a text. */
export const many = <T>(
  placeholder: string,
  means: string,
  { read, isList = false }: { read: (said: string) => T; isList?: boolean },
): Option<readonly T[]> => ({
  ...plain,
  means,
  placeholder,
  isList,
  initial: { value: [] },
  add: (said, before) => [...before, read(said)],
});

/** `--dry-run` for `dryRun`. */
export const flagOf = (name: string, { isOff }: Pick<Option<unknown>, 'isOff'>): string =>
  `--${isOff ? 'no-' : ''}${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
