// The picture at the top of the README is the wizard as it is today: walked on the practice server, drawn by Ink.
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { render } from 'ink';
import { createElement } from 'react';
import { afterEach, expect, test, vi } from 'vitest';
import { storyOf } from '../../src/commands/practice.ts';
import { type Outside, Wizard } from '../../src/faces/ink/wizard.tsx';
import { practiceHost } from '../../src/host/practice/practice-host.ts';
import { walkPage } from '../../src/steps/walk-page.ts';
import { effectOf } from '../../src/wizard/effects.ts';
import type { Event } from '../../src/wizard/event.ts';
import { next } from '../../src/wizard/next.ts';
import { begin, type PhaseName, type Walk } from '../../src/wizard/state.ts';
import { createStore, type Store } from '../../src/wizard/store.ts';
import { serverWork } from '../../src/work/server-work.ts';
import { screenToSvg } from './screen-to-svg.ts';

const SIZE = { columns: 100, rows: 40 };
const NOW = new Date(2026, 10, 22, 3, 0, 0);

/** Time passes only here: so each line that is logged has the same time, port and number each time. */
const passTime = async (until: () => boolean): Promise<void> => {
  for (let steps = 0; !until() && steps < 3000; steps += 1) {
    await vi.advanceTimersByTimeAsync(20);
    await new Promise((resolve) => setImmediate(resolve));
  }
};

/** Walks as somebody who takes what is recommended, until that phase. */
const walkTo = async (phase: PhaseName): Promise<Store<Walk, Event>> => {
  const caseId = 'a1';
  const host = practiceHost('mail', { now: () => new Date() });
  const store = createStore<Walk, Event>({
    initial: begin({ id: caseId, startedAt: NOW, confirmWithin: 60, story: storyOf('mail') }),
    next: (walk, event) => next(walk, event, NOW),
    key: ({ phase: { name } }) => name,
    effectOf: effectOf(serverWork({ host, caseId, now: () => new Date() })),
    onDefect: (error) => {
      throw error;
    },
  });
  const isThere = () => store.getState().phase.name === phase;
  for (let pages = 0; !isThere() && pages < 10; pages += 1) {
    const choiceOf = () => walkPage(store.getState(), NOW).choices.find(({ recommended }) => recommended);
    await passTime(() => isThere() || choiceOf() !== undefined);
    const choice = choiceOf();
    if (!isThere() && choice !== undefined) store.send(choice.event);
  }
  return store;
};

/** No key is pressed while it is drawn. */
const pressed = (): never => {
  throw new Error('no key was pressed');
};
const NOTHING: Outside = { interrupt: pressed, leave: pressed, copy: pressed, report: pressed, suspend: pressed };

class Screen extends EventEmitter {
  readonly isTTY = true;
  readonly columns = SIZE.columns;
  readonly rows = SIZE.rows;
  written = '';
  write(text: string): boolean {
    if (text.includes('\n')) this.written = text;
    return true;
  }
}

/** Ink's own colours, whatever this process runs in. */
const withColors = async <T,>(draw: () => Promise<T>): Promise<T> => {
  const path = createRequire(import.meta.resolve('ink')).resolve('chalk');
  const { default: chalk } = await import(pathToFileURL(path).href);
  const before = chalk.level;
  chalk.level = 1;
  try {
    return await draw();
  } finally {
    chalk.level = before;
  }
};

afterEach(() => {
  vi.useRealTimers();
});

test('docs/wizard.svg is what the wizard shows when it has read the log', async () => {
  vi.useFakeTimers({
    now: NOW,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
  const store = await walkTo('log-read');
  expect(store.getState().phase.name).toBe('log-read');
  const svg = await withColors(async () => {
    const screen = new Screen();
    const stdout = screen as unknown as NodeJS.WriteStream;
    const stdin = Object.assign(new EventEmitter(), {
      isTTY: true,
      setRawMode() {},
      setEncoding() {},
      ref() {},
      unref() {},
      read: () => null,
      resume() {},
      pause() {},
    });
    const app = render(createElement(Wizard, { store, outside: NOTHING, glyphs: 'unicode' }), {
      stdout,
      stdin: stdin as unknown as NodeJS.ReadStream,
      interactive: true,
      patchConsole: false,
      exitOnCtrlC: false,
      debug: true,
    });
    await vi.advanceTimersByTimeAsync(1000);
    await passTime(() => screen.written.includes('Show how to fix it'));
    const { written } = screen;
    app.unmount();
    store.close();
    vi.useRealTimers();
    return screenToSvg(
      written,
      SIZE.columns,
      'The wizard has read the log: the raw line with OUT=lo, SRC, DST and DPT marked, and the rule that dropped the packet',
    );
  });
  expect(svg).toContain('>OUT=lo<');
  await expect(svg).toMatchFileSnapshot(join(import.meta.dirname, '../../docs/wizard.svg'));
});
