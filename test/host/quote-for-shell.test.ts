import fc from 'fast-check';
import { expect, it } from 'vitest';
import { localHost } from '../../src/host/local.ts';
import { quoteCommand, quoteForShell } from '../../src/host/quote-for-shell.ts';

const host = localHost();

it('reads back exactly in a real shell, whatever the text', async () => {
  const text = fc.string({ unit: 'binary' }).filter((one) => !one.includes('\0') && one.isWellFormed());
  const hostile = fc.constantFrom(
    "'",
    '"',
    '$(id)',
    '`id`',
    '\\',
    "'; id; '",
    '\n',
    '-n',
    '!',
    '*',
    '~',
    '\r',
    '',
    '#',
    "'\\''",
  );
  const words = fc.array(
    fc.oneof(
      text,
      hostile,
      fc.array(hostile).map((parts) => parts.join('')),
    ),
    { maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(words, async (args) => {
      const script = quoteCommand(['printf', '%s\\036', 'first', ...args]);
      const { stdout } = await host.run(['sh', '-c', script]);
      expect(stdout.split('\x1e').slice(1, -1).join('\0')).toBe(args.join('\0'));
    }),
    { numRuns: 60 },
  );
});

it('refuses a NUL byte, which no command can be given', () => {
  expect(() => quoteForShell('a\0b')).toThrow(TypeError);
});
