// The proof that a fix lasts on servers whose rules ufw or firewalld makes, with the real ones.
import { expect, it } from 'vitest';
import { runFix } from '../../src/commands/fix/fix.ts';
import { proveNextBoot } from '../../src/work/next-boot/prove-next-boot.ts';
import { testIo } from '../commands/io.ts';
import { describeKernel } from './available.ts';
import { listRules } from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';
import { startFirewalld } from './lab-firewalld.ts';

const sh = (lab: Lab, script: string) => lab.run(['sh', '-ec', script]);

/** Fixes all loopback, keeps it, and returns what was saved. */
async function fixAndKeep(lab: Lab): Promise<{ proof: string | null; advice: string[] }> {
  const { io, written } = testIo();
  const options = { choice: { kind: 'all' }, isDryRun: false, yes: true, confirmWithin: null, json: true } as const;
  const code = await runFix(options, { host: hostInLab(lab), caseId: 'k1', io });
  expect(code, JSON.stringify(written)).toBe(0);
  return JSON.parse(written.stdout).saved;
}

/** ufw that stops loopback by its default policy, which boot starts. */
async function startUfw(lab: Lab): Promise<void> {
  await sh(
    lab,
    `systemctl enable -q ufw; systemctl disable -q firewalld nftables
    sed -i '/ lo -j ACCEPT/d' /etc/ufw/before.rules /etc/ufw/before6.rules
    ufw default deny outgoing; ufw --force enable; ufw reload`,
  );
}

const dropMail = '-A ufw-before-output -o lo -p tcp --dport 25 -j DROP';

/** Somebody's own rule, which ufw reads when it starts the next time. */
const waitInBeforeRules = (lab: Lab) => sh(lab, `sed -i '/^# End required lines/a ${dropMail}' /etc/ufw/before.rules`);

const script = (policy: string) => `table inet mine {
  chain output { type filter hook output priority 5; policy ${policy}; }
}
`;

describeKernel('the proof that a fix lasts where ufw makes the rules', () => {
  it('is that ufw’s own loader, run aside on its files, makes rules that loopback passes', async () => {
    await using lab = await startLab();
    await startUfw(lab);
    expect(await fixAndKeep(lab)).toMatchObject({
      proof: '/etc/ufw loaded in a network namespace aside: loopback passes there as it does now',
      advice: [],
    });
  });

  it('touches nothing: no rule, no file, no setting of the kernel', async () => {
    await using lab = await startLab();
    await startUfw(lab);
    // The name of the host is a setting that no network namespace keeps apart.
    await sh(
      lab,
      'mount -t tmpfs own /tmp; ufw allow in on lo; ufw allow out on lo; echo kernel/hostname=touched >> /etc/ufw/sysctl.conf',
    );
    const look = async () => [
      await listRules(lab),
      await sh(
        lab,
        'find /etc /tmp -type f -exec sha256sum {} + | sort; ls -lR --time-style=full-iso /etc/ufw /etc/default',
      ),
      await sh(lab, 'ls -AR /tmp /run; mount; hostname'),
      await sh(lab, 'sysctl -a 2>/dev/null | grep -E "^net.(ipv[46].conf|netfilter.nf_(log|conntrack_(tcp|udp|log)))"'),
    ];
    const before = await look();
    const kept = { caseId: 'k1', repaired: [], bootInsertions: [], nftInsertions: [], bootCommands: [] };
    expect(await proveNextBoot(hostInLab(lab), kept)).toMatchObject({ proof: expect.stringContaining('/etc/ufw') });
    expect(await look()).toEqual(before);
  });

  it('is not given where somebody’s rule waits in before.rules, which is named as ufw’s file has it', async () => {
    await using lab = await startLab();
    await startUfw(lab);
    await waitInBeforeRules(lab);
    const { proof, advice } = await fixAndKeep(lab);
    expect(proof).toBeNull();
    expect(advice).toEqual([
      expect.stringMatching(
        /^With the next boot TCP to 127\.0\.0\.1:25 would be stopped again by rule 1 of ufw-before-output .*before\.rules.*: so it goes when \/etc\/ufw is loaded aside\.$/,
      ),
    ]);
  });

  it.each([
    ['boot does not start ufw', 'systemctl disable -q ufw'],
    [
      'a hook runs at boot as well',
      'printf "#!/bin/sh\\ntouch /etc/ran\\n" > /etc/ufw/before.init; chmod +x /etc/ufw/before.init',
    ],
    ['ufw’s loader fails', 'echo -A no-such-chain -j DROP >> /etc/ufw/after.rules'],
    ['another program makes rules at boot, too', 'systemctl enable -q firewalld'],
  ])('is not given where %s', async (_, change) => {
    await using lab = await startLab();
    await startUfw(lab);
    await sh(lab, change);
    expect(await fixAndKeep(lab)).toMatchObject({
      proof: null,
      nextBoot: 'unknown',
      advice: [expect.stringContaining('is not known')],
    });
    expect((await lab.exec(['test', '-e', '/etc/ran'])).code).toBe(1);
  });

  it('holds with another file that boot loads, whichever comes first', async () => {
    await using lab = await startLab();
    await startUfw(lab);
    await sh(lab, 'systemctl enable -q nftables');
    await lab.run(['sh', '-c', 'cat > /etc/nftables.conf'], { input: script('accept') });
    expect((await fixAndKeep(lab)).proof).toBe(
      '/etc/ufw and /etc/nftables.conf loaded in a network namespace aside in either order: loopback passes there as it does now',
    );
  });

  it('is not given where another file that boot loads stops loopback', async () => {
    await using lab = await startLab();
    await startUfw(lab);
    await sh(lab, 'systemctl enable -q nftables');
    await lab.run(['sh', '-c', 'cat > /etc/nftables.conf'], { input: script('drop') });
    const { proof, advice } = await fixAndKeep(lab);
    expect(proof).toBeNull();
    expect(advice).toEqual([expect.stringMatching(/stopped again by the policy of output .*table mine/)]);
  });
});

/** firewalld with a direct rule that stops loopback, which boot starts; further rules are only permanent. */
async function startFirewalldThatDrops(
  lab: Lab,
  { rule = 'ipv4 filter OUTPUT 3 -j DROP', permanent = [] }: { rule?: string; permanent?: readonly string[] } = {},
): Promise<void> {
  await sh(lab, 'systemctl enable -q firewalld; systemctl disable -q ufw nftables');
  await startFirewalld(lab);
  await lab.run(['firewall-cmd', '--direct', '--add-rule', ...rule.split(' ')]);
  for (const one of [rule, ...permanent])
    await lab.run(['firewall-cmd', '--permanent', '--direct', '--add-rule', ...one.split(' ')]);
}

describeKernel('the proof that a fix lasts where the cause is a direct rule of firewalld', () => {
  it('is that its permanent direct rules are those in force, and loopback passes', async () => {
    await using lab = await startLab();
    await startFirewalldThatDrops(lab);
    expect(await fixAndKeep(lab)).toMatchObject({
      proof: "firewalld's permanent direct rules are those in force now, and loopback passes with them",
      advice: [],
    });
  });

  it('is not given where a permanent rule that is not in force comes before the fix: that one is named', async () => {
    await using lab = await startLab();
    await startFirewalldThatDrops(lab, { permanent: ['ipv4 filter OUTPUT -200 -p tcp --dport 25 -j DROP'] });
    const { proof, advice } = await fixAndKeep(lab);
    expect(proof).toBeNull();
    expect(advice).toEqual([
      "With the next boot TCP to 127.0.0.1:25 would be stopped again by rule 1 of OUTPUT (iptables, IPv4) [firewalld direct rule: ipv4 filter OUTPUT -200 -p tcp --dport 25 -j DROP]: firewalld's permanent direct rules are not those in force now.",
    ]);
  });

  it('is not given, and nothing is claimed, where they differ in what does not concern loopback', async () => {
    await using lab = await startLab();
    await startFirewalldThatDrops(lab, { permanent: ['ipv4 filter OUTPUT 1 -p tcp --dport 25 -j DROP'] });
    expect(await fixAndKeep(lab)).toMatchObject({
      proof: null,
      nextBoot: 'unknown',
      advice: [expect.stringContaining('is not known')],
    });
  });

  it('claims nothing of a permanent rule that comes too late to stop loopback, as with iptables as the backend', async () => {
    await using lab = await startLab();
    await sh(lab, "sed -i 's/^FirewallBackend=.*/FirewallBackend=iptables/' /etc/firewalld/firewalld.conf");
    await startFirewalldThatDrops(lab, {
      rule: 'ipv4 mangle OUTPUT 3 -j DROP',
      permanent: ['ipv4 filter OUTPUT 0 -p tcp --dport 25 -j DROP'],
    });
    expect(await fixAndKeep(lab)).toMatchObject({
      proof: null,
      nextBoot: 'unknown',
      advice: [expect.stringContaining('is not known')],
    });
  });

  it('is not given where boot does not start firewalld', async () => {
    await using lab = await startLab();
    await startFirewalldThatDrops(lab);
    await sh(lab, 'systemctl disable -q firewalld');
    expect(await fixAndKeep(lab)).toMatchObject({ proof: null });
  });
});
