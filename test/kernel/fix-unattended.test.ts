// `fix --yes --confirm-within` as a script runs it: the built program, its options, its exit codes.
import { expect, it } from 'vitest';
import { describeKernel } from './available.ts';
import { type Lab, startLab } from './lab.ts';
import { bundle } from './situation.ts';

const RULES =
  '*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -o eth0 -j ACCEPT\n-A OUTPUT -j DROP\nCOMMIT\n';

/** A server that blocks loopback and saves its rules, with a mail server that can't be reached. */
async function blockedServer(): Promise<Lab> {
  const lab = await startLab();
  await lab.run(
    ['sh', '-c', 'mkdir -p /etc/iptables; systemctl disable -q ufw firewalld nftables; cat > /etc/iptables/rules.v4'],
    {
      input: RULES,
    },
  );
  await lab.listen([{ protocol: 'tcp', address: '127.0.0.1', port: 25, kind: 'echo', banner: '' }]);
  await lab.loadRules(RULES);
  return lab;
}

const loDoctor = (lab: Lab, ...args: string[]) => lab.exec([process.execPath, bundle, ...args]);
const permits = async (lab: Lab, command: string): Promise<number> =>
  (await lab.run(['sh', '-c', command])).split('\n').filter((line) => line.includes('lo-doctor')).length;

describeKernel('fix without anybody at the keyboard', () => {
  it.each([
    ['behind the command', ['fix', '--all', '--yes', '--confirm-within', '20']],
    ['before it', ['--confirm-within', '20', 'fix', '--all', '--yes']],
  ])('waits for confirm where a time is said %s, and saves nothing before', async (_, args) => {
    await using lab = await blockedServer();
    const fixed = await loDoctor(lab, ...args);
    expect(fixed.stdout).toMatch(/It is taken back in \d+ s unless you run: lo-doctor confirm \w+/);
    expect(fixed.code).toBe(0);
    expect(await permits(lab, 'iptables-save')).toBe(1);
    expect(await permits(lab, 'cat /etc/iptables/rules.v4')).toBe(0);
    expect((await loDoctor(lab, 'confirm')).code).toBe(0);
    expect(await permits(lab, 'cat /etc/iptables/rules.v4')).toBe(1);
  });

  it('is taken back where nobody confirms', async () => {
    await using lab = await blockedServer();
    expect((await loDoctor(lab, 'fix', '--all', '--yes', '--confirm-within', '10')).code).toBe(0);
    await expect.poll(() => permits(lab, 'iptables-save'), { timeout: 20_000 }).toBe(0);
    expect((await loDoctor(lab, 'confirm')).code).toBe(3);
  });

  it('a time to confirm is refused where nothing waits', async () => {
    await using lab = await startLab();
    const { code, stderr } = await loDoctor(lab, 'check', '--confirm-within', '20');
    expect({ code, stderr: stderr.split('\n')[0] }).toEqual({
      code: 2,
      stderr: 'lo-doctor: --confirm-within says nothing to check: there nothing waits to be kept.',
    });
  });
});
