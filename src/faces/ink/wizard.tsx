// The Ink face: the page of a walk, drawn anew when the walk goes on, and what the user chose sent back to it.
import { useApp, useInput } from 'ink';
import { useEffect, useSyncExternalStore } from 'react';
import { stepNumber, stepTitles, walkPage } from '../../steps/walk-page.ts';
import type { Event } from '../../wizard/event.ts';
import type { Walk } from '../../wizard/state.ts';
import type { Store } from '../../wizard/store.ts';
import type { Glyphs } from '../../words/packet-way.ts';
import { PageView } from './page-view.tsx';
import { useNow } from './use-now.ts';

/** `interrupt`: what Ctrl-C does; `glyphs`: what drawings are made of. */
type WizardProps = { store: Store<Walk, Event>; interrupt: () => void; glyphs: Glyphs };

/** Shows a walk until it is finished, then clears its place and ends the Ink app: the last page may be longer than the screen. */
export const Wizard = ({ store, interrupt, glyphs }: WizardProps) => {
  const { exit } = useApp();
  const walk = useSyncExternalStore(store.subscribe, store.getState);
  const { name } = walk.phase;
  const now = useNow(name === 'awaiting-confirmation');
  const isFinished = name === 'finished';
  useEffect(() => {
    if (isFinished) exit();
  }, [isFinished, exit]);
  useInput((input, key) => {
    if (key.ctrl && input === 'c') interrupt();
  });
  if (isFinished) return null;
  const progress = { names: stepTitles, current: stepNumber(walk) };
  // A new phase starts at the top of its page.
  return <PageView key={name} page={walkPage(walk, now)} progress={progress} send={store.send} glyphs={glyphs} />;
};
