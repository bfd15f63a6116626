// Saving a fix where the next boot finds it: on a real file system, judged by the real iptables-restore.
import { expect, it } from 'vitest';
import type { BootInsertion } from '../../src/firewall/fix/plan.ts';
import { saveForBoot, undoSaveForBoot } from '../../src/host/next-boot/save-for-boot.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { installNetfilterPersistent } from './install-netfilter-persistent.ts';
import { type Lab, startLab } from './lab.ts';

const saved = `# my rules, kept by hand
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -p tcp -m tcp --dport 443 -m comment --comment "caf\\xe9" -j ACCEPT
-A OUTPUT -j LOG --log-prefix "final "
-A OUTPUT -j DROP
COMMIT
`;
const permit = '-A OUTPUT -o lo -m comment --comment "lo-doctor c: permit loopback" -j ACCEPT';
const insertion: BootInsertion = {
  family: 'ip',
  table: 'filter',
  chain: 'OUTPUT',
  beforeRuleText: '-A OUTPUT -j LOG --log-prefix "final "',
  ruleText: permit,
};
/** Writes the saved file with a byte in it that is no UTF-8, as a file from another age has. */
async function writeSaved(lab: Lab, path: string, text = saved): Promise<void> {
  const script = `printf '%b' "$(cat)" > "$0" && echo >> "$0" && chown root:adm "$0" && chmod 640 "$0"`;
  await lab.run(['bash', '-c', script, path], { input: text.replaceAll('\\x', '\\\\x').replace('\\\\x', '\\x') });
}

const hexOf = (lab: Lab, path: string) => lab.run(['base64', '-w0', path]);

describeKernel('saveForBoot', () => {
  it('puts its rule into the saved file and changes nothing else; undo takes it out again', async () => {
    await using lab = await startLab();
    await installNetfilterPersistent(lab);
    const host = hostInLab(lab);
    const path = '/etc/iptables/rules.v4';
    await writeSaved(lab, path);
    const before = await hexOf(lab, path);
    await lab.run([
      'iptables',
      '-A',
      'INPUT',
      '-s',
      '203.0.113.9',
      '-j',
      'DROP',
      '-m',
      'comment',
      '--comment',
      'fail2ban',
    ]);
    const inForce = await lab.run(['sh', '-c', 'nft list ruleset; cat /proc/net/ip_tables_names']);
    const result = await saveForBoot(host, { caseId: 'c', insertions: [insertion] });
    expect(result).toEqual({ files: [path], backups: ['/var/lib/lo-doctor/c/rules.v4.before'], advice: [] });
    expect(
      await lab.run(['diff', '--text', '/var/lib/lo-doctor/c/rules.v4.before', path]).catch((e: Error) => e.message),
    ).toMatch(/^diff .* ended with 1\n6a7\n> -A OUTPUT -o lo [^\n]*\n$/);
    expect(await lab.run(['stat', '-c', '%U:%G %a', path])).toBe('root:adm 640\n');
    expect(await lab.run(['ls', '/etc/iptables'])).toBe('rules.v4\n');
    expect(await hexOf(lab, '/var/lib/lo-doctor/c/rules.v4.before')).toBe(before);
    expect(await lab.run(['sh', '-c', 'nft list ruleset; cat /proc/net/ip_tables_names'])).toBe(inForce);
    expect(await undoSaveForBoot(host, 'c')).toEqual([path]);
    expect(await hexOf(lab, path)).toBe(before);
    expect(await undoSaveForBoot(host, 'c')).toEqual([]);
  });

  it('follows a link to the file itself', async () => {
    await using lab = await startLab();
    await installNetfilterPersistent(lab);
    await writeSaved(lab, '/etc/rules');
    await lab.run(['ln', '-s', '/etc/rules', '/etc/iptables/rules.v4']);
    expect((await saveForBoot(hostInLab(lab), { caseId: 'c', insertions: [insertion] })).files).toEqual(['/etc/rules']);
    expect(await lab.run(['readlink', '/etc/iptables/rules.v4'])).toBe('/etc/rules\n');
    expect(await lab.run(['grep', '-c', 'lo-doctor', '/etc/rules'])).toBe('1\n');
  });

  it('makes the file from the rules in force where there is none yet, without what is only for now', async () => {
    await using lab = await startLab();
    await installNetfilterPersistent(lab);
    const log = '-A OUTPUT -o lo -m comment --comment "lo-doctor c: log" -j LOG --log-prefix "lo-doctor c "';
    await lab.loadRules(saved.replace('-A OUTPUT -j LOG', `${permit}\n${log}\n-A OUTPUT -j LOG`).replace('\\xe9', ''), {
      family: 'ip6',
    });
    const result = await saveForBoot(hostInLab(lab), { caseId: 'c', insertions: [{ ...insertion, family: 'ip6' }] });
    expect(result).toEqual({ files: ['/etc/iptables/rules.v6'], backups: [], advice: [] });
    const text = await lab.run(['cat', '/etc/iptables/rules.v6']);
    expect(text).toContain(`${permit}\n-A OUTPUT -j LOG --log-prefix "final "\n-A OUTPUT -j DROP\nCOMMIT\n`);
    expect(await lab.run(['stat', '-c', '%a', '/etc/iptables/rules.v6'])).toBe('600\n');
  });

  it('leaves the file alone when iptables-restore would not load it', async () => {
    await using lab = await startLab();
    await installNetfilterPersistent(lab);
    const path = '/etc/iptables/rules.v4';
    await writeSaved(lab, path);
    const before = await hexOf(lab, path);
    const broken = { ...insertion, ruleText: '-A OUTPUT -o lo -j NO_SUCH_TARGET' };
    const { files, advice } = await saveForBoot(hostInLab(lab), { caseId: 'c', insertions: [broken] });
    expect(files).toEqual([]);
    expect(advice.join()).toMatch(/rules\.v4 stays as it was: iptables-restore would not load it/);
    expect(await hexOf(lab, path)).toBe(before);
    expect(await lab.run(['ls', '/etc/iptables'])).toBe('rules.v4\n');
  });

  it('does not mind what the file already could not do before: a set that only the boot makes', async () => {
    await using lab = await startLab();
    await installNetfilterPersistent(lab);
    const old = saved.replace(
      '-A OUTPUT -j LOG',
      '-A OUTPUT -m set --match-set made-at-boot dst -j ACCEPT\n-A OUTPUT -j LOG',
    );
    await writeSaved(lab, '/etc/iptables/rules.v4', old);
    const { files } = await saveForBoot(hostInLab(lab), { caseId: 'c', insertions: [insertion] });
    expect(files).toEqual(['/etc/iptables/rules.v4']);
  });

  it('says when nothing loads the file, when the file has no such chain, and when the rule had to stand first', async () => {
    await using lab = await startLab();
    await installNetfilterPersistent(lab, false);
    await writeSaved(lab, '/etc/iptables/rules.v4');
    const elsewhere: BootInsertion = { ...insertion, beforeRuleText: '-A OUTPUT -j REJECT' };
    const first = await saveForBoot(hostInLab(lab), { caseId: 'c', insertions: [elsewhere] });
    expect(first.files).toHaveLength(1);
    expect(first.advice).toEqual([
      expect.stringContaining('stands first'),
      expect.stringContaining('systemctl enable netfilter-persistent'),
    ]);
    const docker: BootInsertion = { ...insertion, chain: 'DOCKER-USER', ruleText: '-A DOCKER-USER -o lo -j ACCEPT' };
    const second = await saveForBoot(hostInLab(lab), { caseId: 'd', insertions: [docker] });
    expect(second).toMatchObject({
      files: [],
      advice: [expect.stringContaining('no chain DOCKER-USER'), expect.any(String)],
    });
  });

  it('says how to keep the fix where nothing loads rules at boot', async () => {
    await using lab = await startLab();
    await lab.run(['sh', '-c', 'rm -rf /etc/iptables; echo "ID=debian" > /etc/os-release'], {});
    const { files, advice } = await saveForBoot(hostInLab(lab), { caseId: 'c', insertions: [insertion] });
    expect(files).toEqual([]);
    expect(advice).toEqual([expect.stringContaining('apt install iptables-persistent')]);
  });
});
