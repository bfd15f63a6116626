// The wizard: the step that the walk is in, drawn anew when its state changes.
import { useApp, useInput } from 'ink';
import { useEffect, useSyncExternalStore } from 'react';
import type { Event } from '../wizard/event.ts';
import { stepOf, type Walk } from '../wizard/state.ts';
import type { Store } from '../wizard/store.ts';
import { Inspect } from './1-inspect.tsx';
import { Reproduce } from './2-reproduce.tsx';
import { ReadLog } from './3-read-log.tsx';
import { Fix } from './4-fix.tsx';
import { Verify } from './5-verify.tsx';

const SCREENS = { inspect: Inspect, reproduce: Reproduce, 'read-log': ReadLog, fix: Fix, verify: Verify } as const;

/** Shows a walk until it is finished, then clears its place and ends the Ink app: the last page may be longer than the screen. `interrupt`: what Ctrl-C does. */
export const Wizard = ({ store, interrupt }: { store: Store<Walk, Event>; interrupt: () => void }) => {
  const { exit } = useApp();
  const walk = useSyncExternalStore(store.subscribe, store.getState);
  const isFinished = walk.phase.name === 'finished';
  useEffect(() => {
    if (isFinished) exit();
  }, [isFinished, exit]);
  useInput((input, key) => {
    if (key.ctrl && input === 'c') interrupt();
  });
  if (isFinished) return null;
  const Screen = SCREENS[stepOf(walk.phase.name)];
  return <Screen walk={walk} send={store.send} />;
};
