// The routing's words, where nothing else explains them.
import { expect, test } from 'vitest';
import { findUnreachable } from '../../../src/diagnosis/causes/find-unreachable.ts';
import { clues, failure } from '../clues.ts';

test('no service and no rule is blamed for what the routing says', () => {
  const found = findUnreachable(clues({ failures: [failure('timed-out', '::1'), failure('unreachable')] }));
  expect(found).toMatchObject({ blame: 'server', finding: { id: 'no-route' }, explains: [{ end: 'unreachable' }] });
  expect(found?.finding.commands[0]).toEqual(['ip', 'route', 'get', '127.0.0.1', 'uid', '0']);
  expect(findUnreachable(clues({ failures: [failure('timed-out')] }))).toBeNull();
});
