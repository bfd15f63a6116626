import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { wipeOnShrink } from '../../../src/faces/ink/wipe-on-shrink.ts';

/** A terminal that tells what is done to it, in order. */
class FakeScreen extends EventEmitter {
  columns = 80;
  rows = 24;
  readonly done: string[] = [];
  write(text: string) {
    this.done.push(text);
    return true;
  }
  resize(columns: number, rows: number) {
    Object.assign(this, { columns, rows });
    this.emit('resize');
  }
}

test('a terminal that shrinks is wiped before whoever draws on it hears of it', () => {
  const screen = new FakeScreen();
  screen.on('resize', () => screen.done.push('drawn'));
  const stop = wipeOnShrink(screen);
  screen.resize(60, 24);
  screen.resize(60, 20);
  screen.resize(120, 40);
  stop();
  screen.resize(40, 10);
  expect(screen.done).toEqual(['\x1b[2J\x1b[H', 'drawn', '\x1b[2J\x1b[H', 'drawn', 'drawn', 'drawn']);
});
