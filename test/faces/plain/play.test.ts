import { expect, test } from 'vitest';
import { type Play, playPlain } from '../../../src/faces/plain/play.ts';
import { type Page, text } from '../../../src/words/page.ts';

type Event = 'go' | 'stay' | 'back' | 'end-of-input' | { said: string };

const EMPTY: Page<Event> = {
  title: '',
  body: [],
  live: [],
  busy: null,
  choices: [],
  initial: 0,
  input: null,
  back: null,
};

const ASKING: Page<Event> = {
  ...EMPTY,
  title: 'Go?',
  body: [text('It is \u001b[31mred\u001b[0m.')],
  choices: [
    { label: 'Stay', event: 'stay' },
    { label: 'Go', event: 'go', recommended: true },
  ],
  back: 'back',
};

/** Plays one page until an event ends it; `typed` are the lines at standard input. */
const playOnce = async (page: Page<Event>, typed: readonly string[], answers: 'asked' | 'recommended' = 'asked') => {
  let isOver = false;
  let wake = () => {};
  const sent: Event[] = [];
  const play: Play<Event> = {
    page: () => (isOver ? null : { key: page.title, step: '1 Inspect', page }),
    subscribe: (listener) => {
      wake = listener;
      return () => {};
    },
    send: (event) => {
      sent.push(event);
      isOver = true;
      wake();
    },
  };
  const lines = [...typed];
  let output = '';
  const io = {
    write: (piece: string) => {
      output += piece;
    },
    ask: async () => lines.shift() ?? null,
    columns: 80,
  };
  await playPlain(play, io, { answers, onEndOfInput: 'end-of-input' });
  return { sent, output };
};

test('a page is printed with its choices numbered, hostile text escaped, and Enter marked', async () => {
  const { output } = await playOnce(ASKING, ['']);
  expect(output).toBe('\n== 1 Inspect: Go?\nIt is \\x1b[31mred\\x1b[0m.\n  1. Stay  [Enter]\n  2. Go\n  b. back\n');
});

test.each<[string, Event]>([
  ['', 'stay'],
  ['2', 'go'],
  ['b', 'back'],
])('the answer "%s" is taken', async (line, event) => {
  expect((await playOnce(ASKING, [line])).sent).toEqual([event]);
});

test('an answer that is none is asked for again', async () => {
  const { sent, output } = await playOnce(ASKING, ['7', 'yes', '2']);
  expect(sent).toEqual(['go']);
  expect(output.match(/Please answer with a number from 1 to 2/g)).toHaveLength(2);
});

test('the end of input leaves the walk', async () => {
  expect((await playOnce(ASKING, [])).sent).toEqual(['end-of-input']);
});

test('without a user what is recommended is chosen, not what Enter would take', async () => {
  const { sent, output } = await playOnce(ASKING, [], 'recommended');
  expect(sent).toEqual(['go']);
  expect(output).toContain('-> Go');
});

test('a page that asks for text takes the line, and an empty one as going back', async () => {
  const page: Page<Event> = {
    ...EMPTY,
    title: 'Which?',
    input: { prompt: 'Command:', draft: '', toEvent: (said) => ({ said }) },
    back: 'back',
  };
  expect((await playOnce(page, ['wp plugin update'])).sent).toEqual([{ said: 'wp plugin update' }]);
  expect((await playOnce(page, [''])).sent).toEqual(['back']);
});

test('a page that changes prints only what its live part gained, and ends the open question when it is left', async () => {
  let page: Page<Event> | null = { ...ASKING, live: [text('one')] };
  const listeners = new Set<() => void>();
  let output = '';
  const play: Play<Event> = {
    page: () => (page === null ? null : { key: 'live', step: '2 Reproduce', page }),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    send: () => {},
  };
  const show = (next: Page<Event> | null) => {
    page = next;
    for (const listener of [...listeners]) listener();
  };
  let isTakenBack = false;
  const ask = (_: string, signal: AbortSignal) =>
    new Promise<null>((resolve) => {
      signal.addEventListener('abort', () => {
        isTakenBack = true;
        resolve(null);
      });
    });
  const io = {
    write: (piece: string) => {
      output += piece;
    },
    ask,
    columns: 80,
  };
  const done = playPlain(play, io, { answers: 'asked', onEndOfInput: 'end-of-input' });
  show({ ...ASKING, live: [text('one'), text('two')] });
  show(null);
  await done;
  expect(isTakenBack).toBe(true);
  expect(output.match(/^(one|two)$/gm)).toEqual(['one', 'two']);
});

test('without a user a page that comes back ends the walk', async () => {
  const sent: Event[] = [];
  const play: Play<Event> = {
    page: () => (sent.includes('end-of-input') ? null : { key: 'asking', step: '1 Inspect', page: ASKING }),
    subscribe: () => () => {},
    send: (event) => void sent.push(event),
  };
  const io = { write: () => {}, ask: async () => null, columns: 80 };
  await playPlain(play, io, { answers: 'recommended', onEndOfInput: 'end-of-input' });
  expect(sent).toEqual(['go', 'end-of-input']);
});
