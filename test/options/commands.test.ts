import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { COMMANDS, type CommandSpec, PROGRAM_OPTIONS } from '../../src/options/commands.ts';
import { flagOf } from '../../src/options/option.ts';
import { readQuickly } from '../../src/options/read-quickly.ts';
import { EXITS } from '../../src/options/tell.ts';
import { bundle } from '../kernel/situation.ts';

const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-options-'));
afterAll(() => rmSync(folder, { recursive: true }));
const rules = join(folder, 'rules');
writeFileSync(
  rules,
  '*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp --dport 25 -j DROP\nCOMMIT\n',
);

const specs: [string, CommandSpec][] = Object.entries(COMMANDS);
const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundle, ...args], { encoding: 'utf8', input: '' });
  return { status, stdout, stderr };
};

it('helps whoever asks in another way, and names what was meant', () => {
  expect(run('help').stdout).toBe(run('--help').stdout);
  expect(run('help', 'fix').stdout).toBe(run('fix', '--help').stdout);
  expect(run('-v')).toEqual(run('--version'));
  expect(run('chekc').stderr).toContain("unknown command 'chekc'; did you mean check?");
});

describe.each(specs)('%s', (name, spec) => {
  it('has examples that it understands itself', () => {
    const own = spec.examples.map((example) => example.replace(/^.* \| lo-doctor /, '').replace(/ > .*/, ''));
    expect(own).not.toEqual([]);
    for (const line of own) {
      const [command, ...words] = line.replace(/--confirm-within \d+/, '').match(/'[^']*'|\S+/g) ?? [];
      expect(command).toBe(name);
      expect(readQuickly(spec, words)).not.toBeNull();
    }
  });

  it('tells all of its flags, its exit codes and its examples', () => {
    const { stdout, status } = run(name, '--help');
    const told = stdout.replace(/\s+/g, ' ');
    expect(status).toBe(0);
    for (const [key, option] of Object.entries(spec.options)) expect(told).toContain(flagOf(key, option));
    for (const means of Object.values({ ...EXITS, ...spec.exits })) expect(told).toContain(means);
    for (const example of spec.examples) expect(stdout).toContain(example);
    expect(told.includes('--confirm-within')).toBe(spec.waits);
  });

  it('takes the time of confirmation before and after its name alike, or refuses both', () => {
    const seconds = spec.waits ? '9' : '10';
    const ways = [run('--confirm-within', seconds, name), run(name, '--confirm-within', seconds)];
    expect(ways[0]).toEqual(ways[1]);
    expect(ways[0]).toMatchObject({ status: 2 });
    // What trace needs is missed first.
    if (name !== 'trace') expect(ways[0]?.stderr).toContain(spec.waits ? 'from 10 to 3600' : `says nothing to ${name}`);
  });
});

test('a document is asked for before and after the command alike', () => {
  const trace = ['trace', '--to', '127.0.0.1', '--dport', '25', '--rules', rules];
  const ways = [run('--json', ...trace), run(...trace, '--json'), run('trace', '--json', ...trace.slice(1))];
  expect(ways[0]).toMatchObject({ status: 1, stderr: '' });
  expect(JSON.parse(ways[0]?.stdout ?? '')).toMatchObject({ schema: 'lo-doctor.trace/1', outcome: 'blocked' });
  expect(ways[1]).toEqual(ways[0]);
  expect(ways[2]).toEqual(ways[0]);
});

test('no option of a command has the name of one of the program', () => {
  for (const [, spec] of specs)
    expect(Object.keys(spec.options).filter((key) => Object.hasOwn(PROGRAM_OPTIONS, key))).toEqual([]);
});

describe('what a table of options says', () => {
  const read = (...args: string[]) => readQuickly(COMMANDS.trace, args)?.values;

  it('is what stands there where nothing is said', () => {
    expect(read('--to', '::1')).toEqual({
      to: '::1',
      dport: null,
      proto: 'tcp',
      from: null,
      sport: null,
      uid: 0,
      rules: [],
      rules4: [],
      rules6: [],
      json: false,
    });
  });

  it('adds up where it may be said several times, and is the last word where not', () => {
    expect(read('--to', 'a', '--to', 'b', '--rules', 'x', '--rules', 'y')).toMatchObject({
      to: 'b',
      rules: [
        { path: 'x', family: null },
        { path: 'y', family: null },
      ],
    });
  });

  it.each([
    ['nothing that has to be said', []],
    ['a number out of range', ['--to', '::1', '--uid', '4294967295']],
    ['a word that is none of them', ['--to', '::1', '--proto', 'sctp']],
    ['a flag without its value', ['--to']],
    ['a value for a switch', ['--to', '::1', '--json=yes']],
    ['an unknown flag', ['--to', '::1', '--__proto__', 'x']],
  ])('is left to the whole command line: %s', (_, args) => expect(read(...args)).toBeUndefined());
});
