// Rules called as their owner calls them, on servers with the real ufw and firewalld; and owners that are off, left alone.

import { expect, it } from 'vitest';
import { findRuleFindings } from '../../src/diagnosis/inspect/find-rule-findings.ts';
import { inspect } from '../../src/diagnosis/inspect/inspect.ts';
import type { FixPlan } from '../../src/firewall/fix/plan.ts';
import { nameRule } from '../../src/naming/rules.ts';
import { begin } from '../../src/wizard/state.ts';
import { readServer } from '../../src/work/read-server.ts';
import { serverWork } from '../../src/work/server-work.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';
import { startFirewalld } from './lab-firewalld.ts';

const look = async (lab: Lab) => inspect(await readServer(hostInLab(lab)), 'k1');

/** What stops mail over lo, by address, as pages name it. */
async function stoppers(lab: Lab): Promise<string[]> {
  const { blockedTraces } = await look(lab);
  const mail = blockedTraces.filter(
    ({ conversation: { destination, destinationPort, protocol, uid } }) =>
      ['127.0.0.1', '::1'].includes(destination) && destinationPort === 25 && protocol === 'tcp' && uid === 0,
  );
  const named = mail.map(
    ({ conversation, stoppedAt }) => `${conversation.destination}: ${stoppedAt && nameRule(stoppedAt.rule)}`,
  );
  return [...new Set(named)].sort();
}

async function planAll(lab: Lab): Promise<FixPlan | undefined> {
  const work = serverWork({ host: hostInLab(lab), caseId: 'k1', now: () => new Date() });
  const walk = begin({ id: 'k1', startedAt: new Date(), confirmWithin: 60, story: null }).case;
  return (await work.planFix(walk, [{ kind: 'all' }]))[0];
}

const programs = async (lab: Lab) => [...new Set((await planAll(lab))?.apply.map(({ command }) => command[0]))];

const noPermits = `sed -i '/ lo -j ACCEPT/d' /etc/ufw/before.rules /etc/ufw/before6.rules`;

describeKernel('a rule', () => {
  it('of a user of ufw is called as ufw numbers it', async () => {
    await using lab = await startLab();
    await lab.run([
      'sh',
      '-ec',
      `${noPermits}; ufw --force enable; ufw limit ssh; ufw allow in 'WWW Full'; ufw allow out 53; ufw deny out 25/tcp comment 'no mail'; ufw reload`,
    ]);
    expect(await stoppers(lab)).toEqual([
      '127.0.0.1: rule 3 of ufw-user-output (iptables, IPv4) [ufw rule 4: 25/tcp DENY OUT Anywhere (out) # no mail]',
      '::1: rule 3 of ufw6-user-output (ip6tables, IPv6) [ufw rule 8: 25/tcp (v6) DENY OUT Anywhere (v6) (out) # no mail]',
    ]);
    expect(await lab.run(['ufw', 'status', 'numbered'])).toMatch(/^\[ 4\] 25\/tcp +DENY OUT/m);
    const [blocked] = findRuleFindings(await look(lab));
    expect(blocked?.evidence.join('\n')).toContain('[ufw rule 4: 25/tcp DENY OUT Anywhere (out) # no mail]');
    expect((await planAll(lab))?.apply.map(({ command }) => command.join(' '))).toEqual([
      // Its default for what comes in is to deny as well.
      'ufw prepend allow in on lo comment lo-doctor k1: permit loopback',
      'ufw prepend allow out on lo comment lo-doctor k1: permit loopback',
    ]);
  });

  it('in ufw’s files is called by its line; what ufw does by default, by its command', async () => {
    await using lab = await startLab();
    const chain = (version: string) => `-A ufw${version}-before-output`;
    const drop = (version: string) =>
      `sed -i 's/^${chain(version)} -m conntrack/# mine\\n${chain(version)}  -o lo -p tcp --dport 25 -j DROP\\n&/' /etc/ufw/before${version}.rules`;
    await lab.run([
      'sh',
      '-ec',
      `${noPermits}; ${drop('')}; ufw default deny outgoing; ufw --force enable; ufw reload`,
    ]);
    const line = (await lab.run(['grep', '-n', 'dport 25 ', '/etc/ufw/before.rules'])).split(':')[0];
    expect(await stoppers(lab)).toEqual([
      `127.0.0.1: rule 1 of ufw-before-output (iptables, IPv4) [/etc/ufw/before.rules:${line}]`,
      '::1: the policy of OUTPUT (ip6tables, IPv6) [ufw default deny outgoing]',
    ]);
    await lab.run(['ufw', 'default', 'reject', 'outgoing']);
    expect((await stoppers(lab))[1]).toBe(
      '::1: rule 1 of ufw6-reject-output (ip6tables, IPv6) [ufw default reject outgoing]',
    );
  });

  it('of firewalld’s is called as firewall-cmd prints it, passed-through or not', async () => {
    await using lab = await startLab();
    await startFirewalld(lab);
    await lab.run([
      'sh',
      '-ec',
      `firewall-cmd --direct --add-rule ipv4 filter OUTPUT 7 -p tcp --dport 25 -m comment --comment 'no mail, please' -j DROP
      firewall-cmd --direct --add-passthrough ipv6 -A OUTPUT -p tcp --dport 25 -j REJECT`,
    ]);
    expect(await stoppers(lab)).toEqual([
      "127.0.0.1: rule 1 of OUTPUT (iptables, IPv4) [firewalld direct rule: ipv4 filter OUTPUT 7 -p tcp --dport 25 -m comment --comment 'no mail, please' -j DROP]",
      '::1: rule 1 of OUTPUT (ip6tables, IPv6) [firewalld passthrough: ipv6 -A OUTPUT -p tcp --dport 25 -j REJECT]',
    ]);
  });
});

describeKernel('an owner that is off', () => {
  const drop = '*filter\n-A OUTPUT -j DROP\nCOMMIT\n';

  it('is not asked to do anything: ufw', async () => {
    await using lab = await startLab();
    await lab.loadRules(drop);
    const before = await lab.run(['sh', '-c', 'cat /etc/ufw/*.rules /etc/ufw/ufw.conf']);
    expect(await programs(lab)).toEqual(['iptables']);
    expect(await lab.run(['sh', '-c', 'cat /etc/ufw/*.rules /etc/ufw/ufw.conf'])).toBe(before);
    expect(await stoppers(lab)).toEqual(['127.0.0.1: rule 1 of OUTPUT (iptables, IPv4)']);
  });

  it('is not asked to do anything: firewalld', async () => {
    await using lab = await startLab();
    await lab.run(['sh', '-c', 'mkdir -p /run/dbus; dbus-daemon --system --fork']);
    await lab.loadRules(drop);
    expect((await look(lab)).ownerFacts?.installed).toContainEqual(
      expect.objectContaining({ name: 'firewalld', isOn: false }),
    );
    expect(await programs(lab)).toEqual(['iptables']);
    expect(await lab.exec(['test', '-e', '/etc/firewalld/direct.xml'])).toMatchObject({ code: 1 });
  });
});
