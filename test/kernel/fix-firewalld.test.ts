// Planned fixes on a server that firewalld looks after, with the real firewalld.
import { expect, it } from 'vitest';
import { planFix } from '../../src/firewall/fix/plan-fix.ts';
import { saveForBoot } from '../../src/host/next-boot/save-for-boot.ts';
import { describeKernel } from './available.ts';
import {
  attemptsEverywhere,
  attemptsThat,
  failures,
  listenEverywhere,
  listRules,
  readRules,
  runAll,
  successes,
  surroundings,
  textsOf,
} from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';
import { startFirewalld } from './lab-firewalld.ts';

const options = { caseId: 'k1', iptables: 'nft', manager: 'firewalld' } as const;
const port = 80;
// Each call of firewall-cmd takes its time, so fewer conversations have to do.
const attempts = attemptsEverywhere([port]);

async function labWithFirewalld(backend: 'nftables' | 'iptables' = 'nftables'): Promise<Lab> {
  const lab = await startLab();
  await lab.run(['sed', '-i', `s/^FirewallBackend=.*/FirewallBackend=${backend}/`, '/etc/firewalld/firewalld.conf']);
  await startFirewalld(lab);
  await listenEverywhere(lab, [port]);
  return lab;
}

async function direct(lab: Lab, ...rules: readonly string[]): Promise<void> {
  for (const rule of rules) {
    for (const when of ['', '--permanent '])
      await lab.run(['sh', '-c', `firewall-cmd ${when}--direct --add-rule ${rule}`]);
  }
}

describeKernel('a fix on a server with firewalld', () => {
  it.each([
    ['nftables', 'DROP', 'filter_OUT_policy_out'],
    ['nftables', 'REJECT', 'filter_OUT_policy_out'],
    ['iptables', 'DROP', 'OUT_out_post'],
    ['iptables', 'REJECT', 'OUT_out_post'],
  ] as const)(
    'is nothing where an outbound policy of %s is to %s all: firewalld lets loopback through before it',
    async (backend, target, chain) => {
      await using lab = await labWithFirewalld(backend);
      const change = [
        '--new-policy=out',
        '--policy=out --add-ingress-zone=HOST',
        '--policy=out --add-egress-zone=ANY',
        `--policy=out --set-target=${target}`,
      ];
      await lab.run([
        'sh',
        '-ec',
        `${change.map((one) => `firewall-cmd --permanent ${one}`).join('; ')}; firewall-cmd --reload`,
      ]);
      expect(await lab.run(['nft', 'list', 'ruleset'])).toContain(chain);
      expect(await failures(lab, attempts)).toEqual([]);
      const fix = planFix(await readRules(lab), surroundings, [], { kind: 'all' }, options);
      expect(fix.changes).toEqual([]);
    },
  );

  it('is a direct rule where a direct rule is the cause, in force at once and kept as an act of its own', async () => {
    await using lab = await labWithFirewalld();
    await direct(
      lab,
      'ipv4 filter OUTPUT 0 -p tcp --dport 80 -j DROP',
      'ipv4 filter OUTPUT 5 -j REJECT',
      'ipv6 filter OUTPUT 3 -j DROP',
    );
    // A reload makes firewalld's own table anew, behind those of iptables: from then on the order of tables stays.
    await lab.run(['firewall-cmd', '--reload']);
    const before = await listRules(lab);
    const blocked = attemptsThat('blocked', await readRules(lab), attempts);
    expect(blocked.length).toBeGreaterThan(0);
    expect(await successes(lab, blocked)).toEqual([]);
    const fix = planFix(await readRules(lab), surroundings, [], { kind: 'all' }, options);
    expect(fix.apply.map(({ command }) => command.join(' '))).toEqual([
      'firewall-cmd --direct --add-rule ipv4 filter OUTPUT -100 -o lo -m comment --comment lo-doctor k1: permit loopback -j ACCEPT',
      'firewall-cmd --direct --add-rule ipv6 filter OUTPUT -100 -o lo -m comment --comment lo-doctor k1: permit loopback -j ACCEPT',
    ]);
    await runAll(lab, fix.apply);
    expect(await failures(lab, attempts)).toEqual([]);
    expect(textsOf(await readRules(lab))).toEqual(textsOf(fix.after));
    expect(await lab.run(['firewall-cmd', '--permanent', '--direct', '--get-all-rules'])).not.toContain('lo-doctor');
    const { bootInsertions: insertions, bootCommands: commands } = fix;
    expect(await saveForBoot(hostInLab(lab), { caseId: 'k1', insertions, commands })).toMatchObject({ advice: [] });
    await lab.run(['firewall-cmd', '--reload']);
    expect(await failures(lab, attempts)).toEqual([]);
    await runAll(lab, fix.undo);
    await runAll(lab, fix.undo);
    expect(await listRules(lab)).toBe(before);
    expect(await lab.run(['firewall-cmd', '--permanent', '--direct', '--get-all-rules'])).not.toContain('lo-doctor');
  });

  it('is a direct rule in a chain of its own where iptables is the backend', async () => {
    await using lab = await labWithFirewalld('iptables');
    // Those of the filter table come too late to stop loopback.
    await direct(lab, 'ipv4 filter OUTPUT 0 -j DROP');
    expect(await failures(lab, attempts)).toEqual([]);
    await direct(lab, 'ipv4 mangle OUTPUT 2 -p tcp --dport 443 -j ACCEPT', 'ipv4 mangle OUTPUT 3 -j DROP');
    // A reload makes all chains anew, in another order.
    await lab.run(['firewall-cmd', '--reload']);
    const before = await listRules(lab);
    const blocked = attemptsThat('blocked', await readRules(lab), attempts);
    expect(await successes(lab, blocked)).toEqual([]);
    const fix = planFix(await readRules(lab), surroundings, [], { kind: 'all' }, options);
    expect(fix.apply.map(({ command }) => command.join(' '))).toEqual([
      'firewall-cmd --direct --add-rule ipv4 mangle OUTPUT -100 -o lo -m comment --comment lo-doctor k1: permit loopback -j ACCEPT',
    ]);
    expect(fix.changes.map(({ place }) => place.chain)).toEqual(['OUTPUT_direct']);
    await runAll(lab, fix.apply);
    expect(await failures(lab, attempts)).toEqual([]);
    expect(textsOf(await readRules(lab))).toEqual(textsOf(fix.after));
    await runAll(lab, fix.bootCommands);
    await lab.run(['firewall-cmd', '--reload']);
    expect(await failures(lab, attempts)).toEqual([]);
    await runAll(lab, fix.undo);
    expect(await listRules(lab)).toBe(before);
  });

  it('is made by iptables where a rule beside firewalld’s stands before all that a direct rule can reach', async () => {
    await using lab = await labWithFirewalld('iptables');
    await lab.run(['iptables', '-I', 'OUTPUT', '-j', 'DROP']);
    const before = await listRules(lab);
    const fix = planFix(await readRules(lab), surroundings, [], { kind: 'all' }, options);
    expect(fix.apply.map(({ command }) => command.slice(0, 7).join(' '))).toEqual([
      'iptables -w 5 -t filter -I OUTPUT',
    ]);
    await runAll(lab, fix.apply);
    expect(await failures(lab, attempts)).toEqual([]);
    await runAll(lab, fix.undo);
    expect(await listRules(lab)).toBe(before);
  });

  it('is made by nft where a table beside firewalld drops', async () => {
    await using lab = await labWithFirewalld();
    await lab.loadNft('table inet mine {\nchain out {\ntype filter hook output priority 5; policy drop;\n}\n}\n');
    const before = await listRules(lab);
    const fix = planFix(await readRules(lab), surroundings, [], { kind: 'all' }, options);
    expect(fix.changes.map(({ place }) => place.table)).toEqual(['mine']);
    await runAll(lab, fix.apply);
    expect(await failures(lab, attempts)).toEqual([]);
    await runAll(lab, fix.undo);
    expect(await listRules(lab)).toBe(before);
  });
});
