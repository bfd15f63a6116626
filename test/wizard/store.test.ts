import { expect, test, vi } from 'vitest';
import { createStore } from '../../src/wizard/store.ts';

type Phase = { name: 'waiting' } | { name: 'working'; seen: number } | { name: 'done' };
type Event = 'started' | 'seen' | 'finished';

const next = (phase: Phase, event: Event): Phase => {
  if (event === 'started') return { name: 'working', seen: 0 };
  if (event === 'seen' && phase.name === 'working') return { name: 'working', seen: phase.seen + 1 };
  return event === 'finished' ? { name: 'done' } : phase;
};

const storeWith = (
  effect: (tools: { send: (event: Event) => void; signal: AbortSignal }) => Promise<void>,
  onDefect = vi.fn(),
) =>
  createStore<Phase, Event>({
    initial: { name: 'waiting' },
    next,
    key: ({ name }) => name,
    effectOf: ({ name }) => (name === 'working' ? (_, tools) => effect(tools) : null),
    onDefect,
  });

test('an effect begins once on entering its phase, not on each event within it', () => {
  const effect = vi.fn(async () => {});
  const store = storeWith(effect);
  expect(effect).not.toHaveBeenCalled();
  store.send('started');
  store.send('seen');
  store.send('seen');
  expect(effect).toHaveBeenCalledOnce();
  expect(store.getState()).toEqual({ name: 'working', seen: 2 });
});

test('leaving a phase aborts its effect, and what the effect tells later is ignored', () => {
  let late = () => {};
  let aborted = () => false;
  const store = storeWith(async ({ send, signal }) => {
    late = () => send('started');
    aborted = () => signal.aborted;
  });
  store.send('started');
  store.send('finished');
  expect(aborted()).toBe(true);
  late();
  expect(store.getState()).toEqual({ name: 'done' });
});

test('listeners hear of changes, and only of changes', () => {
  const store = storeWith(async () => {});
  const listener = vi.fn();
  const leave = store.subscribe(listener);
  store.send('seen');
  expect(listener).not.toHaveBeenCalled();
  store.send('started');
  expect(listener).toHaveBeenCalledOnce();
  leave();
  store.send('finished');
  expect(listener).toHaveBeenCalledOnce();
});

test('an effect that throws is reported as a defect', async () => {
  const onDefect = vi.fn();
  const store = storeWith(() => Promise.reject(new Error('bug')), onDefect);
  store.send('started');
  await vi.waitFor(() => expect(onDefect).toHaveBeenCalledWith(new Error('bug')));
});

test('a closed store changes no more', () => {
  const store = storeWith(async () => {});
  store.close();
  store.send('started');
  expect(store.getState()).toEqual({ name: 'waiting' });
});
