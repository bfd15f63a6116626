import { expect, test } from 'vitest';
import { runConfirm, runUndo } from '../../../src/commands/cases/cases.ts';
import { runReport } from '../../../src/commands/cases/report.ts';
import { type FixCommandOptions, runFix } from '../../../src/commands/fix/fix.ts';
import type { Host } from '../../../src/host/host.ts';
import { practiceHost } from '../../../src/host/practice/practice-host.ts';
import { parseService } from '../../../src/options/parse-service.ts';
import { testIo } from '../io.ts';

const ALL: FixCommandOptions = {
  choice: { kind: 'all' },
  isDryRun: false,
  yes: false,
  confirmWithin: null,
  json: false,
};

const rulesOf = async (host: Host): Promise<string[]> =>
  (await host.run(['iptables-save'])).stdout.split('\n').filter((line) => line.startsWith('-A OUTPUT'));

const savedRules = async (host: Host): Promise<string> => (await host.run(['cat', '/etc/iptables/rules.v4'])).stdout;

const fix = async (host: Host, options: Partial<FixCommandOptions>, typed: string[] = [], isTerminal = false) => {
  const { io, written } = testIo({ typed, isTerminal });
  const code = await runFix({ ...ALL, ...options }, { host, caseId: 'a1', io });
  return { code, ...written };
};

const PERMIT = '-A OUTPUT -o lo -m comment --comment "lo-doctor a1: permit loopback" -j ACCEPT';

test('a dry run shows the commands and changes nothing', async () => {
  const host = practiceHost('wordpress', { speed: 20 });
  const before = await rulesOf(host);
  const { code, stdout } = await fix(host, { isDryRun: true });
  expect(code).toBe(0);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    "iptables -w 5 -t filter -I OUTPUT 6 -o lo -m comment --comment 'lo-doctor a1: permit loopback' -j ACCEPT",
  );
  expect(await rulesOf(host)).toEqual(before);
});

test('with yes the fix is applied, tried, kept and saved; undo takes both back', async () => {
  const host = practiceHost('wordpress', { speed: 20 });
  const before = await rulesOf(host);
  const savedBefore = await savedRules(host);
  const { code, stdout } = await fix(host, { yes: true });
  expect(code).toBe(0);
  expect(stdout).toContain('TCP to 127.0.0.1:21: answers');
  expect(await rulesOf(host)).toEqual([...before.slice(0, 5), PERMIT, ...before.slice(5)]);
  expect(await savedRules(host)).toContain(PERMIT);

  const { io, written } = testIo();
  expect(await runReport(null, { format: 'md', privacy: false }, host, io)).toBe(0);
  expect(written.stdout).toContain('# lo-doctor on web1: Fixed, verified and kept');

  expect(await runUndo(null, host, testIo().io)).toBe(0);
  expect(await rulesOf(host)).toEqual(before);
  expect(await savedRules(host)).toBe(savedBefore);
});

/** The same server, but nobody listens there, and pings can't be sent. */
const deserted = (): Host => {
  const host = practiceHost('wordpress', { speed: 20 });
  return {
    ...host,
    run: async (command, options) => {
      if (command[0] === 'ss') return { code: 0, stdout: '', stderr: '', timedOut: false };
      if (command[0] === 'ping') return { code: 127, stdout: '', stderr: '', timedOut: false };
      return host.run(command, options);
    },
  };
};

test('where nothing can be tried the fix is kept, and never said to be verified', async () => {
  const host = deserted();
  const { code, stdout } = await fix(host, { yes: true });
  const said = stdout.replaceAll(/\s+/g, ' ');
  expect(code).toBe(4);
  expect(said).toContain('Kept, not verified: ');
  expect(said).not.toContain('Fixed, verified');
  expect(await rulesOf(host)).toContain(PERMIT);
  const { io, written } = testIo();
  expect(await runReport(null, { format: 'json', privacy: false }, host, io)).toBe(0);
  expect(JSON.parse(written.stdout)).toMatchObject({
    outcome: 'kept-unverified',
    verification: { works: false, result: 'untried' },
  });
});

test('on a terminal both applying and keeping are asked for', async () => {
  const host = practiceHost('wordpress', { speed: 20 });
  const before = await rulesOf(host);
  expect((await fix(host, {}, ['n'], true)).code).toBe(1);
  expect(await rulesOf(host)).toEqual(before);
  expect((await fix(host, {}, ['y', 'n'], true)).code).toBe(5);
  expect(await rulesOf(host)).toEqual(before);
});

test('without a terminal and without yes nothing is applied', async () => {
  const host = practiceHost('wordpress', { speed: 20 });
  await expect(fix(host, {})).rejects.toThrow('without a terminal to ask in, --yes has to say so');
});

test('a fix with a time to confirm waits for confirm, which saves it', async () => {
  const host = practiceHost('wordpress', { speed: 20 });
  const { code, stdout } = await fix(host, { yes: true, confirmWithin: 30 });
  expect(code).toBe(0);
  expect(stdout).toContain('lo-doctor confirm a1');
  expect(await savedRules(host)).not.toContain(PERMIT);
  const confirmed = testIo();
  expect(await runConfirm(null, host, confirmed.io, true)).toBe(0);
  expect(JSON.parse(confirmed.written.stdout)).toMatchObject({
    schema: 'lo-doctor.confirm/1',
    case: 'a1',
    outcome: 'kept',
    files: expect.arrayContaining(['/etc/iptables/rules.v4']),
    advice: [],
  });
  expect(await savedRules(host)).toContain(PERMIT);
  const undone = testIo();
  expect(await runUndo(null, host, undone.io, true)).toBe(0);
  expect(JSON.parse(undone.written.stdout)).toMatchObject({
    schema: 'lo-doctor.undo/1',
    case: 'a1',
    outcome: 'taken-back',
    compared: expect.arrayContaining([
      { path: '/etc/iptables/rules.v4', isAsBefore: true, backup: expect.any(String) },
    ]),
  });
  await expect(runConfirm(null, host, testIo().io)).rejects.toThrow('No fix waits');
});

test('one service only is permitted, with what its replies need', async () => {
  const host = practiceHost('mail', { speed: 20 });
  const { code } = await fix(host, {
    choice: { kind: 'services', services: [{ protocol: 'tcp', port: 25 }] },
    yes: true,
  });
  expect(code).toBe(0);
  const added = (await rulesOf(host)).filter((rule) => rule.includes('lo-doctor'));
  expect(added.join('\n')).toContain('--dport 25');
  expect(added.every((rule) => rule.includes('-o lo'))).toBe(true);
});

test('where loopback passes there is nothing to do', async () => {
  const { code, stdout } = await fix(practiceHost('elsewhere', { speed: 20 }), { yes: true });
  expect(code).toBe(0);
  expect(stdout).toContain('nothing to fix');
});

test('a service that a rule stops for one user only is planned for that user', async () => {
  const host = practiceHost('elsewhere', { speed: 20 });
  await host.run(['iptables', '-I', 'OUTPUT', '1', '-m', 'owner', '--uid-owner', '33', '-j', 'REJECT']);
  const choice = { kind: 'services', services: [{ protocol: 'tcp', port: 25 }] } as const;
  const { code, stdout } = await fix(host, { choice, isDryRun: true, json: true });
  expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ result: 'dry-run', remaining: [] })]);
  expect(stdout).toContain('"--dport","25"');
});

test('the document of a server with nothing to fix has the answer about the next boot', async () => {
  const { stdout } = await fix(practiceHost('elsewhere', { speed: 20 }), { json: true });
  expect(JSON.parse(stdout)).toMatchObject({
    result: 'nothing-to-do',
    nextBoot: { loopback: expect.stringMatching(/^(passes|unknown)$/), reasons: [expect.any(String)] },
  });
});

test('a fix that waits although its own attempt fails says so, and stays armed', async () => {
  const practice = practiceHost('wordpress', { speed: 20 });
  const host: Host = {
    ...practice,
    run: async (command, options) =>
      command[0] === 'bash'
        ? { code: 1, stdout: '', stderr: 'bash: connect: Connection refused', timedOut: false }
        : practice.run(command, options),
  };
  const { code, stdout } = await fix(host, { yes: true, confirmWithin: 30 });
  expect([code, stdout]).toEqual([1, expect.stringContaining('It does not work yet. The rollback stays armed.')]);
  expect(stdout).toContain('lo-doctor confirm a1');
  expect(await runConfirm(null, host, testIo().io, true)).toBe(0);
});

test('what NAT sends off lo is told as what the answer hangs on', async () => {
  const host = practiceHost('elsewhere', { speed: 20 });
  const nat = ['-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '-j', 'DNAT'];
  await host.run(['iptables', ...nat, '--to-destination', '203.0.113.9']);
  await host.run(['iptables', '-P', 'OUTPUT', 'ACCEPT']);
  const { code, stdout } = await fix(host, {});
  expect(code).toBe(4);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('goes to 203.0.113.9 by rule 1 of OUTPUT');
});

const LIMITED = ['-m', 'limit', '--limit', '5/min', '-j', 'DROP'];

const withDoubt = async (): Promise<Host> => {
  const host = practiceHost('elsewhere', { speed: 20 });
  await host.run(['iptables', '-I', 'OUTPUT', '1', ...LIMITED]);
  return host;
};

test('where it depends on what nobody knows, a fix is offered that is right either way', async () => {
  const { code, stdout } = await fix(await withDoubt(), { isDryRun: true });
  expect(stdout).not.toContain('nothing to fix');
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain("Whether loopback passes can't be told.");
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('-I OUTPUT 1 -o lo');
  expect(code).toBe(0);
});

test('a service is looked at by itself: one that passes needs no fix although others are blocked', async () => {
  const host = practiceHost('wordpress', { speed: 20 });
  await host.run(['iptables', '-I', 'OUTPUT', '1', '-o', 'lo', '-p', 'tcp', '-j', 'ACCEPT']);
  await host.run(['iptables', '-A', 'OUTPUT', '-j', 'DROP']);
  const service = (protocol: 'tcp' | 'udp') =>
    ({ choice: { kind: 'services', services: [{ protocol, port: 25 }] }, isDryRun: true }) as const;
  const passing = await fix(host, service('tcp'));
  expect(passing).toMatchObject({ code: 0, stdout: expect.stringContaining('No rule stops tcp/25 on loopback') });
  const blocked = await fix(host, service('udp'));
  expect(blocked.stdout).toContain('Permit udp/25');
});

test('the document says what was done', async () => {
  const { stdout } = await fix(practiceHost('wordpress', { speed: 20 }), { isDryRun: true, json: true });
  expect(JSON.parse(stdout)).toMatchObject({
    schema: 'lo-doctor.fix/1',
    case: 'a1',
    result: 'dry-run',
    proof: { holds: true },
    doubts: [],
  });
});

test.each(['tcp/0', 'tcp/65536', 'tcp', '25', 'sctp/25', 'tcp/25;reboot'])('"%s" is no service', (text) => {
  expect(parseService(text)).toBeNull();
});

const GUARD = [
  '-o',
  'lo',
  '-p',
  'tcp',
  '--dport',
  '6379',
  '-m',
  'owner',
  '!',
  '--uid-owner',
  '110',
  '-j',
  'DROP',
] as const;
const guarded = async (): Promise<Host> => {
  const host = practiceHost('wordpress', { speed: 20 });
  await host.run(['iptables', '-I', 'OUTPUT', '1', ...GUARD]);
  return host;
};
const unguarded = { kind: 'all-but-guarded' } as const;

test('the permit leaves a guard in force and says so, in words and in the document', async () => {
  const host = await guarded();
  const { code, stdout } = await fix(host, { choice: unguarded, yes: true });
  expect(code).toBe(0);
  expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
    /Left in force, as they stop some of loopback on purpose: .{0,4}rule 1 of OUTPUT .*: stops .*6379/,
  );
  const rules = await rulesOf(host);
  expect(rules[0]).toContain('--dport 6379');
  expect(rules.indexOf(PERMIT)).toBeGreaterThan(1);

  const again = await fix(host, { choice: unguarded, yes: true, json: true });
  expect(again.code).toBe(1);
  expect(JSON.parse(again.stdout)).toMatchObject({
    result: 'guarded',
    commands: [],
    keptGuards: [{ conversation: { destinationPort: 6379 }, rule: { number: 1, chain: 'OUTPUT' } }],
  });
  expect(await rulesOf(host)).toEqual(rules);
});

test('a permit for all of loopback names each rule that it goes round', async () => {
  const host = await guarded();
  const { stdout } = await fix(host, { isDryRun: true });
  expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/no longer meet: .{0,4}rule 1 of OUTPUT .*: a guard, it stops some/);
  const told = JSON.parse((await fix(host, { isDryRun: true, json: true })).stdout);
  expect(told.jumped[0]).toMatchObject({ isGuard: true, does: ['stops'], rule: { number: 1, chain: 'OUTPUT' } });
});
