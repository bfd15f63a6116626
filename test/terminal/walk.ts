// Answers the wizard's pages as a user does, and holds every page against the terminal it stands in.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import type { Terminal } from './tmux.ts';

/** A page by what its screen shows, and the keys that answer it. */
export type Answer = readonly [page: string | RegExp, ...keys: string[]];

/** The whole walk: Enter alone, except where applying takes a key of its own. */
export const toTheEnd: readonly Answer[] = [
  ['blocks loopback traffic', 'Enter'],
  ['What fails?', 'Enter'],
  ['The firewall stops local connections: SMTP (port 25)', 'Enter'],
  ['How much shall be permitted?', 'Enter'],
  [/^Permit all loopback traffic: /m, '1'],
  ['It works now. Keep the fix?', 'Enter'],
];

/** The same walk as prompts, answered with a line each. */
export const toTheEndInLines: readonly (readonly [page: string, line: string])[] = [
  ['blocks loopback traffic', ''],
  ['What fails\\?', ''],
  ['stops local connections', ''],
  ['How much shall be permitted\\?', ''],
  ['Permit all loopback traffic', '1'],
  ['Keep the fix\\?', ''],
];

/** The longest that a page takes to come: lo-doctor gives a connection three seconds to answer, and the machine may be busy. */
const PATIENCE = 60_000;

/** Waits for each page, sees that it fits, and presses its keys one by one; resolves to the pages' screens. */
export async function answer(wizard: Terminal, answers: readonly Answer[]): Promise<string[]> {
  const screens: string[] = [];
  for (const [page, ...keys] of answers) {
    await wizard.waitFor(page, PATIENCE);
    // The frame is on the screen a moment before its keys are listened to.
    await sleep(50);
    const screen = await wizard.screen();
    expectToFit(screen);
    screens.push(screen);
    for (const [place, key] of keys.entries()) {
      await wizard.press(key);
      // A key that moves the mark has to be seen before the next one.
      if (place < keys.length - 1) await vi.waitUntil(async () => (await wizard.screen()) !== screen, PATIENCE);
    }
  }
  return screens;
}

/** Waits for each prompt of the plain face and types its line. */
export async function answerInLines(terminal: Terminal, answers: typeof toTheEndInLines): Promise<void> {
  for (const [page, line] of answers) {
    await terminal.waitFor(new RegExp(`== \\d [\\w ]+: .*${page}[\\s\\S]*Your choice:$`), PATIENCE);
    await terminal.type(line);
    await terminal.press('Enter');
  }
}

/** A page that fits starts with the progress line, ends with the keys that work, and nothing in it is cut. */
export function expectToFit(screen: string): void {
  const lines = screen.split('\n');
  expect(lines[0], screen).toMatch(/^lo-doctor {2}.*5 Verify/);
  expect(lines.at(-1), screen).toMatch(/Ctrl-C quit( {3}|$)/);
  expect(screen).not.toContain('…');
}

/** What stands above carets: the marked fields, without any colour. */
export function readMarks(screen: string): string[] {
  const lines = screen.split('\n');
  return lines.flatMap((carets, place) =>
    [...carets.matchAll(/\^+/g)].map(({ index, 0: mark }) =>
      (lines[place - 1] ?? '').slice(index, index + mark.length),
    ),
  );
}
