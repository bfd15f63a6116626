// A command that is refused what lo-doctor is given.
import { expect, test } from 'vitest';
import type { CommandTrail } from '../../../src/diagnosis/attempt.ts';
import { findControlGroup } from '../../../src/diagnosis/causes/find-control-group.ts';
import { rules } from '../../firewall/fix/rules.ts';
import { clues, command, failure, own } from '../clues.ts';

const REFUSED = 'PermissionError: [Errno 1] Operation not permitted';
const SILENT = 'TimeoutError: timed out';
const DENY = {
  unit: 'app.service',
  settings: ['IPAddressDeny=127.0.0.0/8'],
  controlGroup: '/system.slice/app.service',
};

const trail = (cgroup: string | null, known: Partial<CommandTrail> = {}): CommandTrail => ({
  user: null,
  elsewhere: false,
  programs: [],
  sockets: [
    {
      protocol: 'tcp',
      state: 'SYN-SENT',
      local: { address: '127.0.0.1', port: 40_000 },
      peer: { address: '127.0.0.1', port: 5432 },
      device: null,
      process: 'app',
      uid: 0,
      isOwn: true,
      isBehind: false,
      cgroup,
    },
  ],
  outside: [],
  ...known,
});

test('refused there and answered here: told with all that is known to differ', () => {
  const attempts = [command(REFUSED, { trail: trail('/system.slice/app.service') }), own('connected')];
  const found = findControlGroup(clues({ attempts, witness: { serviceLimits: [DENY], ownGroup: '/user.slice' } }));
  expect(found).toMatchObject({ blame: 'server', finding: { id: 'control-group-filter' } });
  const evidence = found?.finding.evidence.join('\n');
  expect(evidence).toContain("its control group /system.slice/app.service; lo-doctor's own is /user.slice");
  expect(evidence).toContain('systemctl show app.service: IPAddressDeny=127.0.0.0/8');
  expect(found?.finding.commands[0]?.at(-1)).toBe('app.service');
});

test('a question over UDP that nobody answers was let out all the same', () => {
  const attempts = [command(REFUSED), own('timed-out', 8125, 'udp')];
  const known = { attempts, failures: [failure('timed-out', '127.0.0.1', 8125, 'udp')] };
  expect(findControlGroup(clues(known))).toMatchObject({ explains: [{ end: 'timed-out' }] });
});

test('a silence is explained by a control group that is known to be filtered, and by no other', () => {
  const of = (cgroup: string) => {
    const attempts = [command(SILENT, { trail: trail(cgroup) }), own('connected')];
    return findControlGroup(clues({ attempts, witness: { serviceLimits: [DENY] } }))?.finding.id;
  };
  expect(of('/system.slice/app.service')).toBe('control-group-filter');
  expect(of('/system.slice/other.service')).toBeUndefined();
});

test.each([
  ['lo-doctor was not let out either', [command(REFUSED), own('timed-out')]],
  ['nothing was tried', [command(REFUSED)]],
  ['it is about a file', [command("chown: changing ownership of '/srv/x': Operation not permitted"), own('connected')]],
  [
    'it runs in another network namespace',
    [command(REFUSED, { trail: trail(null, { elsewhere: true }) }), own('connected')],
  ],
  ['it worked', [command(REFUSED, { code: 0 }), own('connected')]],
])('nothing is said where %s', (_, attempts) => {
  expect(findControlGroup(clues({ attempts }))).toBeNull();
});

test('a user whom the server does not know is not said to be root', () => {
  const attempts = [command(REFUSED, { trail: trail(null, { user: 'unknown' }) }), own('connected')];
  const evidence = findControlGroup(clues({ attempts }))?.finding.evidence.join('\n');
  expect(evidence).toContain('whom the command ran as is not known');
  expect(evidence).not.toContain('the same user');
});

test('where rules drop other packets, netfilter may have said the word about one of those', () => {
  const attempts = [command(REFUSED), own('connected')];
  const ruleset = rules('-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -j DROP');
  expect(findControlGroup(clues({ attempts, ruleset }))).toMatchObject({ blame: 'unknown' });
  const elsewhere = {
    finding: { id: 'no-route', severity: 'problem', title: '', evidence: [], advice: '', commands: [] },
    blame: 'filter',
    explains: [],
  } as const;
  expect(findControlGroup({ ...clues({ attempts, ruleset }), found: [elsewhere] })).toBeNull();
});
