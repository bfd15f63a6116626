// What another user puts where cases are kept: root neither reads nor runs it.
import { expect, it } from 'vitest';
import { runConfirm, runUndo } from '../../src/commands/cases/cases.ts';
import { listCases } from '../../src/host/trial/case-file.ts';
import { rollBackOverdue, startTrial } from '../../src/host/trial/trial.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';

const OTHER = 33;
const PWNED = '/run/lock/pwned';
const permit = ['iptables-nft', '-w', '5', '-I', 'OUTPUT', '-o', 'lo', '-j', 'ACCEPT'] as const;
const change = {
  apply: [{ command: permit }],
  undo: [{ command: ['iptables-nft', '-w', '5', '-D', 'OUTPUT', '-o', 'lo', '-j', 'ACCEPT'] as const }],
};

/** An overdue case whose scripts show that they were run, as a user makes it. */
const plant = (root: string, id: string) => `umask 022; mkdir -p ${root}/${id}; cd ${root}/${id}
echo '{"schema":"lo-doctor.case/1","id":"${id}","kind":"trial","startedAt":"2026-11-22T17:00:00.000Z","apply":[],"undo":[]}' >case.json
: >armed; echo 1 >deadline
for script in roll-back put-away watch; do echo 'touch ${PWNED}; mv "\${0%/*}/armed" "\${0%/*}/rolled-back"' >$script; done`;

const asOther = (lab: Lab, script: string) => lab.run(['sh', '-c', script], { uid: OTHER });
const quiet = { stdout: () => {} };

/** All that could make lo-doctor read or run a case. */
async function meetPlanted(lab: Lab, id: string): Promise<void> {
  const host = hostInLab(lab);
  await rollBackOverdue(host);
  await runUndo(null, host, quiet).catch(() => {});
  await runUndo(id, host, quiet).catch(() => {});
  await runConfirm(id, host, quiet).catch(() => {});
  expect((await lab.exec(['test', '-e', PWNED])).code).not.toBe(0);
}

describeKernel('a case that another user has made', () => {
  it('is not looked for where everybody may write', async () => {
    await using lab = await startLab();
    await lab.run(['sh', '-c', 'mount -t tmpfs -o mode=1777 shm /dev/shm']);
    await asOther(lab, plant('/dev/shm/lo-doctor', 'evil'));
    await meetPlanted(lab, 'evil');
    expect(await listCases(hostInLab(lab))).toEqual({ cases: [], strange: [] });
  });

  it.each(['/run/lo-doctor', '/var/lib/lo-doctor'])('is named and left alone in a %s that is theirs', async (root) => {
    await using lab = await startLab();
    await lab.run(['sh', '-c', `rm -rf ${root}; mkdir ${root}; chown ${OTHER} ${root}`]);
    await asOther(lab, plant(root, 'evil'));
    await meetPlanted(lab, 'evil');
    const strange = `${root}/evil is not root's alone, so nothing in it was read or run.`;
    expect(await listCases(hostInLab(lab))).toEqual({ cases: [], strange: [strange] });
  });

  it('does not shadow a real one, which goes on to be taken back', async () => {
    await using lab = await startLab();
    const host = hostInLab(lab);
    await lab.run(['sh', '-c', 'mount -t tmpfs -o mode=1777 shm /dev/shm']);
    await asOther(lab, plant('/dev/shm/lo-doctor', 'real'));
    await startTrial(host, { caseId: 'real', ...change, confirmWithin: 60 });
    expect(await lab.run(['iptables-nft', '-S', 'OUTPUT'])).toContain('-o lo');
    expect(await runUndo('real', host, quiet)).toBe(0);
    expect(await lab.run(['iptables-nft', '-S', 'OUTPUT'])).not.toContain('-o lo');
    expect((await lab.exec(['test', '-e', PWNED])).code).not.toBe(0);
  });

  it('is not to come: where records would be open to others, nothing is begun', async () => {
    await using lab = await startLab();
    await lab.run(['sh', '-c', 'mkdir -p /var/lib/lo-doctor; chmod 755 /var/lib/lo-doctor']);
    const before = await lab.run(['iptables-nft', '-S']);
    const trial = startTrial(hostInLab(lab), { caseId: 'real', ...change, confirmWithin: 60 });
    await expect(trial).rejects.toThrow(
      "root's alone: what is remembered there could not be trusted. Nothing was changed.",
    );
    expect(await lab.run(['iptables-nft', '-S'])).toBe(before);
    expect(await lab.run(['ls', '/run/lo-doctor'])).toBe('');
  });

  it('is not made use of where a directory of ours was opened to others', async () => {
    await using lab = await startLab();
    const host = hostInLab(lab);
    await startTrial(host, { caseId: 'real', ...change, confirmWithin: 60 });
    await lab.run(['chmod', '777', '/run/lo-doctor/real']);
    await expect(runUndo('real', host, quiet)).rejects.toThrow("is not root's alone");
  });
});
