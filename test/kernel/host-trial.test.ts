// The safe change on a real firewall: silence, a kill or a failing command means that the server is as it was before.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { PlannedCommand } from '../../src/firewall/fix/plan.ts';
import { listCases, readCase } from '../../src/host/trial/case-file.ts';
import { confirmCase, rollBackCase, rollBackOverdue, startTemporary, startTrial } from '../../src/host/trial/trial.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';

const policy = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -p tcp -m tcp --dport 25 -j DROP
COMMIT
`;
const foreign = ['-p', 'tcp', '--dport', '99', '-j', 'ACCEPT', '-m', 'comment', '--comment', 'fail2ban'];

/** A permit for loopback, with a comment that no shell may interpret. */
function permit(id: string): { apply: PlannedCommand[]; undo: PlannedCommand[] } {
  const rule = ['-o', 'lo', '-m', 'comment', '--comment', `${id} it's "$(reboot)" \`id\` \\ ; & *`, '-j', 'ACCEPT'];
  return {
    apply: [{ command: ['iptables', '-w', '5', '-I', 'OUTPUT', '1', ...rule] }],
    undo: [{ command: ['iptables', '-w', '5', '-D', 'OUTPUT', ...rule] }],
  };
}

function rules(lab: Lab): Promise<string> {
  return lab.run(['iptables', '-S', 'OUTPUT']);
}

const before = '-P OUTPUT ACCEPT\n-A OUTPUT -p tcp -m tcp --dport 25 -j DROP\n';

async function labWithPolicy(): Promise<Lab> {
  const lab = await startLab();
  await lab.loadRules(policy);
  return lab;
}

describeKernel('a trial', () => {
  it('is rolled back when nobody confirms it in time, and says so', async () => {
    await using lab = await labWithPolicy();
    const host = hostInLab(lab);
    const trial = await startTrial(host, { caseId: 'a', ...permit('a'), confirmWithin: 8 });
    expect(await rules(lab)).toContain('-o lo');
    expect(await trial.state()).toBe('armed');
    await expect.poll(() => rules(lab), { timeout: 12_000, interval: 20 }).toBe(before);
    expect(Math.abs(Date.now() - trial.rollsBackAt)).toBeLessThan(1500);
    await expect.poll(() => trial.state(), { timeout: 15_000 }).toBe('rolled-back');
    expect(await trial.confirm()).toBe('rolled-back');
    expect(await lab.run(['ls', '/run/lo-doctor'])).toBe('');
  });

  it('is taken back by the next start when its watchdog was killed too', async () => {
    await using lab = await labWithPolicy();
    const host = hostInLab(lab);
    await startTrial(host, { caseId: 'late', ...permit('late'), confirmWithin: 6 });
    const watchdog = (await lab.run(['cat', '/run/lo-doctor/late/watching'])).trim();
    await lab.run(['kill', '-9', watchdog]);
    expect(await rollBackOverdue(host)).toEqual([]);
    await expect.poll(() => rollBackOverdue(host), { timeout: 20_000, interval: 500 }).toEqual(['late']);
    expect(await rules(lab)).toBe(before);
  });

  it('stays when it is confirmed, is remembered, and can be undone by another process', async () => {
    await using lab = await labWithPolicy();
    const host = hostInLab(lab);
    const trial = await startTrial(host, { caseId: 'b', ...permit('b'), confirmWithin: 8 });
    expect(await trial.confirm()).toBe('confirmed');
    await sleep(8500);
    expect(await rules(lab)).toContain('-o lo');
    expect((await listCases(host)).cases).toMatchObject([
      { id: 'b', state: 'confirmed', directory: '/var/lib/lo-doctor/b', ...permit('b') },
    ]);
    // A watchdog that saw the case armed a moment ago comes too late.
    expect(await lab.exec(['sh', '/var/lib/lo-doctor/b/roll-back', 'armed'])).toMatchObject({ code: 3 });
    expect(await rules(lab)).toContain('-o lo');
    // What a reboot takes away does not matter for it.
    await lab.run(['rm', '-rf', '/run/lo-doctor']);
    expect(await rollBackCase(host, 'b')).toBe('rolled-back');
    expect(await rules(lab)).toBe(before);
    expect(await readCase(host, 'b')).toMatchObject({ state: 'rolled-back', log: '' });
  });

  it('is confirmed by another process as well', async () => {
    await using lab = await labWithPolicy();
    const host = hostInLab(lab);
    await startTrial(host, { caseId: 'c', ...permit('c'), confirmWithin: 60 });
    const [waiting] = (await listCases(host)).cases;
    expect(waiting).toMatchObject({ id: 'c', state: 'armed' });
    expect(waiting?.secondsLeft).toBeGreaterThan(55);
    expect(await confirmCase(host, 'c')).toBe('confirmed');
    await expect.poll(() => lab.run(['sh', '-c', 'ps -eo args | grep -c "[s]h ./watch" || true'])).toBe('0\n');
  });

  it('takes back only its own rule, and minds nothing that somebody else did meanwhile', async () => {
    await using lab = await labWithPolicy();
    const host = hostInLab(lab);
    const trial = await startTrial(host, { caseId: 'd', ...permit('d'), confirmWithin: 60 });
    await lab.run(['iptables', '-I', 'OUTPUT', '1', ...foreign]);
    await lab.run(['iptables', '-A', 'OUTPUT', '-o', 'lo', '-j', 'ACCEPT']);
    expect(await trial.rollBack()).toBe('rolled-back');
    const after = await rules(lab);
    expect(after).toContain('--comment fail2ban');
    expect(after).toContain('-A OUTPUT -o lo -j ACCEPT');
    expect(after).not.toContain('reboot');
  });

  it('counts as rolled back when its rule is gone already', async () => {
    await using lab = await labWithPolicy();
    const host = hostInLab(lab);
    const trial = await startTrial(host, { caseId: 'e', ...permit('e'), confirmWithin: 60 });
    await lab.run(['iptables', '-F', 'OUTPUT']);
    expect(await trial.rollBack()).toBe('rolled-back');
  });

  it('undoes all at once when one of its commands fails', async () => {
    await using lab = await labWithPolicy();
    const host = hostInLab(lab);
    const { apply, undo } = permit('f');
    const failing: PlannedCommand = { command: ['iptables', '-I', 'NO_SUCH_CHAIN', '-j', 'ACCEPT'] };
    const started = startTrial(host, { caseId: 'f', apply: [...apply, failing], undo, confirmWithin: 60 });
    await expect(started).rejects.toThrow(/^iptables -I NO_SUCH_CHAIN -j ACCEPT failed: .* taken back at once/s);
    expect(await rules(lab)).toBe(before);
    expect(await readCase(host, 'f')).toMatchObject({ state: 'rolled-back' });
  });

  it('says what is left when the rollback itself fails, and tries again when asked', async () => {
    await using lab = await labWithPolicy();
    const host = hostInLab(lab);
    const { apply, undo } = permit('g');
    const stuck: PlannedCommand = { command: ['test', '-e', '/run/way-is-free'] };
    const trial = await startTrial(host, { caseId: 'g', apply, undo: [stuck, ...undo], confirmWithin: 60 });
    expect(await trial.rollBack()).toBe('rollback-failed');
    expect(await rules(lab)).toBe(before);
    expect((await readCase(host, 'g'))?.log).toContain('test -e /run/way-is-free: exit code 1');
    await lab.run(['touch', '/run/way-is-free']);
    expect(await rollBackCase(host, 'g')).toBe('rolled-back');
  });

  it('waits for the firewall’s lock instead of leaving a rule behind', async () => {
    await using lab = await labWithPolicy();
    const host = hostInLab(lab);
    await lab.loadRules(policy, { variant: 'legacy' });
    const step = (verb: string): PlannedCommand => ({
      command: ['iptables-legacy', '-w', '1', verb, 'OUTPUT', '-o', 'lo', '-j', 'ACCEPT'],
    });
    const trial = await startTrial(host, { caseId: 'h', apply: [step('-I')], undo: [step('-D')], confirmWithin: 60 });
    await lab.spawn(['flock', '/run/xtables.lock', 'sleep', '4']);
    await sleep(200);
    expect(await trial.rollBack()).toBe('rolled-back');
    expect(await lab.run(['iptables-legacy', '-S', 'OUTPUT'])).toBe(before);
  });

  it('changes nothing when the rollback can’t be armed', async () => {
    await using lab = await labWithPolicy();
    const host = hostInLab(lab);
    await lab.run(['sh', '-c', 'rm -rf /var/lib/lo-doctor; mkdir -m 777 /run/lo-doctor /var/lib/lo-doctor']);
    const started = startTrial(host, { caseId: 'i', ...permit('i'), confirmWithin: 60 });
    await expect(started).rejects.toThrow(/nothing was changed/);
    expect(await rules(lab)).toBe(before);
  });

  it('ends in exactly one way when confirming meets the watchdog', async () => {
    await using lab = await labWithPolicy();
    const host = hostInLab(lab);
    const outcomes = new Map<string, number>();
    for (let round = 0; round < 12; round += 1) {
      const id = `race-${round}`;
      const trial = await startTrial(host, { caseId: id, ...permit(id), confirmWithin: 60 });
      // What the watchdog runs when the time is up, a little earlier or later than the confirmation.
      const strike = lab.exec(['sh', '-c', `sleep 0.${round % 4}; exec sh /run/lo-doctor/${id}/roll-back armed`]);
      const [outcome] = await Promise.all([trial.confirm(), strike]);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      expect((await rules(lab)).includes(`"${id} `), `${id} ${outcome}`).toBe(outcome === 'confirmed');
      expect(await trial.state()).toBe(outcome);
    }
    console.log(`confirming against the watchdog: ${JSON.stringify([...outcomes])}`);
  });

  it.each(['SIGKILL', 'SIGHUP', 'SIGTERM'] as const)(
    'is rolled back in time after %s to its process',
    async (signal) => {
      await using lab = await labWithPolicy();
      const script = `
      import { localHost } from ${JSON.stringify(new URL('../../src/host/local.ts', import.meta.url).pathname)};
      import { startTrial } from ${JSON.stringify(new URL('../../src/host/trial/trial.ts', import.meta.url).pathname)};
      await startTrial(localHost(), { caseId: 'killed', confirmWithin: 8, ...${JSON.stringify(permit('killed'))} });
      console.log('waiting');
      setInterval(() => {}, 1000);`;
      // A terminal of its own around it, as a login session has: its end hangs up on all that is in the session.
      const program = await lab.spawn([
        'script',
        '-qec',
        `${process.execPath} --input-type=module -e '${script.replaceAll("'", `'\\''`)}'`,
        '/dev/null',
      ]);
      await expect.poll(() => program.stdout(), { timeout: 10_000 }).toContain('waiting');
      const started = Date.now();
      await lab.run([
        'sh',
        '-c',
        `kill -${signal.slice(3)} $(ps -eo pid,args | awk '/[i]nput-type=module/ {print $1}') || true`,
      ]);
      expect(await rules(lab)).toContain('-o lo');
      await expect.poll(() => rules(lab), { timeout: 12_000, interval: 50 }).toBe(before);
      expect(Date.now() - started).toBeLessThan(10_000);
      await expect
        .poll(async () => (await readCase(hostInLab(lab), 'killed'))?.state, { timeout: 15_000 })
        .toBe('rolled-back');
    },
  );
});

describeKernel('a temporary rule', () => {
  it('ends by itself, and is forgotten', async () => {
    await using lab = await labWithPolicy();
    const host = hostInLab(lab);
    const temporary = await startTemporary(host, { caseId: 't', ...permit('t'), expiresIn: 6 });
    expect(await rules(lab)).toContain('-o lo');
    await expect.poll(() => rules(lab), { timeout: 10_000 }).toBe(before);
    await expect.poll(async () => (await listCases(host)).cases).toEqual([]);
    expect(await temporary.extend(10)).toBe(false);
    expect(await temporary.end()).toBe('rolled-back');
  });

  it('lives as long as it is extended, and ends when told', async () => {
    await using lab = await labWithPolicy();
    const host = hostInLab(lab);
    const temporary = await startTemporary(host, { caseId: 'u', ...permit('u'), expiresIn: 10 });
    expect(await temporary.extend(30)).toBe(true);
    await sleep(10_500);
    expect(await rules(lab)).toContain('-o lo');
    expect(await temporary.end()).toBe('rolled-back');
    expect(await rules(lab)).toBe(before);
    expect((await listCases(host)).cases).toEqual([]);
  });
});
