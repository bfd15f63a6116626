// The walk as prompts and lines: for dumb terminals, screen readers, pipes, and for a play without a user.

import { findInBlocks } from '../../words/find-blocks.ts';
import { inWords } from '../../words/in-words.ts';
import { layOut, lineText } from '../../words/lay-out.ts';
import type { Block, Page } from '../../words/page.ts';

/** Where the plain face reads and writes. */
export type PlainIo = {
  write: (text: string) => void;
  /** The next line of the user's; null at the end of input, or when the signal takes the question back. */
  ask: (prompt: string, signal: AbortSignal) => Promise<string | null>;
  columns: number;
  /** Drawings may be made of more than ASCII. */
  unicode?: boolean;
  /** Somebody listens: nothing is drawn, all is said. */
  isSpoken?: boolean;
};

/** The page of a moment: the step it belongs to, and a key that tells it from the next page. */
type PageNow<Event> = { key: string; step: string; page: Page<Event> };

/** What the plain face plays: pages that follow each other until there is none. */
export type Play<Event> = {
  page: () => PageNow<Event> | null;
  subscribe: (listener: () => void) => () => void;
  send: (event: Event) => void;
};

/** Who answers: a user, or nobody, and then what is recommended is chosen. */
export type Answers = 'asked' | 'recommended';

type Paper = Pick<PlainIo, 'write' | 'columns' | 'unicode' | 'isSpoken'>;

const print = ({ write, columns, unicode, isSpoken }: Paper, blocks: readonly Block[]) => {
  const told = isSpoken ? inWords(blocks) : blocks;
  const lines = layOut(told, columns, { code: 'whole', glyphs: unicode ? 'unicode' : 'ascii' });
  for (const line of lines) write(`${lineText(line)}\n`);
};

/** Prints a page's title and body. */
export const printPage = ({ step, page }: Omit<PageNow<unknown>, 'key'>, paper: Paper) => {
  paper.write(paper.isSpoken ? `\nStep ${step}: ${page.title}\n` : `\n== ${step}: ${page.title}\n`);
  print(paper, [...page.body, ...(page.details ?? [])]);
};

/** Prints a page once, and then only what its live part gains. */
const createPrinter = (io: PlainIo) => {
  let printed = { key: '', live: 0, busy: '' };
  return (now: PageNow<unknown>) => {
    const { key, page } = now;
    if (key !== printed.key) {
      printPage(now, io);
      printed = { key, live: 0, busy: '' };
    }
    print(io, page.live.slice(printed.live));
    printed.live = page.live.length;
    // A countdown in the busy line is told once: a reader wants no line a second.
    const busy = page.busy?.replace(/\d+/g, '#') ?? '';
    if (busy !== '' && busy !== printed.busy) io.write(`${io.isSpoken ? 'Working:' : '...'} ${page.busy}\n`);
    printed.busy = busy;
  };
};

/** What the user answered: an event, `null` at the end of input, `unclear` when the question has to be asked again. */
type Answer<Event> = { event: Event | null } | 'unclear';

const choose = async <Event>(page: Page<Event>, io: PlainIo, signal: AbortSignal): Promise<Answer<Event>> => {
  page.choices.forEach(({ label }, index) => {
    io.write(
      `  ${index + 1}. ${label}${index === page.initial ? (io.isSpoken ? ' (Enter takes this)' : '  [Enter]') : ''}\n`,
    );
  });
  if (page.back !== null) io.write('  b. back\n');
  if (page.why !== undefined) io.write('  w. why: the words of this page explained\n');
  const answer = (await io.ask('Your choice: ', signal))?.trim();
  if (answer === undefined) return { event: null };
  if (answer === 'b' && page.back !== null) return { event: page.back };
  if (answer === 'w' && page.why !== undefined) {
    print(io, page.why);
    return 'unclear';
  }
  if (answer.startsWith('/')) {
    const { found, count } = findInBlocks(
      page.searched?.() ?? [...page.body, ...(page.details ?? []), ...page.live],
      answer.slice(1),
    );
    print(io, found);
    io.write(`${count} found.\n`);
    return 'unclear';
  }
  const chosen = page.choices[answer === '' && page.initial !== null ? page.initial : Number(answer) - 1];
  if (chosen) return { event: chosen.event };
  io.write(`Please answer with a number from 1 to ${page.choices.length}.\n`);
  return 'unclear';
};

const fillIn = async <Event>(page: Page<Event>, io: PlainIo, signal: AbortSignal): Promise<Answer<Event>> => {
  if (page.input === null) return choose(page, io, signal);
  const answer = await io.ask(`${page.input.prompt} `, signal);
  if (answer === null) return { event: null };
  return { event: answer.trim() === '' && page.back !== null ? page.back : page.input.toEvent(answer) };
};

const recommend = <Event>(page: Page<Event>, io: PlainIo): Answer<Event> => {
  const chosen =
    page.choices.find(({ recommended }) => recommended) ??
    page.choices.find((_, place) => place === (page.initial === null ? 0 : page.initial));
  if (!chosen) throw new Error(`The page "${page.title}" asks for text: a play without a user can't answer it.`);
  io.write(`${io.isSpoken ? 'Chosen:' : '  ->'} ${chosen.label}\n`);
  return { event: chosen.event };
};

/** Calls `onChange` with each change of the page, and resolves when another page has taken its place. */
const pageLeft = <Event>(play: Play<Event>, key: string, onChange: (now: PageNow<Event>) => void): Promise<'left'> =>
  new Promise((resolve) => {
    const leave = play.subscribe(() => {
      const now = play.page();
      if (now?.key === key) return onChange(now);
      leave();
      resolve('left');
    });
  });

/**
 * Plays the walk to its end in lines. With `asked`, choices are numbered prompts, and the end of input sends
 * `onEndOfInput`. With `recommended`, what each page recommends is chosen,
 * and a page that comes back ends the walk in the same way.
 */
export const playPlain = async <Event>(
  play: Play<Event>,
  io: PlainIo,
  { answers, onEndOfInput }: { answers: Answers; onEndOfInput: Event },
): Promise<void> => {
  const show = createPrinter(io);
  const seen = new Set<string>();
  for (let now = play.page(); now !== null; now = play.page()) {
    const { page, key } = now;
    show(now);
    const left = pageLeft(play, key, show);
    if (page.choices.length === 0 && page.input === null) {
      await left;
      continue;
    }
    // Nobody is there who could do it differently the second time.
    if (answers === 'recommended' && seen.has(key)) {
      play.send(onEndOfInput);
      continue;
    }
    seen.add(key);
    const question = new AbortController();
    const asked = answers === 'recommended' ? recommend(page, io) : fillIn(page, io, question.signal);
    const answer = await Promise.race([left, asked]);
    question.abort();
    if (answer === 'left' || answer === 'unclear') continue;
    play.send(answer.event ?? onEndOfInput);
  }
};
