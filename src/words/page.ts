// A page: what one moment of the walk says and asks, as data. Every face (Ink, plain, report) shows the same pages.

/** How a piece of text is meant; a face turns it into colour, weight or a sign. */
export type Tone = 'plain' | 'dim' | 'strong' | 'good' | 'bad' | 'warn' | 'accent' | 'mark';

/** A run of text with one tone. Text from outside needs no escaping here: the layout escapes every span. */
export type Span = { text: string; tone: Tone };

/** Running text: a string is plain. */
export type Rich = string | readonly (string | Span)[];

/** The text alone, without its tones. */
export const plainText = (rich: Rich): string =>
  typeof rich === 'string' ? rich : rich.map((part) => (typeof part === 'string' ? part : part.text)).join('');

/** One piece of a page's body. */
export type Block =
  | { kind: 'text'; text: Rich }
  | { kind: 'list'; items: readonly Rich[] }
  /** Two columns: what it is, and its value. */
  | { kind: 'facts'; rows: readonly (readonly [label: string, value: Rich])[] }
  /** Verbatim lines (commands, log lines): wrapped hard, with marked spans underlined by carets. */
  | { kind: 'code'; lines: readonly Rich[] }
  /** Rules with a sign in the gutter (`>` final rule, `+` added, `x` stopped here) and their number. */
  | { kind: 'rules'; rows: readonly RuleRow[] }
  /** A packet's way through the server's stations; at one of them it was stopped, `stop` says by what. */
  | { kind: 'way'; stations: readonly WayStation[]; stop: string }
  | { kind: 'gap' };

/** A place on a packet's way. */
export type WayStation = { name: string; state: 'passed' | 'stopped' | 'not-reached' };

/** A line of a rule listing. Rows that are folded are counted in place of being shown; a search goes through them too. */
export type RuleRow = {
  sign: ' ' | '>' | '+' | '-' | 'x';
  number: string;
  text: Rich;
  note?: string;
  isFolded?: boolean;
};

/** A choice of the user's: what it does, and the event it sends. */
export type PageChoice<Event> = {
  label: string;
  event: Event;
  /** What the walk advises; a play without a user takes it. */
  recommended?: boolean;
};

/** A line of text that a page asks for. */
export type Input<Event> = { prompt: string; draft: string; toEvent: (text: string) => Event };

/** A page. `initial` is the choice that Enter takes unless another is picked; null where a choice has to be made on purpose. */
export type Page<Event> = {
  title: string;
  body: readonly Block[];
  /** What comes in while the page stands (log entries, output): it only grows. */
  live: readonly Block[];
  /** Something is going on: the face shows that it is alive. */
  busy: string | null;
  choices: readonly PageChoice<Event>[];
  initial: number | null;
  input: Input<Event> | null;
  /** The event of Esc, when there is a way back. */
  back: Event | null;
  /** What can be unfolded below the body: it is not needed to answer. */
  details?: readonly Block[];
  /** What the page speaks of as lines for a root shell, whole; none where it speaks of no command. */
  commands?: readonly string[];
  /** The log line that the page has marked. */
  evidence?: string;
  /** The words of the page explained, to be unfolded. */
  why?: readonly Block[];
  /** All that a search goes through, where that is more than what is shown. */
  searched?: () => readonly Block[];
};

/** A span with a tone. */
export const span = (tone: Tone, text: string): Span => ({ tone, text });

/** A paragraph. */
export const text = (...parts: readonly (string | Span)[]): Block => ({ kind: 'text', text: parts });

/** Parts with an empty line between each two. */
export const withGaps = (parts: readonly (readonly Block[])[]): Block[] =>
  parts.filter((part) => part.length > 0).flatMap((part, index) => (index === 0 ? [...part] : [gap, ...part]));

/** An empty line. */
export const gap: Block = { kind: 'gap' };
