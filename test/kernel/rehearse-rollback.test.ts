// The rehearsed rollback on the real kernel: by each tool, with what stops a rollback in its way.
import { expect, it } from 'vitest';
import { describeKernel } from './available.ts';
import { listRules } from './fix-lab.ts';
import { type Lab, startLab } from './lab.ts';
import { bundle } from './situation.ts';

const IPTABLES =
  '*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\n-A OUTPUT -j DROP\nCOMMIT\n';
const NFT =
  'table inet a {\n chain out {\n type filter hook output priority 0; policy drop;\n tcp dport 443 accept\n }\n}\n';

/** Rehearses, and tells what was seen of its rule meanwhile. */
async function rehearse(lab: Lab) {
  const before = await listRules(lab);
  const running = lab.exec([process.execPath, bundle, 'fix', '--rehearse', '--json']);
  let during = '';
  const isOver = running.then(() => true);
  while (!(await Promise.race([isOver, new Promise((resolve) => setTimeout(() => resolve(false), 300))]))) {
    const now = await listRules(lab);
    if (now.includes('does nothing')) during = now;
  }
  const { code, stdout } = await running;
  return { code, document: JSON.parse(stdout), before, during, after: await listRules(lab) };
}

describeKernel('a rehearsed rollback', () => {
  it.each([
    ['iptables', (lab: Lab) => lab.loadRules(IPTABLES)],
    ['nft', (lab: Lab) => lab.loadNft(NFT)],
  ] as const)('of a fix by %s works, lets nothing through, and leaves nothing', async (_, load) => {
    await using lab = await startLab();
    await load(lab);
    await lab.startTcpServer(25);
    const { code, document, before, during, after } = await rehearse(lab);
    expect(document).toMatchObject({ result: 'works', wait: 10, armedBy: 'process', log: [] });
    expect(document.seconds).toBeLessThan(15);
    expect(code).toBe(0);
    expect(during).toContain('does nothing');
    expect(during).not.toMatch(/lo-doctor.*(accept|ACCEPT)/);
    expect(after).toBe(before);
    expect(await lab.run(['sh', '-c', 'ls /run/lo-doctor /var/lib/lo-doctor 2>/dev/null; :'])).not.toMatch(/-try/);
  });

  it('goes by ufw where the fix does, and leaves its files byte for byte as they were', async () => {
    await using lab = await startLab();
    const withoutLo = "sed -i '/ lo -j ACCEPT/d' /etc/ufw/before.rules /etc/ufw/before6.rules";
    await lab.run(['sh', '-ec', `${withoutLo}; ufw default deny outgoing; ufw --force enable; ufw reload`]);
    const files = () => lab.run(['sh', '-c', 'cat /etc/ufw/user.rules /etc/ufw/user6.rules']);
    const [before, written] = [await listRules(lab), await files()];
    const { code, stdout, stderr } = await lab.exec([process.execPath, bundle, 'fix', '--rehearse', '--json'], {
      timeout: 120_000,
    });
    expect(stderr).toBe('');
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ result: 'works', listings: expect.arrayContaining(['cat /etc/ufw/user.rules']) });
    expect(JSON.stringify(document.commands)).toContain('"ufw","prepend","allow","out","on","lo","to","240.0.0.1"');
    expect(code).toBe(0);
    expect(await listRules(lab)).toBe(before);
    expect(await files()).toBe(written);
  }, 180_000);

  it('says so where the rule could not be taken away', async () => {
    await using lab = await startLab();
    await lab.loadRules(IPTABLES);
    const wrapper = `#!/bin/sh\ncase " $* " in *" -D "*) echo no >&2; exit 4;; esac\nexec /usr/sbin/iptables "$@"\n`;
    await lab.run(
      [
        'sh',
        '-c',
        'mount -t tmpfs -o mode=755 tools /usr/local/sbin; cat >/usr/local/sbin/iptables; chmod 755 /usr/local/sbin/iptables',
      ],
      { input: wrapper },
    );
    const { code, stdout } = await lab.exec([process.execPath, bundle, 'fix', '--rehearse', '--json'], {
      timeout: 120_000,
    });
    expect(JSON.parse(stdout)).toMatchObject({
      result: 'stayed',
      log: expect.arrayContaining([expect.stringContaining('exit code 4')]),
    });
    expect(code).toBe(3);
  }, 180_000);
});
