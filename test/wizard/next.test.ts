import { expect, test } from 'vitest';
import { walkPage } from '../../src/steps/walk-page.ts';
import type { Event } from '../../src/wizard/event.ts';
import { next, outcomeOf } from '../../src/wizard/next.ts';
import { begin, type Walk } from '../../src/wizard/state.ts';
import { blockedDiagnosis, blockedInspection, fixPlan, verification } from '../fixtures/walk.ts';

const NOW = new Date('2026-11-22T18:00:00Z');
const TRIAL = { caseId: 'a1', deadline: new Date('2026-11-22T18:01:00Z') };
const PROBLEM = { message: 'refused', command: null, nextSteps: [] };

const walked = (...events: readonly Event[]): Walk =>
  events.reduce(
    (walk, event) => next(walk, event, NOW),
    begin({ id: 'a1', startedAt: NOW, confirmWithin: 60, story: null }),
  );

const mail = { id: 'mail', tries: [], commandLine: 'mail' } as const;

const TO_INSPECTED: Event[] = [{ name: 'inspected', inspection: blockedInspection }];
const TO_READ: Event[] = [
  ...TO_INSPECTED,
  { name: 'logging-chosen' },
  { name: 'logging-turned-on' },
  { name: 'action-chosen', action: mail },
  { name: 'tried', attempts: [] },
  { name: 'diagnosed', diagnosis: blockedDiagnosis },
];
const TO_REVIEW: Event[] = [
  ...TO_READ,
  { name: 'fix-chosen' },
  { name: 'fix-planned', plans: [fixPlan] },
  { name: 'plan-chosen', plan: fixPlan },
];
const TO_CONFIRM: Event[] = [
  ...TO_REVIEW,
  { name: 'apply-chosen' },
  { name: 'applied', trial: TRIAL, plan: fixPlan },
  { name: 'verified', verification },
];

test('the recommended way leads from inspecting to a kept fix', () => {
  const walk = walked(
    ...TO_CONFIRM,
    { name: 'keep-chosen' },
    {
      name: 'kept',
      saved: { files: ['/etc/iptables/rules.v4'], backups: [], nextBoot: 'passes', proof: null, advice: [] },
    },
    { name: 'left', report: '/report.md', problem: null },
  );
  expect(walk.phase).toEqual({ name: 'finished', outcome: 'fixed', report: '/report.md', problem: null });
  expect(walk.case.plan).toBe(fixPlan);
});

test('nothing is applied without apply being chosen on the page that shows the commands', () => {
  expect(walked(...TO_READ, { name: 'apply-chosen' }).phase.name).toBe('log-read');
  expect(walked(...TO_READ, { name: 'fix-chosen' }, { name: 'apply-chosen' }).phase.name).toBe('planning-fix');
});

test('the user is asked before the logging is turned on', () => {
  expect(walked(...TO_INSPECTED).phase.name).toBe('inspected');
  expect(walked(...TO_INSPECTED, { name: 'reproduction-chosen' }).case.logging).toBeNull();
  expect(walked(...TO_INSPECTED, { name: 'logging-chosen' }, { name: 'logging-turned-on' }).case.logging).toBe(
    blockedInspection.loggingPlan,
  );
});

test.each<[string, Event]>([
  ['Ctrl-C', { name: 'quit-chosen' }],
  ['taking it back', { name: 'roll-back-chosen' }],
])('%s while a fix is on trial rolls it back', (_, event) => {
  const walk = walked(...TO_CONFIRM, event);
  expect(walk.phase).toEqual({ name: 'rolling-back', trial: TRIAL });
  expect(next(walk, { name: 'rolled-back' }, NOW).phase).toEqual({
    name: 'leaving',
    outcome: 'rolled-back',
    problem: null,
  });
});

test('a rollback that struck by itself ends the walk as rolled back, also while the fix was being kept', () => {
  expect(walked(...TO_CONFIRM, { name: 'rolled-back' }).phase).toEqual({
    name: 'leaving',
    outcome: 'rolled-back',
    problem: null,
  });
  const late = walked(...TO_CONFIRM, { name: 'keep-chosen' }, { name: 'rolled-back' });
  expect(late.phase).toEqual({ name: 'leaving', outcome: 'rolled-back', problem: null });
});

test('Esc goes back a page and changes nothing that was found', () => {
  expect(walked(...TO_REVIEW, { name: 'back-chosen' }).phase.name).toBe('choosing-fix');
  expect(walked(...TO_REVIEW, { name: 'back-chosen' }, { name: 'back-chosen' }).phase.name).toBe('log-read');
  expect(walked(...TO_READ, { name: 'back-chosen' }).phase.name).toBe('choosing-action');
  expect(walked(...TO_READ, { name: 'back-chosen' }, { name: 'back-chosen' }).phase.name).toBe('inspected');
});

test('what the server refuses leads back to where another way can be chosen, with the reason', () => {
  expect(walked({ name: 'failed', problem: PROBLEM }).phase).toEqual({ name: 'inspection-failed', problem: PROBLEM });
  expect(walked(...TO_INSPECTED, { name: 'logging-chosen' }, { name: 'failed', problem: PROBLEM }).phase).toEqual({
    name: 'inspected',
    problem: PROBLEM,
  });
  const apply = walked(...TO_REVIEW, { name: 'apply-chosen' }, { name: 'failed', problem: PROBLEM });
  expect(apply.phase).toEqual({ name: 'choosing-fix', plans: [fixPlan], problem: PROBLEM });
});

test('leaving says how the walk ended', () => {
  expect(walked({ name: 'quit-chosen' }).phase).toEqual({ name: 'leaving', outcome: 'could-not-look', problem: null });
  expect(walked(...TO_INSPECTED, { name: 'quit-chosen' }).phase).toEqual({
    name: 'leaving',
    outcome: 'unfixed',
    problem: null,
  });
  const healthy = { ...blockedInspection, blocked: false };
  const looked: Event = { name: 'inspected', inspection: healthy };
  expect(walked(looked, { name: 'quit-chosen' }).phase).toEqual({ name: 'leaving', outcome: 'healthy', problem: null });
});

test('an answer that is not known is no health: the walk says so and ends so', () => {
  const [trace] = blockedInspection.blockedTraces;
  if (trace === undefined) throw new Error('the fixture blocks something');
  const unsure = { ...blockedInspection, blocked: false, unknownTraces: [{ ...trace, outcome: 'unknown' as const }] };
  const looked: Event = { name: 'inspected', inspection: unsure };
  const left = (...events: Event[]) => walked(looked, ...events, { name: 'quit-chosen' }).phase;
  expect(left()).toMatchObject({ outcome: 'cant-tell' });
  const seen = (verdict: 'undecided' | 'not-the-firewall'): Event => ({
    name: 'diagnosed',
    diagnosis: { ...blockedDiagnosis, blocked: [], verdict },
  });
  const tried: Event[] = [
    { name: 'reproduction-chosen' },
    { name: 'action-chosen', action: mail },
    { name: 'reading-chosen' },
  ];
  expect(left(...tried, seen('undecided'))).toMatchObject({ outcome: 'cant-tell' });
  expect(left(...tried, seen('not-the-firewall'))).toMatchObject({ outcome: 'not-the-firewall' });
});

test('a new attempt starts with no entries of the one before', () => {
  const again = walked(...TO_READ, { name: 'back-chosen' }, { name: 'action-chosen', action: mail });
  expect(again.case).toMatchObject({ entries: [], attempts: [], diagnosis: null });
});

test('an event that means nothing in a phase changes nothing', () => {
  const walk = walked(...TO_INSPECTED);
  expect(next(walk, { name: 'keep-chosen' }, NOW)).toBe(walk);
});

test('a rollback that fails is told to the end, and is no rollback', () => {
  const walk = walked(...TO_CONFIRM, { name: 'roll-back-chosen' }, { name: 'failed', problem: PROBLEM });
  expect(walk.phase).toEqual({ name: 'leaving', outcome: 'rollback-failed', problem: PROBLEM });
  const left = next(walk, { name: 'left', report: null, problem: null }, NOW);
  expect(left.phase).toMatchObject({ name: 'finished', outcome: 'rollback-failed', problem: PROBLEM });
});

test.each([
  ['convicted by an attempt, whatever the rules tell', { verdict: 'loopback-blocked' }, 'works', 'unfixed'],
  ['a doubt about lo itself, and nothing found', null, 'unknown', 'cant-tell'],
  ['nothing failed before its eyes', { verdict: 'undecided' }, 'works', 'unexplained'],
] as const)('a walk is left: %s', (_, found, own, outcome) => {
  const walk = begin({ id: 'a1', startedAt: NOW, confirmWithin: 60, story: null }).case;
  const { loopback } = blockedInspection;
  const passes = { ...loopback.ip, outcome: 'works', trace: null, stopped: [], fault: null } as const;
  const inspection = {
    ...blockedInspection,
    blocked: false,
    blockedTraces: [],
    unknownTraces: [],
    loopback: { ip: passes, ip6: passes, own: { ...passes, outcome: own } },
  };
  const diagnosis = found && { ...blockedDiagnosis, ...found, blocked: [] };
  expect(outcomeOf({ ...walk, inspection, diagnosis })).toBe(outcome);
});

test('the rollback can be rehearsed before the fix is applied, and what came of it is told where the fix is reviewed', () => {
  const rehearsal = {
    caseId: 'a1-try',
    outcome: 'works',
    armedBy: 'systemd',
    wait: 10,
    seconds: 0.4,
    listings: ['iptables-save'],
    log: [],
  } as const;
  const during = walked(...TO_REVIEW, { name: 'rehearsal-chosen' });
  expect(during.phase).toEqual({ name: 'rehearsing', plans: [fixPlan], plan: fixPlan });
  const after = next(during, { name: 'rehearsed', rehearsal }, NOW);
  expect(after.phase).toEqual({ name: 'reviewing-fix', plans: [fixPlan], plan: fixPlan, rehearsal });
  const told = JSON.stringify(walkPage(after, NOW).body);
  expect(told).toContain('The rollback works on this server. ');
  expect(told).toContain('0.4 s after the time was up it was in no listing any more');
  const failed = next(during, { name: 'failed', problem: PROBLEM }, NOW);
  expect(failed.phase).toMatchObject({ name: 'reviewing-fix', rehearsal: PROBLEM });
  expect(JSON.stringify(walkPage(failed, NOW).body)).toContain('The rehearsal could not be held:');
  expect(next(after, { name: 'apply-chosen' }, NOW).phase.name).toBe('applying');
});
