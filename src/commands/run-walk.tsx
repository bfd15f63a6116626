// Runs a walk to its end with the face that fits: Ink on a terminal, prompts and lines everywhere else.

import { clipboardSequence } from '../faces/ink/clipboard.ts';
import { type Screen, wipeOnShrink } from '../faces/ink/wipe-on-shrink.ts';
import type { Outside } from '../faces/ink/wizard.tsx';
import { playPlain, printPage } from '../faces/plain/play.ts';
import { HostError } from '../host/host.ts';
import { stepNumber, stepTitles, walkPage } from '../steps/walk-page.ts';
import { effectOf } from '../wizard/effects.ts';
import type { Event } from '../wizard/event.ts';
import { next, outcomeOf } from '../wizard/next.ts';
import { begin, type Case, type Outcome, type Story, type VerificationResult, type Walk } from '../wizard/state.ts';
import { createStore, type Effect, type Store } from '../wizard/store.ts';
import type { Work } from '../wizard/work.ts';
import { gap, span, text } from '../words/page.ts';
import { printable, printableOutput } from '../words/printable.ts';
import type { Io } from './io.ts';
import { printBlocks } from './print-blocks.ts';

/** `wizard`: Ink. `plain`: numbered prompts. `alone`: nobody answers, what is recommended is chosen. */
export type Face = 'wizard' | 'plain' | 'alone';

/** What a walk is run with. `onStore` hands out the way to end it from outside (signals). */
export type WalkParts = {
  work: Work;
  caseId: string;
  confirmWithin: number;
  story: Story | null;
  /** How this program was started. */
  program: string;
  face: Face;
  io: Io;
  onStore: (store: Store<Walk, Event>) => void;
  onDefect: (error: unknown) => void;
  /** What Ctrl-C does where it comes as a key: the same as the signal. */
  interrupt: () => void;
  /** What `q` does: leaves now, or as soon as the phase allows it. */
  leave: (store: Store<Walk, Event>) => void;
  /** Stops the process until its shell lets it go on. */
  suspend: () => Promise<void>;
  /** The terminal that the wizard is drawn on. */
  screen: Screen;
};

export type WalkEnd = { readonly outcome: Outcome; readonly verified: VerificationResult | null; readonly walk: Case };

const ended = (store: Store<Walk, Event>): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if (store.getState().phase.name === 'finished') resolve();
    };
    store.subscribe(look);
    look();
  });

/** An effect that begins when this is over, unless its phase is over by then. */
const afterwards = (effect: Effect<Walk, Event> | null, before: Promise<void>): Effect<Walk, Event> | null =>
  effect === null
    ? null
    : async (walk, tools) => {
        await before;
        if (!tools.signal.aborted) await effect(walk, tools);
      };

/** The last line of every ending: how things stand now. */
const lastLine = (title: string): string => `lo-doctor: ${title}.`;

/** The clipboard of the user's terminal, and a file: a practice server has no disk that anybody could read. */
const copyBy =
  ({ screen, work, story }: WalkParts): Outside['copy'] =>
  async (name, text) => {
    // What is copied is pasted: into a shell, too.
    const safe = printableOutput(text);
    const sequence = clipboardSequence(safe);
    if (sequence !== null) screen.write(sequence);
    const file = story === null ? await work.writeCopy(name, safe).catch(noFile) : null;
    return { clipboard: sequence !== null, file };
  };

/** A disk that is full is no reason to end a walk. */
const noFile = (error: unknown): null => {
  if (error instanceof HostError) return null;
  throw error;
};

const playInk = async (store: Store<Walk, Event>, parts: WalkParts, onShown: () => void) => {
  const { screen, io, work } = parts;
  const [{ render }, { Wizard }] = await Promise.all([import('ink'), import('../faces/ink/wizard.tsx')]);
  // `interactive` is said outright: Ink would take a CI variable for the lack of a terminal.
  const outside: Outside = {
    interrupt: parts.interrupt,
    leave: () => parts.leave(store),
    suspend: parts.suspend,
    copy: copyBy(parts),
    report: () => {
      const { case: walk } = store.getState();
      return work.tellReport(walk, outcomeOf(walk));
    },
  };
  const draw = () => <Wizard store={store} outside={outside} glyphs={io.unicode ? 'unicode' : 'ascii'} />;
  const app = render(draw(), {
    exitOnCtrlC: false,
    incrementalRendering: true,
    interactive: true,
    maxFps: 15,
    patchConsole: false,
  });
  const stopWiping = wipeOnShrink(screen, () => {
    app.clear();
    app.rerender(draw());
  });
  await app.waitUntilRenderFlush();
  onShown();
  await Promise.race([app.waitUntilExit(), ended(store).then(() => app.waitUntilRenderFlush())]);
  app.unmount();
  stopWiping();
  const { title, body } = walkPage(store.getState(), io.now());
  const told = [text(span('strong', title)), gap, ...body, gap, text(span('strong', lastLine(title)))];
  io.stdout(printBlocks(told, { ...io, columns: screen.columns }));
};

const playLines = async (store: Store<Walk, Event>, io: Io, isAlone: boolean) => {
  const prompt = io.openPrompt();
  const paper = { write: io.stdout, columns: io.columns, unicode: io.unicode, isSpoken: io.isSpoken };
  const page = () => {
    const walk = store.getState();
    const step = `${stepNumber(walk) + 1} ${stepTitles[stepNumber(walk)]}`;
    return { key: walk.phase.name, step, page: walkPage(walk, io.now()) };
  };
  await playPlain<Event>(
    {
      page: () => (store.getState().phase.name === 'finished' ? null : page()),
      subscribe: store.subscribe,
      send: store.send,
    },
    { ...paper, ask: prompt.ask },
    { answers: isAlone ? 'recommended' : 'asked', onEndOfInput: { name: 'quit-chosen' } },
  );
  prompt.close();
  printPage(page(), paper);
  io.stdout(`\n${printable(lastLine(page().page.title))}\n`);
};

/** Runs a walk to its end; resolves to how it ended, and what a retest of a fix has shown. */
export const runWalk = async (parts: WalkParts): Promise<WalkEnd> => {
  const { work, io, face } = parts;
  // The first page is on the screen before the server is looked at, which takes the processor for itself.
  const shown = Promise.withResolvers<void>();
  if (face !== 'wizard') shown.resolve();
  const store = createStore<Walk, Event>({
    initial: begin({ id: parts.caseId, startedAt: io.now(), ...parts }),
    next: (walk, event) => next(walk, event, io.now()),
    key: ({ phase }) => phase.name,
    effectOf: (walk) => afterwards(effectOf(work)(walk), shown.promise),
    onDefect: parts.onDefect,
  });
  parts.onStore(store);
  if (face === 'wizard') await playInk(store, parts, shown.resolve);
  else await playLines(store, io, face === 'alone');
  await ended(store);
  store.close();
  const { phase, case: walk } = store.getState();
  const outcome = phase.name === 'finished' ? phase.outcome : 'could-not-look';
  return { outcome, verified: walk.verification?.result ?? null, walk };
};
