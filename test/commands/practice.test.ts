// The course: what its list tells, how hints come, what a debrief says, and what of it is kept.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { endPractice, listPractice, printDebriefs, storyOf } from '../../src/commands/practice.ts';
import { listScenarios } from '../../src/host/practice/practice-host.ts';
import { walkPage } from '../../src/steps/walk-page.ts';
import { next } from '../../src/wizard/next.ts';
import { begin, type Case, type Outcome, type Story, type Walk } from '../../src/wizard/state.ts';
import { blockedDiagnosis, blockedInspection, fixPlan, verification } from '../fixtures/walk.ts';
import { testIo } from './io.ts';

const state = mkdtempSync(join(tmpdir(), 'lo-doctor-practice-'));
afterAll(() => rmSync(state, { recursive: true }));
const env = { XDG_STATE_HOME: state };
const NOW = new Date('2026-11-22T18:00:00Z');

const story = (id: string): Story => {
  const found = storyOf(id);
  if (found === null) throw new Error(`no scenario ${id}`);
  return found;
};

const inspected = (id: string): Walk => ({
  phase: { name: 'inspected', problem: null },
  case: {
    ...begin({ id: 'a1', startedAt: NOW, confirmWithin: 60, story: story(id) }).case,
    inspection: blockedInspection,
  },
});

const failed = { kind: 'command', commandLine: 'x', code: 1, output: '' } as const;

const textOf = (walk: Walk): string => JSON.stringify(walkPage(walk, NOW));

const finished = (id: string, outcome: Outcome, found: Partial<Case> = {}): Walk => ({
  phase: { name: 'finished', outcome, report: null, problem: null },
  case: {
    ...inspected(id).case,
    attempts: [failed],
    diagnosis: blockedDiagnosis,
    plan: fixPlan,
    verification,
    ...found,
  },
});

test('each scenario names the next one, the last none', () => {
  const ids = listScenarios().map(({ id }) => id);
  expect(ids.map((id) => story(id).next)).toEqual([...ids.slice(1), null]);
});

test('the list tells level and lesson, and nothing of what is wrong', () => {
  const { io, written } = testIo();
  listPractice(io, false, { HOME: '' });
  listPractice(io, true, { HOME: '' });
  for (const { id, level, lesson, cause, hints } of listScenarios()) {
    expect(written.stdout).toContain(`${id.padEnd(19)}${level}: `);
    expect(written.stdout).toContain(lesson);
    for (const spoiler of [cause, ...hints]) expect(written.stdout).not.toContain(spoiler);
  }
  expect(written.stdout).not.toContain('isDecoy');
});

test('the story is shown; hints come one by one, when they are asked for, and move the walk nowhere', () => {
  const begun = inspected('mail');
  const { hints, story: told } = story('mail');
  expect(textOf(begun)).toContain(told.slice(0, 40));
  let walk = begun;
  for (const [index, hint] of hints.entries()) {
    expect(textOf(walk)).not.toContain(hint);
    expect(walkPage(walk, NOW).choices.at(-1)?.label).toBe(`Give me a hint (${hints.length - index} left)`);
    walk = next(walk, { name: 'hint-chosen' }, NOW);
    expect(textOf(walk)).toContain(hint);
    expect(walk.phase).toBe(begun.phase);
  }
  expect(
    walkPage(walk, NOW)
      .choices.map(({ label }) => label)
      .join(),
  ).not.toContain('hint');
  expect(next(walk, { name: 'hint-chosen' }, NOW)).toBe(walk);
});

test('a real server gives no hints', () => {
  const walk = { ...inspected('mail'), case: { ...inspected('mail').case, story: null } };
  expect(textOf(walk)).not.toContain('hint');
  expect(next(walk, { name: 'hint-chosen' }, NOW)).toBe(walk);
});

test.each<[string, string, Outcome, Partial<Case>, string]>([
  ['a fix that works', 'mail', 'fixed', {}, 'Solved. '],
  ['a fix that was not kept', 'mail', 'rolled-back', {}, 'The fix was taken back'],
  ['leaving before the fix', 'mail', 'unfixed', { plan: null, verification: null }, 'the fault is still there'],
  [
    'a narrow fix',
    'mail',
    'fixed',
    { plan: { ...fixPlan, choice: { kind: 'services', services: [] } } },
    'the next local service',
  ],
  ['fixing what was not seen', 'mail', 'fixed', { attempts: [] }, 'was luck'],
  ['keeping what is not proved', 'mail', 'kept-unverified', {}, 'nothing has shown that it works'],
  ['a decoy that is left alone', 'elsewhere', 'not-the-firewall', {}, 'Solved. '],
  ['a decoy where loopback was opened', 'kill-switch', 'kept-unverified', {}, 'the rule that was opened was meant'],
  [
    'a decoy that was never looked at',
    'elsewhere',
    'healthy',
    { attempts: [], diagnosis: null },
    'its cause was not seen',
  ],
])('the debrief explains %s', (_, id, outcome, found, said) => {
  const told = textOf(finished(id, outcome, found));
  expect(told).toContain(said);
  const { cause, lesson, byHand } = story(id);
  for (const part of [cause, lesson, ...byHand, `lo-doctor practice ${story(id).next ?? '--list'}`])
    expect(told).toContain(JSON.stringify(part).slice(1, -1));
});

test('what was practised is kept, told again, and shown in the list', () => {
  const { io, written } = testIo();
  const left = finished('mail', 'unfixed');
  expect(endPractice(story('mail'), left.case, 'unfixed', { ...io, env })).toBe(false);
  expect(endPractice(story('mail'), { ...left.case, hintsShown: 2 }, 'fixed', { ...io, env })).toBe(true);
  printDebriefs(io, null, true, env);
  expect(JSON.parse(written.stdout)).toMatchObject({
    schema: 'lo-doctor.debriefs/1',
    debriefs: [{ scenario: 'mail', isSolved: true, tries: 2, hints: 2, byHand: story('mail').byHand }],
  });
  const { io: other, written: list } = testIo();
  listPractice(other, false, env);
  expect(list.stdout).toMatch(/^mail +easy, solved: /m);
  expect(list.stdout).toContain('1 of ');
  printDebriefs(other, 'ipv6', false, env);
  expect(list.stdout).toContain('Nothing was practised yet');
});
