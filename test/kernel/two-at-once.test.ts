// Two at once on one server: one works, the other is told who does, and nobody is kept out by the dead.
import { expect, it } from 'vitest';
import { describeKernel } from './available.ts';
import { type Lab, startLab } from './lab.ts';
import { bundle } from './situation.ts';

const RULES =
  '*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -o eth0 -j ACCEPT\n-A OUTPUT -j DROP\nCOMMIT\n';

async function blockedServer(): Promise<Lab> {
  const lab = await startLab();
  const script = 'rm -rf /var/lib/lo-doctor; mkdir -p /etc/iptables; cat > /etc/iptables/rules.v4';
  await lab.run(['sh', '-c', script], { input: RULES });
  await lab.listen([{ protocol: 'tcp', address: '127.0.0.1', port: 25, kind: 'echo', banner: '' }]);
  await lab.loadRules(RULES);
  return lab;
}

const command = (...args: string[]): [string, ...string[]] => [process.execPath, bundle, ...args];
const count = async (lab: Lab, shell: string): Promise<number> =>
  (await lab.run(['sh', '-c', shell])).split('\n').filter((line) => line.includes('lo-doctor ')).length;
const waitsForLock = (lab: Lab) => lab.exec(['test', '-s', '/run/lo-doctor/.server.lock']);

describeKernel('two at once', () => {
  it('of two fixes one applies; the other says who is at it, and since when', { timeout: 120_000 }, async () => {
    await using lab = await blockedServer();
    const ends = await Promise.all(
      [1, 2].map(() => lab.exec(command('fix', '--all', '--yes', '--confirm-within', '90'), { timeout: 100_000 })),
    );
    expect(ends.map(({ code }) => code).toSorted(), JSON.stringify(ends)).toEqual([0, 3]);
    const told = ends.find(({ code }) => code === 3)?.stderr;
    expect(told).toMatch(
      /at work on this server: lo-doctor fix, case \w+, started by \w+.* at 20\S+Z \(\d+ s ago\), process \d+|Another fix waits/,
    );
    expect(await count(lab, 'iptables-save')).toBe(1);
    // And while the first waits to be kept, nobody applies another.
    const third = await lab.exec(command('fix', '--all', '--yes'), { timeout: 100_000 });
    expect(await count(lab, 'iptables-save')).toBe(1);
    expect(await count(lab, 'cat /etc/iptables/rules.v4'), third.stdout).toBe(0);
  });

  it('a wizard keeps a fix out, but neither check nor undo; a killed one keeps nobody out', {
    timeout: 120_000,
  }, async () => {
    await using lab = await blockedServer();
    await lab.spawn(command('--plain'), { env: { NO_COLOR: '1' } });
    await expect.poll(async () => (await waitsForLock(lab)).code, { timeout: 20_000 }).toBe(0);
    const { pid } = JSON.parse(await lab.run(['cat', '/run/lo-doctor/.server.lock'])) as { pid: number };
    const kept = await lab.exec(command('fix', '--all', '--yes'), { timeout: 60_000 });
    expect(kept).toMatchObject({ code: 3, stdout: '' });
    expect(kept.stderr).toContain(`process ${pid}`);
    expect(kept.stderr).toContain('the wizard');
    expect((await lab.exec(command('check'), { timeout: 60_000 })).code).toBe(1);
    expect((await lab.exec(command('undo'))).stderr).toContain('no fix on this server');
    await lab.run(['kill', '-9', `${pid}`]);
    const next = await lab.exec(command('fix', '--all', '--yes', '--confirm-within', '60'), { timeout: 60_000 });
    expect(next.code, next.stderr).toBe(0);
  });
});
