// The unhappy half of the walk, as its pages: what may not be applied, what may not be advised, what could not be done.
import { expect, test } from 'vitest';
import { walkPage } from '../../src/steps/walk-page.ts';
import type { Event } from '../../src/wizard/event.ts';
import { next } from '../../src/wizard/next.ts';
import { begin, type VerificationResult, type Walk } from '../../src/wizard/state.ts';
import { blockedInspection, fixPlan, verification } from '../fixtures/walk.ts';

const NOW = new Date('2026-11-22T18:00:00Z');
const TRIAL = { caseId: 'a1', deadline: new Date('2026-11-22T18:01:00Z') };
const PROBLEM = { message: 'refused', command: null, nextSteps: [] };
const BEGUN = begin({ id: 'a1', startedAt: NOW, confirmWithin: 60, story: null });

const walked = (...events: readonly Event[]): Walk => events.reduce((walk, event) => next(walk, event, NOW), BEGUN);
const pageOf = (walk: Walk) => walkPage(walk, NOW);

const reviewing = (plan = fixPlan): Event[] => [
  { name: 'inspected', inspection: blockedInspection },
  { name: 'fix-chosen' },
  { name: 'fix-planned', plans: [plan] },
  { name: 'plan-chosen', plan },
];
const verified = (result: VerificationResult): Event[] => [
  ...reviewing(),
  { name: 'apply-chosen' },
  { name: 'applied', trial: TRIAL, plan: fixPlan },
  { name: 'verified', verification: { ...verification, result } },
];
const recommended = (walk: Walk) => pageOf(walk).choices.find((choice) => choice.recommended)?.event.name;

test('from a blocked page 1 the fix can be asked for at once, and Esc leads back there', () => {
  const walk = walked(...reviewing());
  expect(pageOf(walked(...reviewing().slice(0, 1))).choices.map(({ event }) => event.name)).toContain('fix-chosen');
  const back = next(next(walk, { name: 'back-chosen' }, NOW), { name: 'back-chosen' }, NOW);
  expect(back.phase).toEqual({ name: 'inspected', problem: null });
});

test('on the page of the plan applying stands first, and no Enter too many does anything', () => {
  const page = pageOf(walked(...reviewing()));
  expect(page.initial).toBeNull();
  expect(page.choices[0]?.event).toEqual({ name: 'apply-chosen' });
});

test('a plan that could not be proved is offered to nobody, and not applied even when it is asked for', () => {
  const unproved = { ...fixPlan, proof: { ...fixPlan.proof, holds: false } };
  const walk = walked(...reviewing(unproved));
  expect(pageOf(walk).choices.map(({ event }) => event.name)).not.toContain('apply-chosen');
  expect(recommended(walk)).toBe('commands-chosen');
  expect(next(walk, { name: 'apply-chosen' }, NOW)).toBe(walk);
});

test('keeping is advised for a fix that works, and taking back for one that fails', () => {
  expect(recommended(walked(...verified('works')))).toBe('keep-chosen');
  const failing = walked(...verified('fails'));
  expect(recommended(failing)).toBe('roll-back-chosen');
  expect(pageOf(failing).title).toBe('It still fails. Take the fix back?');
  expect(pageOf(failing).choices[pageOf(failing).initial ?? -1]?.event.name).toBe('roll-back-chosen');
});

test('a keep that comes too late is told as rolled back', () => {
  const late = walked(
    ...verified('works'),
    { name: 'keep-chosen' },
    { name: 'rolled-back' },
    { name: 'left', report: null, problem: null },
  );
  expect(pageOf(late).title).toBe('Rolled back: the rules are as they were before');
});

test('a rollback that fails is the title, with what was refused', () => {
  const left = walked(
    ...verified('fails'),
    { name: 'roll-back-chosen' },
    { name: 'failed', problem: PROBLEM },
    { name: 'left', report: null, problem: null },
  );
  expect(pageOf(left).title).toBe('The fix could not be taken back completely');
  expect(JSON.stringify(pageOf(left).body)).toContain('refused');
});

test('a fix that can’t be saved is told as not saved', () => {
  const saved = { files: [], backups: [], nextBoot: 'blocked', proof: null, advice: ['Write it down.'] } as const;
  const kept = walked(
    ...verified('works'),
    { name: 'keep-chosen' },
    { name: 'kept', saved },
    { name: 'left', report: null, problem: null },
  );
  expect(JSON.stringify(pageOf(kept).body)).toMatch(/Not saved for the next boot:[\s\S]*Write it down\./);
});

const ended = (...events: Event[]): string => {
  const walk = walked(...verified('works'), ...events, { name: 'left', report: null, problem: null });
  return JSON.stringify(pageOf(walk).body);
};

test('every ending of a trial says why it was taken back', () => {
  expect(ended({ name: 'rolled-back' })).toContain('Why: nobody kept it within 60 s.');
  expect(ended({ name: 'keep-chosen' }, { name: 'rolled-back' })).toContain('time was up before it could be kept');
  expect(ended({ name: 'roll-back-chosen' }, { name: 'rolled-back' })).toContain('Why: taking it back was chosen.');
  expect(ended({ name: 'quit-chosen' }, { name: 'rolled-back' })).toContain('Ctrl-C, a signal or a lost connection');
});

test('commands for later are those that this program was started with', () => {
  const kept: Event = {
    name: 'kept',
    saved: { files: [], backups: [], nextBoot: 'passes', proof: null, advice: [] },
  };
  const from = begin({
    id: 'a1',
    startedAt: NOW,
    confirmWithin: 60,
    story: null,
    program: '/opt/node /opt/lo-doctor.js',
  });
  const events: Event[] = [
    ...verified('works'),
    { name: 'keep-chosen' },
    kept,
    { name: 'left', report: null, problem: null },
  ];
  const walk = events.reduce((before, event) => next(before, event, NOW), from);
  expect(JSON.stringify(pageOf(walk).body)).toContain('/opt/node /opt/lo-doctor.js undo a1');
});

test('the time for keeping a fix begins anew when its result is on the screen', () => {
  const deadline = new Date('2026-11-22T18:05:00Z');
  const lasting = [{ file: '/etc/iptables/rules.v4', lines: ['-A OUTPUT -o lo -j ACCEPT'] }];
  const walk = next(walked(...verified('works')), { name: 'window-opened', deadline, lasting }, NOW);
  expect(walk.phase).toMatchObject({ name: 'awaiting-confirmation', trial: { deadline } });
  expect(JSON.stringify(pageOf(walk).body)).toMatch(
    /Keeping writes into \/etc\/iptables\/rules\.v4:.*-A OUTPUT -o lo -j ACCEPT/,
  );
});
