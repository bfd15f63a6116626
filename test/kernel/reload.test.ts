// The firewall is loaded anew by its owner while a fix waits to be kept, or while lo-doctor logs: noticed, told, and nothing lost.
import { expect, it } from 'vitest';
import { runConfirm, runUndo } from '../../src/commands/cases/cases.ts';
import { runFix } from '../../src/commands/fix/fix.ts';
import { begin } from '../../src/wizard/state.ts';
import { serverWork } from '../../src/work/server-work.ts';
import { testIo } from '../commands/io.ts';
import { describeKernel } from './available.ts';
import { listenEverywhere, listRules } from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';
import { startFirewalld } from './lab-firewalld.ts';

const PORT = 25;

type Owner = {
  readonly name: string;
  readonly start: (lab: Lab) => Promise<void>;
  readonly reload: readonly [string, ...string[]];
  readonly files: readonly string[];
};

const dropInFile = (version: string) => {
  const chain = `-A ufw${version}-before-output`;
  return `sed -i 's/^${chain} -o lo/${chain} -o lo -j DROP\\n&/' /etc/ufw/before${version}.rules`;
};

const owners: readonly Owner[] = [
  {
    name: 'ufw',
    start: async (lab) => {
      await lab.run(['sh', '-ec', `${dropInFile('')}; ${dropInFile('6')}; ufw --force enable; ufw reload`]);
    },
    reload: ['ufw', 'reload'],
    files: ['/etc/ufw/before.rules', '/etc/ufw/before6.rules'],
  },
  {
    name: 'firewalld',
    start: async (lab) => {
      await startFirewalld(lab);
      const add = (version: string) =>
        `firewall-cmd --permanent --direct --add-rule ${version} filter OUTPUT 3 -j DROP`;
      // Its own table is behind those of iptables from the second reload on.
      await lab.run(['sh', '-ec', `${add('ipv4')}; ${add('ipv6')}; firewall-cmd --reload; firewall-cmd --reload`]);
    },
    reload: ['firewall-cmd', '--reload'],
    files: ['/etc/firewalld/direct.xml'],
  },
];

const ends = async (lab: Lab) => {
  const talks = await Promise.all(['127.0.0.1', '::1'].map((to) => lab.probe(to, PORT, { deadline: 1000 })));
  return talks.map(({ outcome }) => outcome);
};

/** A server on which the owner stops loopback, with a fix that waits to be kept. */
async function startWaiting(lab: Lab, { start }: Owner): Promise<string> {
  await start(lab);
  await listenEverywhere(lab, [PORT]);
  const before = await listRules(lab);
  const { io, written } = testIo();
  const options = { choice: { kind: 'all' }, isDryRun: false, yes: true, confirmWithin: 120, json: true } as const;
  expect(await runFix(options, { host: hostInLab(lab), caseId: 'k1', io }), JSON.stringify(written)).toBe(0);
  return before;
}

const read = (lab: Lab, files: readonly string[]) => lab.run(['cat', ...files]);

describeKernel.each(owners)('a reload by $name', (owner) => {
  const { start, reload, files } = owner;

  it('before a fix is confirmed ends it; confirming puts it in force again, and keeps it', async () => {
    await using lab = await startLab();
    const before = await startWaiting(lab, owner);
    const held = await read(lab, files);
    expect(await ends(lab)).toEqual(['works', 'works']);
    await lab.run(reload);
    expect(await ends(lab)).not.toContain('works');
    const { io, written } = testIo();
    expect(await runConfirm('k1', hostInLab(lab), io)).toBe(0);
    expect(written.stdout).toContain('It was put in force again.');
    expect(await ends(lab)).toEqual(['works', 'works']);
    await lab.run(reload);
    expect(await ends(lab)).toEqual(['works', 'works']);
    expect(await runUndo('k1', hostInLab(lab), testIo().io)).toBe(0);
    expect(await listRules(lab)).toBe(before);
    expect(await read(lab, files)).toBe(held);
  });

  it('before an undo leaves nothing to take back, and nothing behind', async () => {
    await using lab = await startLab();
    const before = await startWaiting(lab, owner);
    await lab.run(reload);
    const { io, written } = testIo();
    expect(await runUndo('k1', hostInLab(lab), io)).toBe(0);
    expect(written.stdout).toContain('Case k1 is taken back');
    expect(await listRules(lab)).toBe(before);
  });

  it('while lo-doctor logs is told', async () => {
    await using lab = await startLab();
    await start(lab);
    const before = await listRules(lab);
    const work = serverWork({ host: hostInLab(lab), caseId: 'k1', now: () => new Date() });
    const inspection = await work.inspect();
    const logging = inspection.loggingPlan;
    if (logging === null) throw new Error('no plan');
    await work.turnLoggingOn(logging);
    const walk = {
      ...begin({ id: 'k1', startedAt: new Date(), confirmWithin: 60, story: null }).case,
      inspection,
      logging,
    };
    expect((await work.diagnose(walk)).findings.map(({ id }) => id)).not.toContain('logging-ended');
    await lab.run(reload);
    expect((await work.diagnose(walk)).findings.map(({ id }) => id)).toContain('logging-ended');
    await work.turnLoggingOff();
    expect(await listRules(lab)).toBe(before);
  });
});
