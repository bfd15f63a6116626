// A page on the terminal: progress, title, a body that scrolls when it must, choices, and the keys that work.
import { Box, Text, useAnimation, useInput, useStdout, useWindowSize } from 'ink';
import { useEffect, useRef, useState } from 'react';
import { findInBlocks } from '../../words/find-blocks.ts';
import { layOut } from '../../words/lay-out.ts';
import type { Glyphs } from '../../words/packet-way.ts';
import { type Block, type Page, type PageChoice, span, text } from '../../words/page.ts';
import { printable, withoutHostile } from '../../words/printable.ts';
import { ChoiceList } from './choice-list.tsx';
import { deedsOf, KEYS } from './keys.ts';
import { LineInput, type Typed } from './line-input.tsx';
import { LinesView, Toned } from './lines-view.tsx';
import { ProgressLine } from './progress-line.tsx';
import { type Search, searchAfter } from './search.ts';
import { refit, type Scroll, scroll, type Viewport } from './viewport.ts';

/** The smallest terminal in which every page can be read and answered. */
const SMALLEST = { columns: 40, rows: 16 };

/** Wider text is harder to read than a wrapped one. */
const WIDEST = 116;

const SPINNER = ['|', '/', '-', '\\'];

const TooSmall = ({ columns, rows }: { columns: number; rows: number }) => (
  <Text>
    {`This terminal has ${columns} columns and ${rows} rows; the wizard needs ${SMALLEST.columns} x ${SMALLEST.rows}. Make the window larger, or press Ctrl-C and add --plain to the command.`}
  </Text>
);

/** Moves while lo-doctor works; while it waits for the user nothing is written. */
const Busy = ({ isWorking, children }: { isWorking: boolean; children: string }) => {
  const { frame } = useAnimation({ interval: 250, isActive: isWorking });
  const sign = isWorking ? SPINNER[frame % SPINNER.length] : '*';
  return (
    <Text wrap="truncate">
      <Toned tone="accent">{`${sign} ${printable(children)}`}</Toned>
    </Text>
  );
};

const isEraser = (character: string): boolean => character === '\u007f' || character === '\b';

/** What stands on the page, or what of it holds a searched text, and then how the search goes on. */
const bodyOf = (page: Page<unknown>, search: Search | null): { blocks: readonly Block[]; hint: string | null } => {
  const whole = [...page.body, ...page.live];
  if (search === null) return { blocks: whole, hint: null };
  // Details that are unfolded stand in the body as well.
  const all = page.searched?.() ?? [...new Set([...whole, ...(page.details ?? [])])];
  const { found, count: hits } = findInBlocks(all, search.wanted);
  const keys = search.isTyping ? 'Enter keeps it, Esc ends it' : '/ changes it, Esc ends it';
  return {
    blocks: search.wanted === '' ? all : found,
    hint: `/${search.wanted}${search.isTyping ? '_' : ''}  ${search.wanted === '' ? '' : `${hits} found; `}${keys}`,
  };
};

const scrollOf = (
  input: string,
  key: { pageDown: boolean; pageUp: boolean; home: boolean; end: boolean },
): Scroll | null => {
  if (key.pageDown || input === ' ') return 'page-down';
  if (key.pageUp || input === 'b') return 'page-up';
  if (key.home) return 'top';
  return key.end ? 'bottom' : null;
};

const moreBelow = ({ top, height, total }: Viewport): string =>
  `-- lines ${top + 1}-${Math.min(total, top + height)} of ${total}: ${top + height < total ? 'Space shows more' : 'b goes back up'} --`;

/** The keys in one line, as many as fit: the first ones are needed most. */
const fitKeys = (keys: readonly string[], width: number): string => {
  const [first = '', ...rest] = keys;
  return rest.reduce((line, key) => (`${line}   ${key}`.length > width ? line : `${line}   ${key}`), first);
};

/** Lines that the choices take: a long one goes on below itself. */
const heightOf = (choices: readonly PageChoice<unknown>[], width: number): number =>
  layOut(
    choices.map(({ label }, index) => text(`${index + 1}. ${label}`)),
    width - 2,
  ).length;

/** What PageView needs: the page, how far the walk is, and where events go. */
export type PageViewProps<Event> = {
  page: Page<Event>;
  progress: { names: readonly string[]; current: number };
  send: (event: Event) => void;
  /** What drawings are made of; ASCII unless the terminal is known to show more. */
  glyphs?: Glyphs;
  /** What was typed into pages so far. */
  typed?: Typed;
  /** Set while a search is typed: no key means anything else then. */
  typing?: { current: boolean };
  /** Said below the body: the view is frozen. */
  note?: string;
};

/** The terminal's size at the moment of drawing, of which Ink may not have told yet. */
const useSize = (): { columns: number; rows: number } => {
  const told = useWindowSize();
  const { columns, rows } = useStdout().stdout as Partial<NodeJS.WriteStream>;
  return { columns: columns || told.columns, rows: rows || told.rows };
};

/** Shows a page and sends what the user chose. Give it the phase as `key`, so that a new page starts at its top. */
export const PageView = <Event,>({
  page,
  progress,
  send,
  glyphs = 'ascii',
  typed,
  typing,
  note,
}: PageViewProps<Event>) => {
  const { columns, rows } = useSize();
  const [view, setView] = useState<Viewport>({ top: 0, height: 1, total: 1 });

  const own = useRef<Typed>({ draft: null, sent: [] });

  const width = Math.min(columns, WIDEST) - 1;
  const title = layOut([text(span('strong', page.title))], width);
  const [search, setSearch] = useState<Search | null>(null);
  const { blocks, hint } = bodyOf(page, search);
  const lines = layOut(blocks, width, { glyphs });
  const isTyping = search?.isTyping === true;
  const choices = isTyping ? [] : page.choices;
  const chrome =
    3 +
    title.length +
    (page.busy === null ? 0 : 1) +
    (note === undefined ? 0 : 1) +
    (page.input === null ? 0 : 2) +
    (hint === null ? 0 : 1) +
    (choices.length > 0 ? heightOf(choices, width) + 1 : 0);
  const room = Math.max(3, rows - 2 - chrome);
  const height = lines.length <= room ? lines.length : room - 1;
  const shown = refit(view, height, lines.length, page.live.length > 0 && search === null);

  useInput((input, key) => {
    const pressed = {
      input: key.ctrl || key.meta ? '' : withoutHostile(input),
      isEscape: key.escape,
      isReturn: key.return,
      erases: Math.max(Number(key.backspace || key.delete), [...input].filter(isEraser).length),
    };
    const next = page.input === null ? searchAfter(search, pressed) : null;
    if (next !== search) {
      setSearch(next);
      if (typing) typing.current = next?.isTyping === true;
      return setView({ ...view, top: 0 });
    }
    if (isTyping) return;
    if (key.escape && page.back !== null) return send(page.back);
    const move = page.input === null ? scrollOf(input, key) : null;
    if (move !== null) setView(scroll(shown, move));
  });

  // A page that goes while a text is typed takes the search with it.
  useEffect(
    () => () => {
      if (typing) typing.current = false;
    },
    [typing],
  );

  if (columns < SMALLEST.columns || rows < SMALLEST.rows) return <TooSmall columns={columns} rows={rows} />;
  const offered = page.input === null ? deedsOf(page).filter((deed) => deed !== 'suspend') : [];
  const keys = [
    choices.length > 1 ? 'up/down choose' : '',
    choices.length > 0 || page.input !== null ? 'Enter confirm' : '',
    page.back === null ? '' : 'Esc back',
    'Ctrl-C quit',
    ...offered.map((deed) => `${KEYS[deed].name} ${KEYS[deed].short}`),
    page.input === null ? '/ search' : '',
  ].filter(Boolean);
  return (
    <Box flexDirection="column" width={width}>
      <ProgressLine {...progress} width={width} />
      <LinesView lines={title} />
      <Text> </Text>
      <LinesView lines={lines.slice(shown.top, shown.top + height)} />
      {height < lines.length && <Toned tone="dim">{moreBelow(shown)}</Toned>}
      {note !== undefined && <Toned tone="warn">{note}</Toned>}
      {hint !== null && <Toned tone="accent">{printable(hint)}</Toned>}
      {page.busy !== null && <Busy isWorking={page.choices.length === 0 && page.input === null}>{page.busy}</Busy>}
      {page.input !== null && (
        <LineInput
          prompt={page.input.prompt}
          draft={page.input.draft}
          typed={typed ?? own.current}
          onSubmit={(text) => page.input && send(page.input.toEvent(text))}
        />
      )}
      {choices.length > 0 && (
        <Box marginTop={1}>
          <ChoiceList choices={choices} initial={page.initial} onChoose={send} />
        </Box>
      )}
      <Toned tone="dim">{fitKeys(keys, width)}</Toned>
    </Box>
  );
};
