// Somebody else changes the rules at the very moment when a fix is applied: it works all the same, is put in anew, or is taken back.
import { expect, it } from 'vitest';
import { runUndo } from '../../src/commands/cases/cases.ts';
import { runFix } from '../../src/commands/fix/fix.ts';
import type { Host } from '../../src/host/host.ts';
import { begin } from '../../src/wizard/state.ts';
import { serverWork } from '../../src/work/server-work.ts';
import { testIo } from '../commands/io.ts';
import { describeKernel } from './available.ts';
import { listRules } from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';

type Race = {
  readonly name: string;
  readonly rules: string;
  /** What another process does right before the first rule of the fix goes in. */
  readonly meanwhile: readonly string[];
};

const filter = (...lines: string[]) => `*filter\n${lines.join('\n')}\nCOMMIT\n`;
const ban = ['INPUT', '-s', '203.0.113.5', '-j', 'DROP', '-m', 'comment', '--comment', 'fail2ban'];
const isInsertion = ([program, ...args]: readonly string[]) =>
  /^(ip6?tables|nft)/.test(program ?? '') && args.some((arg) => ['-I', '-A', '-f'].includes(arg));

/** The lab as a host on which another process acts, right before the first rule goes in or each time that one does. */
function hostWithRace(lab: Lab, meanwhile: readonly string[], when: 'once' | 'always'): Host {
  const host = hostInLab(lab);
  const [program = '', ...args] = meanwhile;
  let isOver = false;
  return {
    ...host,
    run: async (command, options) => {
      const isNow = !isOver && isInsertion(command);
      if (isNow && when === 'once') {
        isOver = true;
        await lab.run([program, ...args]);
      }
      const result = await host.run(command, options);
      // What comes right before an insertion is planned around at the next try; what comes after each can't be.
      if (isNow && when === 'always') await lab.run([program, ...args]);
      return result;
    },
  };
}

/** Loads the rules, plans, and applies while the other acts. `undo` takes the fix back. */
async function raceIn(lab: Lab, { rules, meanwhile }: Race, when: 'once' | 'always' = 'once') {
  await (rules.startsWith('*') ? lab.loadRules(rules) : lab.loadNft(rules));
  const host = hostWithRace(lab, meanwhile, when);
  const work = serverWork({ host, caseId: 'race', now: () => new Date() });
  const walk = begin({ id: 'race', startedAt: new Date(), confirmWithin: 60, story: null }).case;
  const [plan] = await work.planFix(walk, [{ kind: 'all' }]);
  if (plan === undefined) throw new Error('no plan');
  expect(plan.remaining).toEqual([]);
  const applied = work.apply(walk, plan);
  return { applied, undo: work.rollBack };
}

/** The rules as they are when only the other has acted. */
async function rulesOfOther({ rules, meanwhile: [program = '', ...args] }: Race): Promise<string> {
  await using lab = await startLab();
  await (rules.startsWith('*') ? lab.loadRules(rules) : lab.loadNft(rules));
  await lab.run([program, ...args]);
  // The lab lasts as long as this function.
  return await listRules(lab);
}

const harmless: readonly Race[] = [
  {
    name: 'a ban that comes in front',
    rules: filter('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', '-A INPUT -p tcp -j DROP'),
    meanwhile: ['iptables', '-I', ...ban],
  },
  {
    name: 'a rule behind',
    rules: filter('-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT', '-A OUTPUT -j DROP'),
    meanwhile: ['iptables', '-A', 'OUTPUT', '-p', 'udp', '-j', 'ACCEPT'],
  },
];

const DROP_IN_FRONT = ['iptables', '-I', 'OUTPUT', '-o', 'lo', '-j', 'DROP'];

const harmful: readonly Race[] = [
  {
    name: 'a ban that goes, so that the permit comes to stand behind the final rule',
    rules: filter(`-A ${ban.slice(0, -4).join(' ')}`, '-A INPUT -p tcp -j DROP'),
    meanwhile: ['iptables', '-D', 'INPUT', '1'],
  },
  {
    name: 'a drop of loopback that comes in front',
    rules: filter('-A OUTPUT -p udp -j ACCEPT', '-A OUTPUT -j DROP'),
    meanwhile: DROP_IN_FRONT,
  },
  {
    name: 'a final rule that is added where the policy was the last word',
    rules:
      'table inet a {\n chain out {\n type filter hook output priority 0; policy drop;\n tcp dport 443 accept\n }\n}\n',
    meanwhile: ['nft', 'add', 'rule', 'inet', 'a', 'out', 'drop'],
  },
];

describeKernel('rules that change while a fix is applied', () => {
  it.each(harmless)('are no trouble where the fix works all the same: $name', async (race) => {
    // Before, not meanwhile: no lab may wait for another while it keeps one.
    const expected = await rulesOfOther(race);
    await using lab = await startLab();
    await lab.startTcpServer(25);
    const { applied, undo } = await raceIn(lab, race);
    await applied;
    expect(await lab.probe('127.0.0.1', 25)).toMatchObject({ outcome: 'works' });
    await undo();
    expect(await listRules(lab)).toBe(expected);
  });

  it.each(harmful)('have the permits put in anew where they did nothing: $name', async (race) => {
    // Before, not meanwhile: no lab may wait for another while it keeps one.
    const expected = await rulesOfOther(race);
    await using lab = await startLab();
    await lab.startTcpServer(25);
    const { applied, undo } = await raceIn(lab, race);
    const { plan } = await applied;
    expect(plan.proof.holds).toBe(true);
    expect(await lab.probe('127.0.0.1', 25)).toMatchObject({ outcome: 'works' });
    await undo();
    expect(await listRules(lab)).toBe(expected);
  });

  it('have the fix taken back where they change at every try', async () => {
    await using lab = await startLab();
    const rules = filter('-A OUTPUT -p udp -j ACCEPT', '-A OUTPUT -j DROP');
    const { applied } = await raceIn(lab, { name: 'always', rules, meanwhile: DROP_IN_FRONT }, 'always');
    await expect(applied).rejects.toThrow(/change at every moment.*taken back/);
    expect(await lab.run(['iptables-save'])).not.toContain('lo-doctor');
    expect(await lab.run(['ls', '/run/lo-doctor'])).toBe('');
  });

  it('three times a second are no reason to refuse', async () => {
    await using lab = await startLab();
    await lab.startTcpServer(25);
    const rules = filter(
      '-A INPUT -p tcp -j DROP',
      '-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT',
      '-A OUTPUT -j DROP',
    );
    await lab.loadRules(rules);
    const host = hostInLab(lab);
    const churn =
      'while :; do iptables -w -I OUTPUT -d 203.0.113.9 -j DROP; sleep 0.3; iptables -w -D OUTPUT -d 203.0.113.9 -j DROP; sleep 0.3; done';
    const others = host.follow(['sh', '-c', churn]);
    try {
      for (const id of ['churn1', 'churn2', 'churn3']) {
        const options = {
          choice: { kind: 'all' },
          isDryRun: false,
          yes: true,
          confirmWithin: null,
          json: true,
        } as const;
        expect(await runFix(options, { host, caseId: id, io: testIo().io })).toBeLessThan(5);
        expect(await lab.probe('127.0.0.1', 25)).toMatchObject({ outcome: 'works' });
        expect(await runUndo(id, host, testIo().io)).toBe(0);
      }
    } finally {
      others.stop();
    }
    expect(await lab.run(['iptables-save'])).not.toContain('lo-doctor');
  });
});
