// The Ink face: the page of a walk, drawn anew when the walk goes on, and what the user chose sent back to it.
import { useApp, useInput } from 'ink';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { count } from '../../naming/numbers.ts';
import { explainStep } from '../../steps/explain-step.ts';
import { stepNumber, stepTitles, walkPage } from '../../steps/walk-page.ts';
import type { Event } from '../../wizard/event.ts';
import { type Case, stepOf, type Walk } from '../../wizard/state.ts';
import type { Store } from '../../wizard/store.ts';
import type { Glyphs } from '../../words/packet-way.ts';
import { gap, type Page } from '../../words/page.ts';
import { calmly } from './calmly.ts';
import { deedOf, type KeyDeed } from './keys.ts';
import type { Typed } from './line-input.tsx';
import { PageView } from './page-view.tsx';
import { type Copied, commandsSheet, copiedSheet, helpSheet, type SheetEvent, whySheet } from './sheet.ts';
import { useNow } from './use-now.ts';

/** What keys ask for outside of the walk's pages. */
export type Outside = {
  /** What Ctrl-C does. */
  interrupt: () => void;
  /** What `q` does: leaves in an orderly way. */
  leave: () => void;
  /** Copies a text to the clipboard and into a file of this name. */
  copy: (name: string, text: string) => Promise<Copied>;
  /** The report so far. */
  report: () => string;
  /** Gives the terminal back to the shell until it is asked for again. */
  suspend: () => Promise<void>;
};

/** `glyphs`: what drawings are made of. */
type WizardProps = { store: Store<Walk, Event>; outside: Outside; glyphs: Glyphs };

/** A sheet or a frozen page belongs to the phase that it was made in, and goes with it. */
type Over = {
  phase: string;
  unfolded: boolean;
  sheet: Page<SheetEvent> | null;
  frozen: { page: Page<Event>; entries: number } | null;
};

const tellFrozen = (before: number, { entries }: Case): string =>
  `Frozen at ${count(before, 'entry', 'entries')}; counted so far: ${entries.length}. p lets it go on.`;

/** Shows a walk until it is finished, then clears its place and ends the Ink app: the last page may be longer than the screen. */
export const Wizard = ({ store, outside, glyphs }: WizardProps) => {
  const { exit, suspendTerminal } = useApp();
  const subscribe = useMemo(() => calmly(store.subscribe, () => store.getState().phase.name), [store]);
  const walk = useSyncExternalStore(subscribe, store.getState);
  const { name } = walk.phase;
  const now = useNow(name === 'awaiting-confirmation');
  const typing = useRef(false);
  const typed = useRef<Typed>({ draft: null, sent: [] });
  const [over, setOver] = useState<Over>({ phase: name, unfolded: false, sheet: null, frozen: null });
  const { sheet, frozen, unfolded } = over.phase === name ? over : { sheet: null, frozen: null, unfolded: false };
  const isFinished = name === 'finished';
  useEffect(() => {
    if (isFinished) exit();
  }, [isFinished, exit]);

  const page = walkPage(walk, now);
  const put = (parts: Partial<Over>) => setOver({ sheet, frozen, unfolded, ...parts, phase: name });
  const copy = async () => {
    const [what, file, text] =
      page.evidence === undefined
        ? ['the report so far', 'report-so-far.md', outside.report()]
        : ['the marked log line', 'log-line.txt', page.evidence];
    put({ sheet: copiedSheet(page, what, await outside.copy(file, text)) });
  };
  const deeds: Record<KeyDeed, () => unknown> = {
    help: () =>
      put({
        sheet: helpSheet(
          page,
          `step ${stepNumber(walk) + 1}, ${stepTitles[stepNumber(walk)]}`,
          explainStep(stepOf(name)),
        ),
      }),
    why: () => put({ sheet: whySheet(page) }),
    details: () => put({ sheet: null, unfolded: !unfolded }),
    commands: async () => {
      const text = `${(page.commands ?? []).join('\n')}\n`;
      put({ sheet: commandsSheet(page, await outside.copy('commands.txt', text)) });
    },
    copy,
    freeze: () => put({ sheet: null, frozen: frozen === null ? { page, entries: walk.case.entries.length } : null }),
    leave: outside.leave,
    suspend: () => suspendTerminal(outside.suspend),
  };
  useInput((input, key) => {
    if (key.ctrl && input === 'c') return outside.interrupt();
    if (typing.current && !key.ctrl) return;
    const deed = deedOf(page, input, key.ctrl);
    if (deed !== null) deeds[deed]();
  });
  if (isFinished) return null;
  const progress = { names: stepTitles, current: stepNumber(walk) };
  if (sheet !== null) {
    const choose = (event: SheetEvent) => {
      put({ sheet: null });
      if (event !== 'close') deeds[event]();
    };
    return <PageView key={sheet.title} page={{ ...sheet, busy: page.busy }} progress={progress} send={choose} />;
  }
  const shown = frozen === null ? page : { ...page, body: frozen.page.body, live: frozen.page.live };
  // A new phase starts at the top of its page.
  return (
    <PageView
      key={name}
      page={unfolded ? { ...shown, body: [...shown.body, gap, ...(shown.details ?? [])] } : shown}
      progress={progress}
      send={store.send}
      glyphs={glyphs}
      typed={typed.current}
      typing={typing}
      {...(frozen === null ? {} : { note: tellFrozen(frozen.entries, walk.case) })}
    />
  );
};
