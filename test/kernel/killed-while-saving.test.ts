// Killed between keeping and the last save: at each of many points, what any later start finds is completed, or taken back, and never unknown.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeKernel } from './available.ts';
import { type Lab, startLab } from './lab.ts';
import { bundle } from './situation.ts';

const RULES =
  '*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -o eth0 -j ACCEPT\n-A OUTPUT -j DROP\nCOMMIT\n';

const POINTS = 15;

const doctor = (...args: string[]): [string, ...string[]] => [process.execPath, bundle, ...args];
const sh = (lab: Lab, script: string) => lab.run(['sh', '-c', script]);

const tagged = (lab: Lab) =>
  sh(
    lab,
    'for c in iptables-save ip6tables-save "cat /etc/iptables/rules.v4" "cat /etc/iptables/rules.v6"; do $c | grep -c "lo-doctor " || :; done',
  );

/** A fix that waits, kept aside once, so that each point begins with the same. */
async function prepare(lab: Lab): Promise<void> {
  const fixed = await lab.exec(doctor('fix', '--all', '--yes', '--confirm-within', '3000'), { timeout: 200_000 });
  expect(fixed.code, fixed.stderr).toBe(0);
  await sh(lab, 'mkdir /run/aside && cp -a /run/lo-doctor /run/aside/run && cp -a /var/lib/lo-doctor /run/aside/lib');
  await sh(lab, 'iptables-save >/run/aside/v4 && ip6tables-save >/run/aside/v6');
}

const AGAIN = `rm -rf /run/lo-doctor /var/lib/lo-doctor
cp -a /run/aside/run /run/lo-doctor && cp -a /run/aside/lib /var/lib/lo-doctor
iptables-restore </run/aside/v4 && ip6tables-restore </run/aside/v6`;

/** How long it takes from the keeping to the end, so that the points lie in it. */
async function keep(lab: Lab, killAfter: number | null): Promise<number> {
  const saver = await lab.spawn(doctor('confirm'), { env: { NO_COLOR: '1' } });
  const isKept = () => lab.exec(['sh', '-c', '! ls /run/lo-doctor/*/armed 2>/dev/null']);
  while ((await isKept()).code !== 0) await sleep(2);
  const begun = performance.now();
  if (killAfter !== null) {
    await sleep(killAfter);
    saver.kill('SIGKILL');
  }
  await saver.ended;
  return performance.now() - begun;
}

/** Both files as they were before. */
async function reset(lab: Lab): Promise<void> {
  await sh(lab, AGAIN);
  for (const file of ['rules.v4', 'rules.v6']) await lab.run(['tee', `/etc/iptables/${file}`], { input: RULES });
}

describeKernel('whoever keeps a fix and is killed meanwhile', () => {
  it('leaves what the next start completes, at each of so many points', { timeout: 900_000 }, async () => {
    await using lab = await startLab();
    await sh(lab, 'rm -rf /var/lib/lo-doctor; mkdir -p /etc/iptables');
    await lab.listen([{ protocol: 'tcp', address: '127.0.0.1', port: 25, kind: 'echo', banner: '' }]);
    for (const tool of ['iptables-restore', 'ip6tables-restore']) await lab.run([tool], { input: RULES });
    for (const file of ['rules.v4', 'rules.v6']) await lab.run(['tee', `/etc/iptables/${file}`], { input: RULES });
    await prepare(lab);
    const whole = await keep(lab, null);
    expect(await tagged(lab)).toBe('1\n1\n1\n1\n');
    let interrupted = 0;
    for (let point = 0; point < POINTS; point += 1) {
      await reset(lab);
      await keep(lab, (whole * point) / POINTS);
      const states = await sh(lab, 'ls /run/lo-doctor/*/ /var/lib/lo-doctor/*/ 2>/dev/null || :');
      const at = `point ${point}: ${states}`;
      const check = await lab.exec(doctor('check', '--json'), { timeout: 100_000 });
      const { leftOver } = JSON.parse(check.stdout) as { leftOver: { id: string; kind: string }[] };
      if (leftOver.length > 0) {
        interrupted += 1;
        expect(leftOver, at).toMatchObject([{ kind: 'half-saved' }]);
        const again = point % 2 === 0 ? doctor('fix', '--all', '--yes') : doctor('confirm');
        const settled = await lab.exec(again, { timeout: 100_000 });
        expect(settled.code, `${at}${settled.stdout}${settled.stderr}`).toBe(0);
      }
      expect(await tagged(lab), at).toBe('1\n1\n1\n1\n');
      const undone = await lab.exec(doctor('undo'), { timeout: 100_000 });
      expect(undone.code, `${at}${undone.stderr}`).toBe(0);
      expect(await tagged(lab), at).toBe('0\n0\n0\n0\n');
      expect(await sh(lab, 'find /etc /var/lib/lo-doctor -name "*lo-doctor-new" -o -name "*.unfinished"'), at).toBe('');
    }
    expect(interrupted).toBeGreaterThan(POINTS / 3);
  });
});
