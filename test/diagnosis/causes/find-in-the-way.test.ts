// What is in the way explains what fails there, and not what was answered.
import { expect, test } from 'vitest';
import { findAddressAbsent, findInTheWay, findMaybeInTheWay } from '../../../src/diagnosis/causes/find-in-the-way.ts';
import type { WayFault } from '../../../src/diagnosis/way/loopback-way.ts';
import { clues, failure } from '../clues.ts';

const fault = (outcome: WayFault['outcome'], kinds: WayFault['kinds']): WayFault => ({
  kinds,
  outcome,
  finding: { id: 'lo-down', severity: 'warning', title: 'x', evidence: ['seen'], advice: '', commands: [] },
});

test('what stops everything is to blame for a silence', () => {
  const found = findInTheWay(
    clues({ failures: [failure('timed-out')], witness: { wayFaults: [fault('blocked', ['ip'])] } }),
  );
  expect(found).toMatchObject({ blame: 'server', finding: { severity: 'problem' }, explains: [{ end: 'timed-out' }] });
});

test('what may stop some of it is told and blames nobody', () => {
  const seen = clues({ failures: [failure('timed-out')], witness: { wayFaults: [fault('unknown', ['ip'])] } });
  expect(findInTheWay(seen)).toBeNull();
  expect(findMaybeInTheWay(seen)).toMatchObject({ blame: 'unknown', finding: { severity: 'warning' } });
});

test.each([
  ['a refusal is an answer', [failure('refused')], fault('blocked', ['ip'])],
  ['the other family fails', [failure('timed-out', '::1')], fault('blocked', ['ip'])],
  ['nothing fails', [], fault('blocked', ['ip'])],
  ['it lets most of it pass', [failure('timed-out')], fault('works', ['ip'])],
])('nothing is said where %s', (_, failures, one) => {
  const seen = clues({ failures, witness: { wayFaults: [one] } });
  expect([findInTheWay(seen), findAddressAbsent(seen), findMaybeInTheWay(seen)]).toEqual([null, null, null]);
});
