// The proof that a kept fix lasts: what boot would load, loaded aside and traced.
import { expect, it } from 'vitest';
import { inspect } from '../../src/diagnosis/inspect/inspect.ts';
import { planFix } from '../../src/firewall/fix/plan-fix.ts';
import type { SavedForBoot } from '../../src/wizard/state.ts';
import { savePlan } from '../../src/work/next-boot/save-plan.ts';
import { readServer } from '../../src/work/read-server.ts';
import { describeKernel } from './available.ts';
import { runAll } from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';

const script = (...rules: readonly string[]) =>
  `flush ruleset\ntable inet filter {\n\tchain output {\n\t\ttype filter hook output priority 0;\n${rules.map((rule) => `\t\t${rule}\n`).join('')}\t}\n}\n`;

/** Applies the fix of all loopback and makes it last, as it is done when it is kept. */
async function fixAndKeep(lab: Lab): Promise<SavedForBoot> {
  const host = hostInLab(lab);
  const { ruleset, surroundings } = inspect(await readServer(host), 'k1');
  const fix = planFix(ruleset, surroundings, [], { kind: 'all' }, { caseId: 'k1', iptables: 'nft' });
  await runAll(lab, fix.apply);
  return savePlan(host, 'k1', fix);
}

/** A server whose script makes the one thing, and that has the other in force. */
async function serverWith(lab: Lab, { atBoot, inForce }: { atBoot: string; inForce: string }): Promise<void> {
  await lab.run(
    ['sh', '-c', 'systemctl disable -q ufw firewalld; systemctl enable -q nftables; cat > /etc/nftables.conf'],
    { input: atBoot },
  );
  await lab.loadNft(inForce);
}

describeKernel('savePlan', () => {
  it('proves that what boot loads lets through what the fix lets through, and leaves the rules in force alone', async () => {
    await using lab = await startLab();
    const rules = script('tcp dport 443 accept', 'drop');
    await serverWith(lab, { atBoot: rules, inForce: rules });
    expect(await fixAndKeep(lab)).toMatchObject({
      files: ['/etc/nftables.conf'],
      proof: '/etc/nftables.conf loaded in a network namespace aside: loopback passes there as it does now',
      advice: [],
    });
    expect((await lab.run(['nft', 'list', 'ruleset'])).match(/lo-doctor/g)).toHaveLength(1);
  });

  it('names what the next boot would stop again', async () => {
    await using lab = await startLab();
    // Rules that are put before others leave open where a rule among them would come to stand.
    const inserted = `${script('drop')}insert rule inet filter output tcp dport 25 reject\nadd rule inet filter output tcp dport 22 accept\n`;
    await serverWith(lab, { atBoot: inserted, inForce: script('drop') });
    const { proof, nextBoot, advice } = await fixAndKeep(lab);
    expect({ proof, nextBoot }).toEqual({ proof: null, nextBoot: 'blocked' });
    expect(advice.at(-1)).toBe(
      'With the next boot TCP to 127.0.0.1:25 would be stopped again by rule 1 of output (nftables, table filter, IPv4 and IPv6): so it goes when /etc/nftables.conf is loaded aside.',
    );
  });

  it('proves nothing where boot loads nothing', async () => {
    await using lab = await startLab();
    await serverWith(lab, { atBoot: script('drop'), inForce: script('drop') });
    await lab.run(['systemctl', 'disable', '-q', 'nftables']);
    expect(await fixAndKeep(lab)).toMatchObject({
      proof: null,
      nextBoot: 'unknown',
      advice: [expect.stringContaining('Nothing loads'), expect.stringContaining('is not known')],
    });
  });
});
