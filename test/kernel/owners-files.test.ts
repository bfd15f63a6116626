// The files that ufw and firewalld rewrite for a fix: backed up, and after an undo byte for byte what they were.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runConfirm, runUndo } from '../../src/commands/cases/cases.ts';
import { runFix } from '../../src/commands/fix/fix.ts';
import { testIo } from '../commands/io.ts';
import { describeKernel } from './available.ts';
import { listRules } from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';
import { startFirewalld } from './lab-firewalld.ts';

const userRules = ['/etc/ufw/user.rules', '/etc/ufw/user6.rules'];
const directRules = '/etc/firewalld/direct.xml';
const backups = (...names: readonly string[]) => names.map((name) => `/var/lib/lo-doctor/k1/${name}.before`);

/** ufw that stops loopback by its default policy, with a user rule, and with notes of somebody's in its file. */
async function startUfw(lab: Lab): Promise<void> {
  await lab.run([
    'sh',
    '-ec',
    `sed -i '/ lo -j ACCEPT/d' /etc/ufw/before.rules /etc/ufw/before6.rules
    ufw default deny outgoing; ufw --force enable; ufw allow out 53; ufw reload
    sed -i 's/^### RULES ###/# by hand: ask Ann\\n&/' ${userRules[0]}`,
  ]);
}

/** firewalld with a direct rule that stops loopback, kept for the next boot or not. */
async function startFirewalldThatDrops(lab: Lab, isKept: boolean): Promise<void> {
  await startFirewalld(lab);
  await lab.run(['systemctl', 'enable', '-q', 'firewalld']);
  const add = (when: string) => `firewall-cmd ${when} --direct --add-rule ipv4 filter OUTPUT 3 -j DROP`;
  await lab.run(['sh', '-ec', `${isKept ? `${add('--permanent')};` : ''} ${add('')}`]);
}

const contents = (lab: Lab, files: readonly string[]) =>
  lab.run(['sh', '-c', 'cat "$@" 2>&1; ls -l "$@" 2>&1 | cut -d" " -f1-4', 'sh', ...files]);

async function fix(lab: Lab, confirmWithin: number | null = null) {
  const { io, written } = testIo();
  const options = { choice: { kind: 'all' }, isDryRun: false, yes: true, confirmWithin, json: true } as const;
  const code = await runFix(options, { host: hostInLab(lab), caseId: 'k1', io });
  expect(code, JSON.stringify(written)).toBe(0);
  return JSON.parse(written.stdout);
}

async function undo(lab: Lab): Promise<string> {
  const { io, written } = testIo();
  expect(await runUndo('k1', hostInLab(lab), io)).toBe(0);
  return written.stdout;
}

describeKernel('the files of ufw', () => {
  it('are backed up before ufw changes them, are told, and come back byte for byte', async () => {
    await using lab = await startLab();
    await startUfw(lab);
    const [rules, before] = [await listRules(lab), await contents(lab, userRules)];
    const { saved } = await fix(lab);
    expect(saved).toMatchObject({ files: userRules, backups: backups('user.rules', 'user6.rules'), advice: [] });
    expect(await contents(lab, backups('user.rules', 'user6.rules'))).toBe(before);
    expect(await lab.run(['sh', '-c', 'cat /var/lib/lo-doctor/k1/report.md'])).toContain('user6.rules.before');
    // ufw itself would not bring the note back.
    expect(await contents(lab, userRules)).not.toContain('ask Ann');
    expect(await undo(lab)).toContain(`${userRules[0]} is byte for byte as it was.`);
    expect(await contents(lab, userRules)).toBe(before);
    expect(await listRules(lab)).toBe(rules);
  });

  it('come back as well when nobody confirms the fix in time', async () => {
    await using lab = await startLab();
    await startUfw(lab);
    const [rules, before] = [await listRules(lab), await contents(lab, userRules)];
    await fix(lab, 20);
    expect(await contents(lab, userRules)).not.toBe(before);
    await expect.poll(() => lab.run(['ls', '/var/lib/lo-doctor/k1']), { timeout: 45_000 }).toContain('rolled-back');
    expect(await contents(lab, userRules)).toBe(before);
    expect(await listRules(lab)).toBe(rules);
  });

  it('keep what somebody else has told ufw meanwhile', async () => {
    await using lab = await startLab();
    await startUfw(lab);
    await fix(lab);
    await lab.run(['ufw', 'allow', 'out', '8080/tcp']);
    await lab.run(['ufw', 'reload']);
    const told = await undo(lab);
    expect(told).toContain(`${userRules[0]} has been changed by somebody else too, and that stays.`);
    expect(told).toContain(backups('user.rules')[0]);
    const status = await lab.run(['ufw', 'status']);
    expect(status).toContain('8080/tcp');
    expect(status).not.toContain(' on lo');
    expect(await contents(lab, userRules)).not.toContain('out_lo');
    expect(await lab.run(['iptables', '-S', 'ufw-user-output'])).toContain('--dport 8080');
  });
});

describeKernel('the file of firewalld’s direct rules', () => {
  it('is backed up right before firewalld changes it, and comes back byte for byte', async () => {
    await using lab = await startLab();
    await startFirewalldThatDrops(lab, true);
    await lab.run(['sed', '-i', 's/^<direct>/<!-- ask Ann -->\\n&/', directRules]);
    const [rules, before] = [await listRules(lab), await contents(lab, [directRules])];
    await fix(lab, 60);
    expect(await contents(lab, [directRules])).toBe(before);
    const { io, written } = testIo();
    expect(await runConfirm('k1', hostInLab(lab), io)).toBe(0);
    expect(written.stdout).toContain(`Saved for the next boot in ${directRules}.`);
    expect(await contents(lab, backups('direct.xml'))).toBe(before);
    expect(await contents(lab, [directRules])).toContain('lo-doctor k1');
    expect(await undo(lab)).toContain(`${directRules} is byte for byte as it was.`);
    expect(await contents(lab, [directRules])).toBe(before);
    expect(await listRules(lab)).toBe(rules);
  });

  it('is gone again where there was none before', async () => {
    await using lab = await startLab();
    await startFirewalldThatDrops(lab, false);
    expect(await fix(lab)).toMatchObject({ saved: { files: [directRules], backups: [], nextBoot: 'unknown' } });
    expect(await undo(lab)).toContain(`${directRules} is gone again.`);
    expect(await lab.exec(['test', '-e', directRules])).toMatchObject({ code: 1 });
  });

  it('keeps a direct rule that somebody else adds meanwhile', async () => {
    await using lab = await startLab();
    await startFirewalldThatDrops(lab, true);
    await fix(lab);
    for (const when of ['', '--permanent '])
      await lab.run([
        'sh',
        '-c',
        `firewall-cmd ${when}--direct --add-rule ipv4 filter OUTPUT 1 -p tcp --dport 8080 -j ACCEPT`,
      ]);
    await sleep(1000);
    expect(await undo(lab)).toContain('has been changed by somebody else too');
    for (const when of ['', '--permanent ']) {
      const rules = await lab.run(['sh', '-c', `firewall-cmd ${when}--direct --get-all-rules`]);
      expect(rules).toContain('8080');
      expect(rules).not.toContain('lo-doctor');
    }
  });
});
