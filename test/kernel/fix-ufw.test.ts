// Planned fixes on a server that ufw looks after, with the real ufw.
import { expect, it } from 'vitest';
import type { FixPlan } from '../../src/firewall/fix/plan.ts';
import { planFix } from '../../src/firewall/fix/plan-fix.ts';
import { saveForBoot } from '../../src/host/next-boot/save-for-boot.ts';
import { describeKernel } from './available.ts';
import {
  attemptsEverywhere,
  attemptsThat,
  failures,
  listenEverywhere,
  listRules,
  readRules,
  runAll,
  successes,
  surroundings,
  textsOf,
} from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';

const options = { caseId: 'k1', iptables: 'nft', manager: 'ufw' } as const;
const beforeRules = ['/etc/ufw/before.rules', '/etc/ufw/before6.rules'];

/** ufw, switched on, after a change of its own files. */
async function startUfw(lab: Lab, change: string): Promise<void> {
  // The first reload after an own change makes ufw put a few of its rules in place that enabling leaves out.
  await lab.run(['sh', '-ec', `${change}; ufw --force enable; ufw reload`]);
}

async function planAll(lab: Lab): Promise<FixPlan> {
  return planFix(await readRules(lab), surroundings, [], { kind: 'all' }, options);
}

const lines = ({ apply }: FixPlan) => apply.map(({ command }) => command.join(' '));

describeKernel('a fix on a server with ufw', () => {
  it('is nothing where ufw is as it comes: it lets loopback through, whatever its defaults are', async () => {
    await using lab = await startLab();
    await listenEverywhere(lab);
    await startUfw(lab, 'ufw default deny outgoing');
    expect(await failures(lab, attemptsEverywhere())).toEqual([]);
    expect((await planAll(lab)).changes).toEqual([]);
  });

  it('is said by ufw where its user rules come early enough, for both families, and lasts', async () => {
    await using lab = await startLab();
    await listenEverywhere(lab);
    // Somebody took the permits for lo out of the files.
    await startUfw(lab, `sed -i '/ lo -j ACCEPT/d' ${beforeRules.join(' ')}; ufw default deny outgoing`);
    const before = await listRules(lab);
    const blocked = attemptsThat('blocked', await readRules(lab), attemptsEverywhere());
    expect(blocked.length).toBeGreaterThan(0);
    expect(await successes(lab, blocked)).toEqual([]);
    const fix = await planAll(lab);
    expect(lines(fix).sort()).toEqual([
      'ufw prepend allow in on lo comment lo-doctor k1: permit loopback',
      'ufw prepend allow out on lo comment lo-doctor k1: permit loopback',
    ]);
    expect(fix.bootInsertions).toEqual([]);
    await runAll(lab, fix.apply);
    expect(await failures(lab, attemptsEverywhere())).toEqual([]);
    expect(textsOf(await readRules(lab))).toEqual(textsOf(fix.after));
    await lab.run(['ufw', 'reload']);
    expect(await failures(lab, attemptsEverywhere())).toEqual([]);
    await runAll(lab, fix.undo);
    await runAll(lab, fix.undo);
    expect(await listRules(lab)).toBe(before);
  });

  it('goes into ufw’s files where a rule there drops loopback before any user rule', async () => {
    await using lab = await startLab();
    await listenEverywhere(lab);
    const drop = (version: string) =>
      `sed -i 's/^-A ufw${version}-before-output -o lo/-A ufw${version}-before-output -o lo -p tcp --dport 25 -j DROP\\n&/' /etc/ufw/before${version}.rules`;
    await startUfw(lab, `${drop('')}; ${drop('6')}`);
    const before = await listRules(lab);
    const fix = await planAll(lab);
    expect(fix.changes.map(({ place }) => place.chain)).toEqual(['ufw-before-output', 'ufw6-before-output']);
    await runAll(lab, fix.apply);
    expect(await failures(lab, attemptsEverywhere())).toEqual([]);
    const saved = await saveForBoot(hostInLab(lab), { caseId: options.caseId, insertions: fix.bootInsertions });
    expect(saved).toMatchObject({ files: beforeRules, advice: [] });
    await lab.run(['ufw', 'reload']);
    expect(await failures(lab, attemptsEverywhere())).toEqual([]);
    expect(textsOf(await readRules(lab))).toEqual(textsOf(fix.after));
    await runAll(lab, fix.undo);
    expect(await listRules(lab)).toBe(before);
  });

  it('leaves a permit of the user’s own alone that comes too late', async () => {
    await using lab = await startLab();
    await listenEverywhere(lab);
    await startUfw(
      lab,
      `sed -i 's/^-A ufw-before-output -o lo.*/-A ufw-before-output -p tcp --dport 25 -j DROP/' /etc/ufw/before.rules; ufw allow out on lo`,
    );
    const fix = await planAll(lab);
    expect(lines(fix).join()).not.toContain('ufw prepend');
    expect(fix.notes.join()).toContain('permits loopback already');
    await runAll(lab, fix.apply);
    expect(await failures(lab, attemptsEverywhere())).toEqual([]);
    await runAll(lab, fix.undo);
    expect(await lab.run(['ufw', 'status'])).toContain('ALLOW OUT');
  });

  it('permits single services by ufw as well', async () => {
    await using lab = await startLab();
    await listenEverywhere(lab);
    await startUfw(
      lab,
      `sed -i '/ lo -j ACCEPT/d' ${beforeRules.join(' ')}; ufw default deny outgoing; ufw default allow incoming`,
    );
    const services = [{ protocol: 'tcp', port: 25 }] as const;
    const fix = planFix(await readRules(lab), surroundings, [], { kind: 'services', services }, options);
    expect(lines(fix)).toEqual([
      'ufw prepend allow out on lo proto tcp to any port 25 comment lo-doctor k1: permit tcp/25 on loopback',
    ]);
    await runAll(lab, fix.apply);
    const chosen = attemptsEverywhere([25]).filter(({ protocol }) => protocol === 'tcp');
    expect(await failures(lab, chosen)).toEqual([]);
    expect(textsOf(await readRules(lab))).toEqual(textsOf(fix.after));
  });
});
