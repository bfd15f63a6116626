import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { calmly } from '../../../src/faces/ink/calmly.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const start = () => {
  let change = () => {};
  let phase = 'watching';
  const heard = vi.fn();
  const leave = calmly(
    (listener) => {
      change = listener;
      return () => {};
    },
    () => phase,
    1000,
  )(heard);
  const go = (next: string) => {
    phase = next;
    change();
  };
  return { heard, leave, change: () => change(), go };
};

test('what comes after a pause is seen at once, and what comes in a flood every other second', () => {
  const { heard, change } = start();
  change();
  expect(heard).toHaveBeenCalledTimes(1);
  for (let tick = 0; tick < 120; tick++) {
    vi.advanceTimersByTime(1000 / 12);
    change();
  }
  expect(heard.mock.calls.length).toBeLessThanOrEqual(6);
  vi.advanceTimersByTime(2000);
  const afterwards = heard.mock.calls.length;
  vi.advanceTimersByTime(10_000);
  expect(heard).toHaveBeenCalledTimes(afterwards);
  change();
  expect(heard).toHaveBeenCalledTimes(afterwards + 1);
});

test('the last change of a flood is never lost', () => {
  const { heard, change } = start();
  change();
  change();
  expect(heard).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  expect(heard).toHaveBeenCalledTimes(2);
});

test('another phase is seen at once, and nothing after the end', () => {
  const { heard, change, go, leave } = start();
  change();
  go('reading');
  expect(heard).toHaveBeenCalledTimes(2);
  change();
  leave();
  vi.advanceTimersByTime(5000);
  expect(heard).toHaveBeenCalledTimes(2);
});
