// A power cut while a fix waits to be confirmed, and somebody has saved the rules meanwhile: the next boot takes it back by itself.
import { beforeAll, expect, it } from 'vitest';
import { runFix } from '../../src/commands/fix/fix.ts';
import { readCase } from '../../src/host/trial/case-file.ts';
import { testIo } from '../commands/io.ts';
import { describeBoot } from './available.ts';
import { buildTree, makeMachine } from './machine.ts';

const BUILD_TIME = 600_000;
const RULES =
  '*filter\\n:OUTPUT ACCEPT [0:0]\\n-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\\n-A OUTPUT -j DROP\\nCOMMIT\\n';

const prepare = `systemctl enable -q netfilter-persistent; mkdir -p /etc/iptables
printf '${RULES}' | tee /etc/iptables/rules.v4 >/etc/iptables/rules.v6`;

/** In how many of these the tag stands: both families in force, both files. */
const COUNT =
  'for c in iptables-save ip6tables-save "cat /etc/iptables/rules.v4" "cat /etc/iptables/rules.v6"; do $c | grep -c "lo-doctor p1: " || :; done';
const UNITS = 'ls /etc/systemd/system /etc/systemd/system/multi-user.target.wants | grep -c lo-doctor || :';

describeBoot('a fix that waits when the power is cut', () => {
  let trouble: string | null = null;
  beforeAll(() => {
    trouble = buildTree();
  }, BUILD_TIME);

  it('is taken back by the next boot, out of the files too, and nothing of it stays', { timeout: 600_000 }, async ({
    skip,
  }) => {
    if (trouble !== null) skip(trouble);
    await using machine = await makeMachine('rules');
    const sh = async (script: string) => (await machine.host.run(['sh', '-c', script])).stdout;
    machine.prepare(prepare);
    await machine.boot();
    const { io, written } = testIo();
    const options = { choice: { kind: 'all' }, isDryRun: false, yes: true, confirmWithin: 3000, json: true } as const;
    await runFix(options, { host: machine.host, caseId: 'p1', io });
    expect(JSON.parse(written.stdout)).toMatchObject({ result: expect.stringContaining('waits') });
    await sh('netfilter-persistent save');
    expect(await sh(COUNT)).toBe('1\n1\n1\n1\n');
    expect(await sh(UNITS)).toBe('2\n');

    await machine.cutPower();
    await machine.boot();
    await expect.poll(() => sh(COUNT), { timeout: 60_000 }).toBe('0\n0\n0\n0\n');
    await expect.poll(async () => (await readCase(machine.host, 'p1'))?.state, { timeout: 60_000 }).toBe('rolled-back');
    await expect.poll(() => sh(UNITS), { timeout: 60_000 }).toBe('0\n');
    expect(await sh('iptables-save -t filter | grep -c -- "-A OUTPUT -j DROP"')).toBe('1\n');
  });
});
