import type { Key } from 'ink';
import { expect, test } from 'vitest';
import { beginLine, editLine, insertText, type LineEdit } from '../../../src/faces/ink/edit-line.ts';

const press = (line: LineEdit, ...keys: (keyof Key | `ctrl-${string}` | `type ${string}`)[]): LineEdit =>
  keys.reduce((now, name) => {
    const key = (pressed: Partial<Key>) => pressed as Key;
    if (name.startsWith('type ')) return editLine(now, name.slice(5), key({}));
    if (name.startsWith('ctrl-')) return editLine(now, name.slice(5), key({ ctrl: true }));
    return editLine(now, '', key({ [name]: true }));
  }, line);

test('text goes in at the cursor, which Home, End and arrows move', () => {
  const line = press(beginLine('wp cron', []), 'home', 'type sudo ', 'rightArrow', 'leftArrow', 'end', 'type  test');
  expect(line).toMatchObject({ text: 'sudo wp cron test', cursor: 17 });
});

test('Backspace and Delete take one character away, however many units it has', () => {
  expect(press(beginLine('a\u{1f600}', []), 'backspace').text).toBe('a');
  expect(press(beginLine('a\u{1f600}b', []), 'leftArrow', 'delete').text).toBe('ab');
  expect(press(beginLine('', []), 'backspace', 'leftArrow', 'rightArrow')).toMatchObject({ text: '', cursor: 0 });
});

test('Ctrl-A, E, U, K and W do what they do in a shell', () => {
  expect(press(beginLine('mysql -h localhost', []), 'ctrl-w').text).toBe('mysql -h ');
  expect(press(beginLine('one two', []), 'ctrl-a', 'ctrl-k').text).toBe('');
  expect(press(beginLine('one two', []), 'leftArrow', 'ctrl-u')).toMatchObject({ text: 'o', cursor: 0 });
});

test('Up and Down show the lines sent before, and the new one is not lost', () => {
  const line = beginLine('new', ['first', 'second']);
  expect(press(line, 'upArrow').text).toBe('second');
  expect(press(line, 'upArrow', 'upArrow', 'upArrow').text).toBe('first');
  expect(press(line, 'upArrow', 'downArrow').text).toBe('new');
  expect(press(line, 'downArrow').text).toBe('new');
});

test('what nobody types is left out, and line ends become spaces', () => {
  expect(insertText(beginLine('', []), 'a\u001b[2J\nb\u200b').text).toBe('a[2J b');
});
