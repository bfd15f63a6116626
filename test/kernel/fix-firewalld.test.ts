// Planned fixes on a server that firewalld looks after, with the real firewalld.
import { expect, it } from 'vitest';
import { planFix } from '../../src/firewall/fix/plan-fix.ts';
import { saveForBoot } from '../../src/host/save-for-boot.ts';
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

async function labWithFirewalld(): Promise<Lab> {
  const lab = await startLab();
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
  it('is nothing where an outbound policy drops all: firewalld lets loopback through before its policies', async () => {
    await using lab = await labWithFirewalld();
    const change = [
      '--new-policy=out',
      '--policy=out --add-ingress-zone=HOST',
      '--policy=out --add-egress-zone=ANY',
      '--policy=out --set-target=DROP',
    ];
    await lab.run([
      'sh',
      '-ec',
      `${change.map((one) => `firewall-cmd --permanent ${one}`).join('; ')}; firewall-cmd --reload`,
    ]);
    expect(await lab.run(['nft', 'list', 'ruleset'])).toContain('filter_OUT_policy_out');
    expect(await failures(lab, attempts)).toEqual([]);
    const fix = planFix(await readRules(lab), surroundings, [], { kind: 'all' }, options);
    expect(fix.changes).toEqual([]);
  });

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
