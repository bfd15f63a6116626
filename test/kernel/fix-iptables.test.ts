// Planned fixes and logging, run on a real kernel: real conversations pass, and the undo leaves nothing behind.
import { expect, it } from 'vitest';
import { planFix } from '../../src/firewall/fix/plan-fix.ts';
import { planLogging } from '../../src/firewall/fix/plan-logging.ts';
import { describeKernel } from './available.ts';
import {
  attemptsEverywhere,
  attemptsThat,
  clearRules,
  expectLogged,
  failures,
  listenEverywhere,
  listRules,
  readRules,
  runAll,
  successes,
  surroundings,
  textsOf,
  toConversation,
} from './fix-lab.ts';
import { type Lab, startLab } from './lab.ts';

type Family = 'ip' | 'ip6';

/** A ruleset that fails; `other` gets the same lines for the other family with the words that differ replaced. */
type Trap = {
  readonly name: string;
  readonly text: string;
  readonly families?: readonly Family[];
  readonly uncertain?: boolean;
};

const traps: readonly Trap[] = [
  { name: 'a final DROP', text: '-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\n-A OUTPUT -j DROP' },
  { name: 'a final LOG and DROP', text: '-A OUTPUT -j LOG --log-prefix "end "\n-A OUTPUT -j DROP' },
  { name: 'a policy that drops', text: ':OUTPUT DROP [0:0]\n-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT' },
  { name: 'a permit after the drop', text: '-A OUTPUT -j DROP\n-A OUTPUT -o lo -j ACCEPT' },
  { name: 'a LOG after the drop', text: '-A OUTPUT -j DROP\n-A OUTPUT -j LOG' },
  {
    name: 'an earlier drop of one port',
    text: '-A OUTPUT -p tcp -m tcp --dport 25 -j DROP\n-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A OUTPUT -j DROP',
  },
  { name: 'permits by address', text: '-A OUTPUT -d 127.0.0.0/8 -j ACCEPT\n-A OUTPUT -j DROP', families: ['ip'] },
  { name: 'IPv6 alone', text: '-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\n-A OUTPUT -j DROP', families: ['ip6'] },
  {
    name: 'a REJECT whose error is dropped',
    text: '-A OUTPUT -p tcp -j REJECT\n-A OUTPUT -p udp -j REJECT\n-A OUTPUT -j DROP',
  },
  {
    name: 'the way in as well',
    text: ':INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A OUTPUT -j DROP',
  },
  { name: 'the way in alone', text: '-A INPUT -p tcp -m tcp --dport 25 -j DROP\n-A INPUT -p udp -j DROP' },
  {
    name: 'a chain behind a goto',
    text: ':out - [0:0]\n-A OUTPUT -p icmp -j ACCEPT\n-A OUTPUT -g out\n-A out -p tcp -m tcp --dport 443 -j ACCEPT\n-A out -j DROP',
  },
  {
    name: 'a chain that logs and drops',
    text: ':LOGDROP - [0:0]\n-A OUTPUT -p icmp -j ACCEPT\n-A OUTPUT -j LOGDROP\n-A LOGDROP -m limit --limit 1/sec -j LOG\n-A LOGDROP -j DROP',
  },
  {
    name: 'a chain of its own for each protocol',
    text: ':t - [0:0]\n:u - [0:0]\n-A OUTPUT -p tcp -j t\n-A OUTPUT -p udp -j u\n-A t -p tcp -m tcp --dport 80 -j RETURN\n-A t -j DROP\n-A u -j DROP',
  },
  { name: 'drops for one user', text: '-A OUTPUT -m owner --uid-owner 33 -j REJECT' },
  { name: 'permits for one user', text: '-A OUTPUT -m owner --uid-owner 0 -j ACCEPT\n-A OUTPUT -j DROP' },
  {
    name: 'drops in mangle and raw',
    text: '*mangle\n-A OUTPUT -p tcp -m tcp --dport 25 -j DROP\n-A INPUT -i lo -p udp -j DROP\nCOMMIT\n*raw\n-A PREROUTING -p tcp -m tcp --dport 80 -j DROP\nCOMMIT\n*filter\n-A OUTPUT -p tcp -m tcp --dport 3306 -j DROP\nCOMMIT',
  },
  {
    name: 'no tracking and a policy by state',
    text: '*raw\n-A OUTPUT -o lo -j CT --notrack\nCOMMIT\n*filter\n-A OUTPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT\n-A OUTPUT -j DROP\nCOMMIT',
  },
  {
    name: 'a limited permit',
    uncertain: true,
    text: '-A OUTPUT -m limit --limit 1/min --limit-burst 2 -j ACCEPT\n-A OUTPUT -j DROP',
  },
];

async function load(lab: Lab, { text, families = ['ip', 'ip6'] }: Trap, variant: 'nft' | 'legacy'): Promise<void> {
  await clearRules(lab);
  const dump = text.startsWith('*') ? `${text}\n` : `*filter\n${text}\nCOMMIT\n`;
  for (const family of families) await lab.loadRules(dump, { variant, family });
}

const options = { caseId: 'k1', iptables: 'nft' } as const;
/** What differs between the variants is the program: for the second, some of the traps do. */
const variants = [
  ['nft', traps],
  ['legacy', traps.slice(0, 5)],
] as const;

/** A busy machine may take its time over so many conversations. */
const slow = { timeout: 300_000 };

describeKernel('a fix for all of loopback', slow, () => {
  it.each(variants)(
    'repairs the traps of iptables-%s, and its undo restores the rules exactly',
    async (variant, traps) => {
      await using lab = await startLab();
      await listenEverywhere(lab);
      for (const trap of traps) {
        await load(lab, trap, variant);
        const before = await listRules(lab);
        const rules = await readRules(lab);
        const stopped = attemptsThat(trap.uncertain ? 'unknown' : 'blocked', rules, attemptsEverywhere());
        expect(stopped.length, trap.name).toBeGreaterThan(0);
        if (!trap.uncertain) expect(await successes(lab, stopped), trap.name).toEqual([]);
        const fix = planFix(rules, surroundings, [], { kind: 'all' }, options);
        expect(fix.remaining, trap.name).toEqual([]);
        expect(fix.proof.holds, trap.name).toBe(true);
        await runAll(lab, fix.apply);
        expect(await failures(lab, attemptsEverywhere()), trap.name).toEqual([]);
        expect(textsOf(await readRules(lab)), trap.name).toEqual(textsOf(fix.after));
        await runAll(lab, fix.undo);
        expect(await listRules(lab), trap.name).toBe(before);
      }
    },
  );
});

describeKernel('a fix for single services', slow, () => {
  const services = [
    { protocol: 'tcp', port: 25 },
    { protocol: 'udp', port: 53 },
  ] as const;
  const chosen = attemptsEverywhere([25, 53]).filter(({ protocol, destinationPort }) =>
    services.some((service) => service.protocol === protocol && service.port === destinationPort),
  );

  it('repairs them in every trap, at every address, replies included, and nothing else', async () => {
    await using lab = await startLab();
    await listenEverywhere(lab);
    for (const trap of traps) {
      await load(lab, trap, 'nft');
      const before = await listRules(lab);
      const others = attemptsEverywhere([31337]);
      const shut = attemptsThat('blocked', await readRules(lab), others);
      const byUsers = [0, 33].flatMap((uid) => chosen.filter((one) => one.uid === uid).map(toConversation));
      const fix = planFix(await readRules(lab), surroundings, byUsers, { kind: 'services', services }, options);
      await runAll(lab, fix.apply);
      expect(await failures(lab, chosen), trap.name).toEqual([]);
      expect(await successes(lab, shut), trap.name).toEqual([]);
      await runAll(lab, fix.undo);
      expect(await listRules(lab), trap.name).toBe(before);
    }
  });
});

describeKernel('temporary logging', slow, () => {
  it.each(variants)(
    'makes iptables-%s log every drop on lo before it happens, and changes no verdict',
    async (variant, traps) => {
      await using lab = await startLab();
      await listenEverywhere(lab);
      await lab.startRsyslog({ only: `lo-doctor ${process.pid}` });
      for (const [at, trap] of traps.entries()) {
        await load(lab, trap, variant);
        const before = await listRules(lab);
        const caseId = `${process.pid}-${variant[0]}${at}`;
        const logging = planLogging(await readRules(lab), surroundings, { ...options, caseId });
        // Only the trap that logs everything already needs none.
        expect(logging === null, trap.name).toBe(trap.name === 'a final LOG and DROP');
        if (logging === null) continue;
        expect(logging.unlogged, trap.name).toEqual([]);
        await expectLogged(lab, await readRules(lab), logging, 20_000 + 100 * at, trap.name);
        await runAll(lab, logging.undo);
        expect(await listRules(lab), trap.name).toBe(before);
      }
    },
  );
});
