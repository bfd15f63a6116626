// Somebody else changes the rules at the very moment when a fix is applied: it works all the same, or it is taken back at once.
import { expect, it } from 'vitest';
import { serverWork } from '../../src/commands/server-work.ts';
import type { Host } from '../../src/host/host.ts';
import { begin } from '../../src/wizard/state.ts';
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

/** The lab as a host on which another process acts once, right before the first rule goes in. */
function hostWithRace(lab: Lab, meanwhile: readonly string[]): Host {
  const host = hostInLab(lab);
  const [program = '', ...args] = meanwhile;
  let isOver = false;
  return {
    ...host,
    run: async (command, options) => {
      if (!isOver && isInsertion(command)) {
        isOver = true;
        await lab.run([program, ...args]);
      }
      return host.run(command, options);
    },
  };
}

/** Loads the rules, plans, and applies while the other acts. `undo` takes the fix back. */
async function raceIn(lab: Lab, { rules, meanwhile }: Race) {
  await (rules.startsWith('*') ? lab.loadRules(rules) : lab.loadNft(rules));
  const host = hostWithRace(lab, meanwhile);
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

const harmful: readonly Race[] = [
  {
    name: 'a ban that goes, so that the permit comes to stand behind the final rule',
    rules: filter(`-A ${ban.slice(0, -4).join(' ')}`, '-A INPUT -p tcp -j DROP'),
    meanwhile: ['iptables', '-D', 'INPUT', '1'],
  },
  {
    name: 'a drop of loopback that comes in front',
    rules: filter('-A OUTPUT -p udp -j ACCEPT', '-A OUTPUT -j DROP'),
    meanwhile: ['iptables', '-I', 'OUTPUT', '-o', 'lo', '-j', 'DROP'],
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

  it.each(harmful)('make it be taken back at once where it does nothing: $name', async (race) => {
    // Before, not meanwhile: no lab may wait for another while it keeps one.
    const expected = await rulesOfOther(race);
    await using lab = await startLab();
    const { applied } = await raceIn(lab, race);
    await expect(applied).rejects.toThrow(/changed at the very moment.*taken back/);
    expect(await listRules(lab)).toBe(expected);
    expect(await lab.run(['ls', '/run/lo-doctor'])).toBe('');
  });
});
