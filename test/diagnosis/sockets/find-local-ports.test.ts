// "Cannot assign requested address", with what the server shows of its local ports.
import { expect, test } from 'vitest';
import { findLocalPorts } from '../../../src/diagnosis/sockets/find-local-ports.ts';
import type { LocalPorts } from '../../../src/diagnosis/witness.ts';
import { clues, command, own } from '../clues.ts';

const ports = (taken: number): LocalPorts => ({
  first: 50000,
  last: 50099,
  peers: new Map([
    ['127.0.0.1:8081', taken],
    ['127.0.0.1:25', 1],
  ]),
  summary: ['TCP:   120 (estab 100, closed 11, orphaned 0, timewait 0)'],
});

test.each([
  'dial tcp 127.0.0.1:8081: connect: cannot assign requested address',
  'java.net.NoRouteToHostException: Cannot assign requested address (Address not available)',
  "ERROR 2003 (HY000): Can't connect to MySQL server on '127.0.0.1:3306' (99)",
  'Error: connect EADDRNOTAVAIL 127.0.0.1:8081',
])('%s', (words) => {
  const found = findLocalPorts(clues({ attempts: [command(words)], witness: { localPorts: ports(100) } }));
  expect(found).toMatchObject({ blame: 'server', finding: { id: 'no-local-port' } });
  expect(found?.finding.title).toContain('used up');
  expect(found?.finding.evidence).toContain('ss: 100 of them are connected to 127.0.0.1:8081 now');
});

test('ports that are free now are not said to be used up', () => {
  const attempts = [command('connect: cannot assign requested address'), own('connected', 8081)];
  const found = findLocalPorts(clues({ attempts, witness: { localPorts: ports(3) } }));
  expect(found?.finding.title).not.toContain('used up');
  expect(found?.finding.evidence.join('\n')).toContain(
    "lo-doctor's own attempt at 127.0.0.1:8081, right after it, is answered",
  );
});

test('::1 without an address on lo is told as that', () => {
  const fault = {
    kinds: ['ip6'],
    outcome: 'absent',
    finding: {
      id: 'ip6-off',
      severity: 'notice',
      title: 'IPv6 is off',
      evidence: ['it is 1'],
      advice: '',
      commands: [],
    },
  } as const;
  const words = 'dial tcp [::1]:8081: connect: cannot assign requested address';
  const found = findLocalPorts(clues({ attempts: [command(words)], witness: { wayFaults: [fault] } }));
  expect(found?.finding).toMatchObject({
    id: 'ip6-off',
    severity: 'problem',
    evidence: [`its output: ${words}`, 'it is 1'],
  });
});

test.each([
  ['the command worked', command('cannot assign requested address', { code: 0 })],
  ['it said something else', command('connection refused')],
])('nothing is said where %s', (_, attempt) => {
  expect(findLocalPorts(clues({ attempts: [attempt] }))).toBeNull();
});
