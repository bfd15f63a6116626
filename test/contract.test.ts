// docs/contract.md against what the commands really print.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runConfirm, runUndo } from '../src/commands/cases/cases.ts';
import { runReport } from '../src/commands/cases/report.ts';
import { runCheck } from '../src/commands/check.ts';
import { type FixCommandOptions, runFix } from '../src/commands/fix/fix.ts';
import { EXIT_CODES } from '../src/commands/fix/fix-document.ts';
import { runRehearsal } from '../src/commands/fix/rehearse.ts';
import { isDocument, schemaText } from '../src/commands/schema.ts';
import type { Host } from '../src/host/host.ts';
import { practiceHost } from '../src/host/practice/practice-host.ts';
import { COMMANDS, DOCUMENT_NAMES } from '../src/options/commands.ts';
import { EXITS } from '../src/options/tell.ts';
import { DOCUMENTS } from '../src/schemas/documents.ts';
import { testIo } from './commands/io.ts';
import { bundle } from './kernel/situation.ts';

const contract = readFileSync(join(import.meta.dirname, '../docs/contract.md'), 'utf8');

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
const parse = (text: string): Json => JSON.parse(text);
const isObject = (json: Json): json is { [key: string]: Json } =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

const shown = new Map(
  [...contract.matchAll(/```json\n([\s\S]*?)```/g)].map(([, block = '']) => {
    const document = parse(block);
    return [isObject(document) ? String(document.schema) : '', document];
  }),
);

/** Where a document lacks what the contract shows, or has another type there. A null may stand for anything that is absent. */
const missing = (wanted: Json, found: Json | undefined, path: string): string[] => {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found)) return [`${path}: a list`];
    const [first] = found;
    return wanted[0] === undefined || first === undefined ? [] : missing(wanted[0], first, `${path}[]`);
  }
  if (isObject(wanted)) {
    if (found === undefined || !isObject(found)) return [`${path}: an object`];
    return Object.entries(wanted).flatMap(([key, value]) => missing(value, found[key], `${path}.${key}`));
  }
  if (found === undefined) return [path];
  return found === null || wanted === null || typeof found === typeof wanted ? [] : [`${path}: ${typeof wanted}`];
};

const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-contract-'));
afterAll(() => rmSync(folder, { recursive: true }));
const [rules, log] = [join(folder, 'rules'), join(folder, 'log')];
writeFileSync(
  rules,
  '*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp --dport 25 -j DROP\nCOMMIT\n',
);
writeFileSync(
  log,
  'Nov 22 12:00:00 web kernel: [1.0] drop: IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF PROTO=TCP SPT=40000 DPT=25 WINDOW=1 RES=0x00 SYN URGP=0 \n',
);

const run = (...args: string[]): string =>
  spawnSync(process.execPath, [bundle, ...args], { encoding: 'utf8', input: readFileSync(log) }).stdout;

const FIX: FixCommandOptions = { choice: { kind: 'all' }, isDryRun: false, yes: true, confirmWithin: 60, json: true };

/** One after the other, on one server: each leaves what the next asks for. */
const onServer: Readonly<Record<string, (host: Host, io: ReturnType<typeof testIo>['io']) => Promise<number>>> = {
  'lo-doctor.check/1': (host, io) =>
    runCheck(io, { rules: [], json: true }, { readFile: () => '', openHost: async () => host }),
  'lo-doctor.fix/1': (host, io) => runFix(FIX, { host, caseId: 'a1', io }),
  'lo-doctor.confirm/1': (host, io) => runConfirm('a1', host, io, true),
  'lo-doctor.rehearsal/1': (host, io) => runRehearsal({ kind: 'all' }, true, { host, caseId: 'a1', io }),
  'lo-doctor.undo/1': (host, io) => runUndo('a1', host, io, true),
  'lo-doctor.report/1': async (host, io) => {
    await runFix({ ...FIX, confirmWithin: null }, { host, caseId: 'a2', io: testIo().io });
    return runReport('a2', { format: 'json', privacy: false }, host, io);
  },
};

describe('documents', () => {
  const printed = new Map<string, Json>();
  beforeAll(async () => {
    printed.set(
      'lo-doctor.trace/1',
      parse(run('trace', '--to', '127.0.0.1', '--dport', '25', '--rules', rules, '--json')),
    );
    printed.set('lo-doctor.entry/1', parse(run('explain', '--json', '-')));
    printed.set('lo-doctor.logs/1', parse(run('logs', '--json', log)));
    const host = practiceHost('wordpress');
    for (const [schema, print] of Object.entries(onServer)) {
      const { io, written } = testIo();
      await print(host, io);
      printed.set(schema, parse(written.stdout));
    }
    // A rehearsal takes its ten seconds.
  }, 60_000);

  test.each([...shown])('%s has what the contract shows', (schema, wanted) => {
    const found = printed.get(schema);
    expect(found).toMatchObject({ schema });
    expect(missing(wanted, found, schema)).toEqual([]);
  });

  const nameOf = (schema: string): string => schema.replace(/^lo-doctor\.(.*)\/1$/, '$1');

  test.each([...shown])('%s is as its schema says', (schema) => {
    const name = nameOf(schema);
    if (!isDocument(name)) throw new Error(`no schema ${name}`);
    expect(DOCUMENTS[name].safeParse(printed.get(schema)).error?.issues ?? []).toEqual([]);
  });

  test('the list of scenarios is as its schema says', () => {
    expect(DOCUMENTS.scenarios.safeParse(parse(run('practice', '--list', '--json'))).error?.issues ?? []).toEqual([]);
  });

  test('debriefs are as their schema says', () => {
    const env = { ...process.env, XDG_STATE_HOME: folder };
    const practice = (...args: string[]) =>
      spawnSync(process.execPath, [bundle, 'practice', ...args], { encoding: 'utf8', input: '', env }).stdout;
    practice('service-down');
    const debriefs = parse(practice('--debrief', '--json'));
    expect(debriefs).toMatchObject({
      debriefs: [{ scenario: 'service-down', isSolved: true, isDecoy: true, tries: 1 }],
    });
    expect(DOCUMENTS.debriefs.safeParse(debriefs).error?.issues ?? []).toEqual([]);
  }, 60_000);

  test.each(DOCUMENT_NAMES)('docs/schemas/%s.json is what the schema command prints', async (name) => {
    await expect(schemaText(name)).toMatchFileSnapshot(`../docs/schemas/${name}.json`);
    expect(Object.keys(DOCUMENTS).sort()).toEqual([...DOCUMENT_NAMES].sort());
  });

  test('a document that lacks something, or has another type there, is refused', () => {
    const check = printed.get('lo-doctor.check/1');
    if (check === undefined || !isObject(check)) throw new Error('no document');
    expect(DOCUMENTS.check.safeParse({ ...check, loopback: { ip: 'fine' } }).success).toBe(false);
    expect(DOCUMENTS.check.safeParse({ ...check, findings: undefined }).success).toBe(false);
    expect(DOCUMENTS.check.safeParse({ ...check, more: 1 }).success).toBe(true);
  });

  test('the contract shows each document that a command prints', () => {
    expect([...shown.keys()].sort()).toEqual([...printed.keys()].sort());
  });
});

test('the contract names each command, exit code and result of a fix', () => {
  for (const name of Object.keys(COMMANDS)) expect(contract).toContain(`| \`lo-doctor ${name}\` |`);
  for (const [code, means] of Object.entries(EXITS)) expect(contract).toContain(`| ${code} | ${means} |`);
  for (const result of Object.keys(EXIT_CODES)) expect(contract).toContain(`\`${result}\``);
});
