// Who may import whom. A room that is not named here, or an import that its row does not allow, fails with the edge that broke the rule.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { expect, test } from 'vitest';

const PURE = ['firewall', 'log', 'diagnosis', 'naming'] as const;

/** Each room of src/, or a file that lies in none, with the rooms and packages that it may import. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'start.ts': ['main.ts', 'options'],
  'main.ts': ['cli.tsx', 'quick', 'process.ts'],
  'cli.tsx': ['commands', 'host', 'options', 'probe', 'process.ts', 'commander'],
  quick: ['commands', 'options', 'process.ts'],
  options: ['work', 'commander', 'node:util'],
  'process.ts': ['commands', 'options', 'work', 'host', 'words', 'node:fs'],
  commands: [
    ...PURE,
    'completion',
    'schemas',
    'options',
    'host',
    'wizard',
    'work',
    'steps',
    'words',
    'report',
    'probe',
    'faces',
    'ink',
    'zod',
  ],
  faces: ['naming', 'wizard', 'steps', 'words', 'ink', 'react'],
  report: ['at.ts', 'firewall', 'diagnosis', 'wizard', 'steps', 'words'],
  probe: ['firewall', 'diagnosis', 'words', 'naming', 'options'],
  completion: ['options', 'single-quotes.ts'],
  schemas: ['zod'],
  steps: [...PURE, 'wizard', 'words'],
  work: [...PURE, 'host', 'wizard', 'report', 'words', 'zod'],
  words: [...PURE, 'single-quotes.ts', 'get-east-asian-width'],
  wizard: ['firewall', 'log', 'diagnosis', 'host'],
  host: ['at.ts', 'firewall', 'log', 'diagnosis', 'single-quotes.ts', 'node:*', 'execa', 'zod'],
  diagnosis: ['firewall', 'log', 'naming'],
  naming: ['firewall', 'log'],
  log: ['firewall', 'ipaddr.js'],
  firewall: ['at.ts', 'ipaddr.js'],
  'at.ts': [],
  'single-quotes.ts': [],
};

/** Rooms that may only know these files of another room. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  'start.ts > options': ['src/options/exit-codes.ts'],
  'probe > options': ['src/options/exit-codes.ts'],
  'process.ts > options': ['src/options/exit-codes.ts'],
  'wizard > host': ['src/host/host.ts'],
  // The shapes of what is read for it.
  'host > diagnosis': [
    'src/diagnosis/witness.ts',
    'src/diagnosis/way/loopback-way.ts',
    'src/diagnosis/owners/owner-facts.ts',
  ],
};

const root = join(import.meta.dirname, '..');
const files = globSync('src/**/*.{ts,tsx}', { cwd: root });

const roomOf = (file: string): string => relative('src', file).split(sep)[0] ?? '';

const importsOf = (file: string): string[] =>
  [
    ...readFileSync(join(root, file), 'utf8').matchAll(
      /^(?:import|export) [^;]*?from '([^']+)'|\bimport\('([^']+)'\)/gm,
    ),
  ].map(([, from, dynamic]) => from ?? dynamic ?? '');

const allows = (room: string, to: string): boolean =>
  (MAY_IMPORT[room] ?? []).some((one) => one === to || (one === 'node:*' && to.startsWith('node:')));

/** What a file imports that it may not, as `file imports target`. */
const brokenEdges = (file: string): string[] =>
  importsOf(file).flatMap((target) => {
    const path = target.startsWith('.') ? join(dirname(file), target) : null;
    const [from, to] = [roomOf(file), path === null ? target : roomOf(path)];
    const only = ONLY[`${from} > ${to}`];
    const isOpen = allows(from, to) && (only === undefined || (path !== null && only.includes(path)));
    return from === to || isOpen ? [] : [`${file} imports ${path ?? target}`];
  });

test('no room imports what its row does not allow', () => {
  expect(files.length).toBeGreaterThan(300);
  expect(files.flatMap(brokenEdges)).toEqual([]);
});

test('the table names the rooms that there are, and no import that nobody makes', () => {
  expect(Object.keys(MAY_IMPORT).sort()).toEqual([...new Set(files.map(roomOf))].sort());
  const made = new Set(
    files.flatMap((file) =>
      importsOf(file).flatMap((target) => {
        const to = target.startsWith('.') ? roomOf(join(dirname(file), target)) : target;
        return [`${roomOf(file)} ${to}`, `${roomOf(file)} ${to.replace(/^node:.*/, 'node:*')}`];
      }),
    ),
  );
  const idle = Object.entries(MAY_IMPORT).flatMap(([room, to]) => to.map((one) => `${room} ${one}`));
  expect(idle.filter((edge) => !made.has(edge))).toEqual([]);
});
