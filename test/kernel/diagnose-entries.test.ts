// Entries that the real kernel writes, tied to the rules that wrote them.
import { expect, it } from 'vitest';
import { planLogging } from '../../src/firewall/fix/plan-logging.ts';
import { readFirewall } from '../../src/host/rules/read-firewall.ts';
import { parseDumps } from '../../src/work/read-server.ts';
import { describeKernel } from './available.ts';
import { diagnoseWhile } from './diagnose-lab.ts';
import { surroundings } from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';
import { newPrefix } from './silence-lab.ts';

const load = (lab: Lab, rules: string) => lab.loadRules(`*filter\n${rules}\nCOMMIT\n`);

describeKernel('entries of the kernel', () => {
  it('of an audit rule are no drops; those of the rule before the final one are', async () => {
    await using lab = await startLab();
    const mark = newPrefix();
    await lab.startTcpServer(25);
    await load(
      lab,
      `-A OUTPUT -m conntrack --ctstate NEW -j LOG --log-prefix "${mark} AUDIT "\n-A OUTPUT -p tcp --dport 25 -j ACCEPT\n-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A OUTPUT -j LOG --log-prefix "${mark} BLOCK "\n-A OUTPUT -j DROP`,
    );
    const passed = await diagnoseWhile(lab, mark, () => lab.probe('127.0.0.1', 25));
    expect([passed.verdict, passed.blocked]).toEqual(['undecided', []]);
    expect(passed.findings.find(({ id }) => id === 'logged-and-passed')?.evidence.join()).toContain('rule 2');
    const dropped = await diagnoseWhile(lab, mark, () => lab.probe('127.0.0.1', 26, { deadline: 300 }));
    expect(dropped.blocked).toMatchObject([
      { conversation: { destinationPort: 26 }, stop: { packet: 'request', rule: { number: 5 } } },
    ]);
    expect(dropped.blocked[0]?.sample?.entry.prefix).toContain('BLOCK');
    expect(dropped.blocked[0]?.entries).toBe(dropped.packets);
  });

  it('of replies are tied to the conversation that they answer', async () => {
    await using lab = await startLab();
    const mark = newPrefix();
    await lab.startTcpServer(21);
    await load(
      lab,
      `-A OUTPUT -p tcp --dport 21 -j ACCEPT\n-A OUTPUT -j LOG --log-prefix "${mark} "\n-A OUTPUT -j DROP`,
    );
    const { blocked } = await diagnoseWhile(lab, mark, () => lab.probe('127.0.0.1', 21, { deadline: 300 }));
    expect(blocked).toMatchObject([
      { conversation: { destinationPort: 21 }, stop: { packet: 'reply', rule: { number: 3 } } },
    ]);
  });

  it('of the errors that REJECT sends are tied to the conversation that they are about', async () => {
    await using lab = await startLab();
    const mark = newPrefix();
    await load(lab, `-A OUTPUT -p tcp -j REJECT\n-A OUTPUT -j LOG --log-prefix "${mark} "\n-A OUTPUT -j DROP`);
    const { blocked } = await diagnoseWhile(lab, mark, () => lab.probe('127.0.0.1', 25, { deadline: 300 }));
    expect(blocked).toMatchObject([
      { conversation: { protocol: 'tcp', destinationPort: 25 }, stop: { packet: 'error', rule: { number: 3 } } },
    ]);
  });

  it("of lo-doctor's own log rules name the rule that they report, by its number without them", async () => {
    await using lab = await startLab();
    const caseId = newPrefix();
    await load(
      lab,
      '-A OUTPUT -p tcp --dport 7 -j DROP\n-A OUTPUT -m owner --uid-owner 0 -p tcp --dport 443 -j ACCEPT\n-A OUTPUT -p tcp -j REJECT\n-A OUTPUT -j DROP',
    );
    const host = hostInLab(lab);
    const before = parseDumps((await readFirewall(host)).dumps);
    const plan = planLogging(before, surroundings, { caseId, iptables: 'nft' });
    if (plan === null) throw new Error('no plan');
    for (const { command } of plan.apply) await lab.run(command);
    const attempts = [
      { destination: '127.0.0.1', destinationPort: 443, uid: 33 },
      { destination: '127.0.0.1', destinationPort: 7, uid: 0 },
    ].map((one) => ({ protocol: 'tcp', source: null, sourcePort: 0, ...one }) as const);
    const { blocked } = await diagnoseWhile(lab, plan.prefix, () => lab.talk(attempts, 300), plan);
    const rules = blocked.map(({ conversation: { destinationPort, uid }, stop }) => [
      destinationPort,
      uid,
      stop?.rule.number,
      stop?.verdict,
    ]);
    expect(rules.sort()).toEqual([
      [443, 33, 3, 'reject'],
      [7, 0, 1, 'drop'],
    ]);
  });
});
