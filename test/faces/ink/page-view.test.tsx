import { render } from 'ink-testing-library';
import { expect, test, vi } from 'vitest';
import { PageView } from '../../../src/faces/ink/page-view.tsx';
import { type Page, text } from '../../../src/words/page.ts';

const PAGE: Page<string> = {
  title: 'What fails?',
  body: [text('It has to happen once more.')],
  live: [],
  busy: null,
  choices: [
    { label: 'Mail', event: 'mail', recommended: true },
    { label: 'Something else', event: 'else' },
  ],
  initial: 0,
  input: null,
  back: 'back',
};

const PROGRESS = { names: ['Inspect', 'Reproduce'], current: 1 };
const turn = () => new Promise((resolve) => setTimeout(resolve, 30));

const show = async (page: Page<string>) => {
  const send = vi.fn();
  const app = render(<PageView page={page} progress={PROGRESS} send={send} />);
  await turn();
  const press = async (key: string) => {
    app.stdin.write(key);
    await turn();
  };
  return { app, send, press };
};

const DOWN = '\u001b[B';
const ENTER = '\r';
const ESC = '\u001b';

test('a page shows progress, title, body, choices and the keys that work', async () => {
  const { app } = await show(PAGE);
  expect(app.lastFrame()).toMatchInlineSnapshot(`
    "lo-doctor  1 Inspect > [2 Reproduce]
    What fails?

    It has to happen once more.

    > 1. Mail
      2. Something else
    up/down choose   Enter confirm   Esc back   Ctrl-C quit   ? help   y copy   q leave   / search"
  `);
});

test('Enter takes the choice that is marked, arrows move the mark', async () => {
  const { send, press } = await show(PAGE);
  await press(ENTER);
  expect(send).toHaveBeenLastCalledWith('mail');
  await press(DOWN);
  await press(ENTER);
  expect(send).toHaveBeenLastCalledWith('else');
});

test('Enter takes the initial choice where it is not the first', async () => {
  const { send, press } = await show({ ...PAGE, initial: 1 });
  await press(ENTER);
  expect(send).toHaveBeenCalledExactlyOnceWith('else');
});

test('Esc goes back where there is a way back, and does nothing elsewhere', async () => {
  const { send, press } = await show(PAGE);
  await press(ESC);
  expect(send).toHaveBeenCalledExactlyOnceWith('back');
  const closed = await show({ ...PAGE, back: null });
  await closed.press(ESC);
  expect(closed.send).not.toHaveBeenCalled();
});

test('a text is typed and sent with Enter; spaces do not scroll', async () => {
  const page: Page<string> = {
    ...PAGE,
    choices: [],
    input: { prompt: 'Command:', draft: '', toEvent: (typed) => `ran ${typed}` },
  };
  const { app, send, press } = await show(page);
  await press('echo hi');
  expect(app.lastFrame()).toContain('Command: echo hi');
  await press(ENTER);
  expect(send).toHaveBeenCalledExactlyOnceWith('ran echo hi');
});

test('a body that is too long is cut to the terminal and scrolls', async () => {
  const body = Array.from({ length: 60 }, (_, index) => text(`line ${index + 1}`));
  const { app, press } = await show({ ...PAGE, body });
  const rows = app.lastFrame()?.split('\n') ?? [];
  expect(rows.length).toBeLessThanOrEqual(23);
  expect(app.lastFrame()).toMatch(/line 1\n[\s\S]*of 60: Space shows more/);
  await press(' ');
  expect(app.lastFrame()).not.toMatch(/line 1\n/);
  for (let presses = 0; presses < 6; presses++) await press(' ');
  expect(app.lastFrame()).toMatch(/line 60\n[\s\S]*of 60: b goes back up/);
});

test('what comes in live is shown at its end until the user scrolls', async () => {
  const live = Array.from({ length: 60 }, (_, index) => text(`entry ${index + 1}`));
  const { app } = await show({ ...PAGE, live: live.slice(0, 30) });
  app.rerender(<PageView page={{ ...PAGE, live }} progress={PROGRESS} send={() => {}} />);
  await turn();
  expect(app.lastFrame()).toMatch(/entry 60\n/);
});

test('keys that arrive in one piece each count from where the one before left the mark', async () => {
  const choices = ['one', 'two', 'three'].map((event) => ({ label: event, event }));
  const { send, press } = await show({ ...PAGE, choices });
  await press(`${DOWN}${ENTER}`);
  expect(send).toHaveBeenLastCalledWith('two');
  await press(`${DOWN}${DOWN}${DOWN}${ENTER}`);
  expect(send).toHaveBeenLastCalledWith('two');
  await press(`k${ENTER}`);
  expect(send).toHaveBeenLastCalledWith('one');
});

test('a pasted text answers nothing', async () => {
  const { send, press } = await show(PAGE);
  await press('\u001b[200~2\r\u001b[201~');
  await press('echo 2\r');
  expect(send).not.toHaveBeenCalled();
});

test('a title that is wider than the terminal takes lines of its own, and the page still fits', async () => {
  const { app } = await show({ ...PAGE, title: 'long '.repeat(40), body: Array(60).fill(text('a line')) });
  const frame = app.lastFrame() ?? '';
  expect(frame).toMatch(/^lo-doctor .*\n(long ?)+\n(long ?)+\n/);
  expect(frame.split('\n').length).toBeLessThan(24);
});
