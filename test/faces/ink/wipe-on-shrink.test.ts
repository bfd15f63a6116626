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

test('a terminal that shrinks is wiped, and drawn in its new size, before whoever draws on it hears of it', () => {
  const screen = new FakeScreen();
  screen.on('resize', () => screen.done.push('drawn'));
  const stop = wipeOnShrink(screen, () => screen.done.push(`drawn anew in ${screen.columns}x${screen.rows}`));
  screen.resize(60, 24);
  screen.resize(60, 20);
  screen.resize(120, 40);
  stop();
  screen.resize(40, 10);
  const wipe = '\x1b[2J\x1b[H';
  const shrinks = [wipe, 'drawn anew in 60x24', 'drawn', wipe, 'drawn anew in 60x20', 'drawn'];
  expect(screen.done).toEqual([...shrinks, 'drawn', 'drawn']);
});
