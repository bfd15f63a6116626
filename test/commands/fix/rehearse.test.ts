import { expect, test } from 'vitest';
import { runRehearsal } from '../../../src/commands/fix/rehearse.ts';
import type { Host } from '../../../src/host/host.ts';
import { practiceHost } from '../../../src/host/practice/practice-host.ts';
import { testIo } from '../io.ts';

/** A server on which all time flows so many times as fast. */
const SPEED = 5;
const hurried = (id: string): Host => {
  const start = Date.now();
  return practiceHost(id, { now: () => new Date(start + (Date.now() - start) * SPEED), speed: SPEED });
};

const rules = async (host: Host) => (await host.run(['iptables-save'])).stdout.replace(/^#.*\n|\[\d+:\d+\]/gm, '');

const rehearse = async (host: Host, json = false) => {
  const { io, written } = testIo();
  const code = await runRehearsal({ kind: 'all' }, json, { host, caseId: 'r1', io });
  return { code, stdout: written.stdout.replaceAll(/\s+/g, ' ') };
};

test('the rollback is tried out with a rule that does nothing, which is listed and then gone', async () => {
  const host = hurried('wordpress');
  const before = await rules(host);
  const seen: string[] = [];
  const watched: Host = {
    ...host,
    run: async (command, options) => {
      const result = await host.run(command, options);
      if (command.includes('-I')) seen.push(await rules(host));
      return result;
    },
  };
  const { code, stdout } = await rehearse(watched);
  expect(stdout).toMatch(
    /^The rollback works on this server\. .*It was listed meanwhile \(iptables-save.*\); \d+\.\d s after/,
  );
  expect(code).toBe(0);
  expect(seen.join()).toContain('-o lo -m comment --comment "lo-doctor r1-try: does nothing"\n');
  expect(await rules(host)).toBe(before);
  expect((await host.run(['ls', '/run/lo-doctor', '/var/lib/lo-doctor'])).stdout).not.toContain('r1');
}, 40_000);

test('a rollback that can not be armed is no rehearsal, and nothing was changed', async () => {
  const host = hurried('wordpress');
  const stuck: Host = {
    ...host,
    run: (command, options) =>
      command[0] !== 'tee' && command.join(' ').includes('watch') ? host.run(['false']) : host.run(command, options),
  };
  await expect(rehearse(stuck)).rejects.toThrow('could not be armed, so nothing was changed');
}, 40_000);

test('a server that has nothing to fix rehearses all the same, as a document', async () => {
  const host = hurried('nobody-listens');
  const { code, stdout } = await rehearse(host, true);
  expect(JSON.parse(stdout)).toMatchObject({
    schema: 'lo-doctor.rehearsal/1',
    case: 'r1-try',
    result: 'works',
    wait: 10,
  });
  expect(code).toBe(0);
}, 40_000);
