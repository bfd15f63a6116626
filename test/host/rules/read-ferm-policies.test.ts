import { expect, test } from 'vitest';
import { parseFermPolicies } from '../../../src/host/rules/read-ferm-policies.ts';

test.each([
  [
    'table filter { chain INPUT { policy DROP; } chain OUTPUT { policy ACCEPT; } }',
    { INPUT: 'drop', OUTPUT: 'accept' },
  ],
  ['chain (INPUT FORWARD) policy DROP;', { INPUT: 'drop', FORWARD: 'drop' }],
  ['# chain INPUT policy DROP;\nchain OUTPUT { proto tcp ACCEPT; }', null],
  ['@if $strict { chain INPUT policy DROP; } @else { chain INPUT policy ACCEPT; }', null],
])('the policies that a configuration sets: %s', (text, policies) => {
  expect(parseFermPolicies(text)).toEqual(policies);
});
