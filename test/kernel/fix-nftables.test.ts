// Planned fixes and logging of nftables, alone and beside iptables, run on a real kernel.
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

/** What is loaded, in this order: nft scripts, and lines of the filter table of iptables for both families. */
type Trap = {
  readonly name: string;
  readonly nft?: string;
  readonly iptables?: string;
  readonly legacy?: string;
  readonly afterwards?: string;
  /** The tables that have to get a rule. */
  readonly changed: readonly string[];
};

const traps: readonly Trap[] = [
  {
    name: 'a final drop',
    nft: `table inet filter { chain output { type filter hook output priority filter; policy accept;
      tcp dport 443 counter accept
      counter drop comment "end"; } }`,
    changed: ['inet filter output'],
  },
  {
    name: 'a policy alone',
    nft: 'table inet filter { chain output { type filter hook output priority filter; policy drop; } }',
    changed: ['inet filter output'],
  },
  {
    name: 'two base chains in two tables',
    nft: `table inet mine { chain out { type filter hook output priority 0; policy drop; tcp dport 443 accept; } }
      table ip theirs { chain out { type filter hook output priority 10; policy accept; ip daddr 127.0.0.0/8 tcp dport 25 log prefix "theirs " drop
        tcp dport 443 accept
        reject with icmp type admin-prohibited; } }`,
    changed: ['inet mine out', 'ip theirs out'],
  },
  {
    name: 'a permit in the first base chain that the second does not know of',
    nft: `table inet a { chain out { type filter hook output priority 0; policy drop; oif lo accept; } }
      table inet b { chain out { type filter hook output priority 1; policy drop; } }`,
    changed: ['inet b out'],
  },
  {
    name: 'a verdict map into chains',
    nft: `table inet filter {
      chain t { tcp dport { 80, 443 } accept; counter reject with tcp reset; }
      chain u { udp dport 53 accept; drop; }
      chain output { type filter hook output priority filter; policy accept; ct state established,related accept
        meta l4proto vmap { tcp : goto t, udp : jump u }; } }`,
    changed: ['inet filter output'],
  },
  {
    name: 'named sets and ranges',
    nft: `table inet filter { set shut { type inet_service; flags interval; elements = { 20-30, 3306 }; }
      chain output { type filter hook output priority filter; policy accept; tcp dport @shut drop; } }`,
    changed: ['inet filter output'],
  },
  {
    name: 'the way in, and IPv6 alone',
    nft: `table ip6 six { chain input { type filter hook input priority 0; policy drop; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; } }`,
    changed: ['ip6 six input'],
  },
  {
    name: 'drops before tracking and after routing',
    nft: `table inet early { chain pre { type filter hook prerouting priority raw; policy accept; iif lo udp dport 53 drop; }
      chain post { type filter hook postrouting priority 300; policy accept; oifname "lo" meta skuid 33 drop; } }`,
    changed: ['inet early post', 'inet early pre'],
  },
  {
    name: 'iptables-nft beside a native table',
    nft: 'table inet mine { chain out { type filter hook output priority 5; policy drop; } }',
    iptables: '-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\n-A OUTPUT -j DROP',
    changed: ['inet mine out', 'ip filter OUTPUT', 'ip6 filter OUTPUT'],
  },
  {
    name: 'a native base chain in a table of iptables',
    iptables: '-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT',
    afterwards:
      'add chain ip filter own { type filter hook output priority 5; policy accept; }\nadd rule ip filter own tcp dport { 25, 80 } drop',
    changed: ['ip filter own'],
  },
  {
    name: 'legacy tables behind an nft front',
    nft: 'table inet mine { chain out { type filter hook output priority 5; policy drop; oifname "lo" accept; } }',
    legacy: '-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\n-A OUTPUT -j DROP',
    changed: ['ip filter OUTPUT', 'ip6 filter OUTPUT'],
  },
  {
    name: 'Docker’s chains and a policy of one’s own',
    nft: 'table inet mine { chain out { type filter hook output priority 0; policy drop; ct state established accept; } }',
    iptables: `COMMIT
*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER -i docker0 -j RETURN
COMMIT
*filter
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A DOCKER-USER -j RETURN`,
    changed: ['inet mine out'],
  },
];

async function load(lab: Lab, { nft, iptables, legacy, afterwards }: Trap): Promise<void> {
  await clearRules(lab);
  // nft wants a line of its own for each brace that ends a block.
  if (nft !== undefined) await lab.loadNft(nft.replaceAll('; } }', ';}\n}'));
  for (const family of ['ip', 'ip6'] as const) {
    for (const [variant, lines] of [
      ['nft', iptables],
      ['legacy', legacy],
    ] as const) {
      if (lines !== undefined) await lab.loadRules(`*filter\n${lines}\nCOMMIT\n`, { variant, family });
    }
  }
  if (afterwards !== undefined) await lab.loadNft(afterwards);
}

const options = { caseId: 'k1', iptables: 'nft' } as const;

/** A busy machine may take its time over so many conversations. */
const slow = { timeout: 300_000 };

describeKernel('a fix where nftables has a say', slow, () => {
  it('repairs every trap in the chains that need it, and its undo restores the rules exactly', async () => {
    await using lab = await startLab();
    await listenEverywhere(lab);
    for (const trap of traps) {
      await load(lab, trap);
      const before = await listRules(lab);
      const blocked = attemptsThat('blocked', await readRules(lab), attemptsEverywhere());
      expect(blocked.length, trap.name).toBeGreaterThan(0);
      expect(await successes(lab, blocked), trap.name).toEqual([]);
      const fix = planFix(await readRules(lab), surroundings, [], { kind: 'all' }, options);
      expect(fix.remaining, trap.name).toEqual([]);
      expect(fix.proof.holds, trap.name).toBe(true);
      const changed = fix.changes.map(({ place }) => `${place.family} ${place.table} ${place.chain}`);
      expect(changed.sort(), trap.name).toEqual(trap.changed);
      await runAll(lab, fix.apply);
      expect(await failures(lab, attemptsEverywhere()), trap.name).toEqual([]);
      expect(textsOf(await readRules(lab)), trap.name).toEqual(textsOf(fix.after));
      await runAll(lab, fix.undo);
      expect(await listRules(lab), trap.name).toBe(before);
      // Taking back what is gone already changes nothing and says nothing wrong.
      await runAll(
        lab,
        fix.undo.filter(({ command: [program] }) => program === 'sh'),
      );
      expect(await listRules(lab), trap.name).toBe(before);
    }
  });

  it('repairs single services with their replies', async () => {
    await using lab = await startLab();
    await listenEverywhere(lab);
    const chosen = attemptsEverywhere([25]).filter(({ protocol }) => protocol === 'tcp');
    for (const trap of traps) {
      await load(lab, trap);
      const before = await listRules(lab);
      const others = attemptsEverywhere([31337]);
      const shut = attemptsThat('blocked', await readRules(lab), others);
      const goals = chosen.map(toConversation);
      const fix = planFix(
        await readRules(lab),
        surroundings,
        goals,
        { kind: 'services', services: [{ protocol: 'tcp', port: 25 }] },
        options,
      );
      await runAll(lab, fix.apply);
      expect(await failures(lab, chosen), trap.name).toEqual([]);
      expect(await successes(lab, shut), trap.name).toEqual([]);
      await runAll(lab, fix.undo);
      expect(await listRules(lab), trap.name).toBe(before);
    }
  });
});

describeKernel('temporary logging where nftables has a say', slow, () => {
  it('logs every drop on lo before it happens, or says that it can not', async () => {
    await using lab = await startLab();
    await listenEverywhere(lab);
    await lab.startRsyslog({ only: `lo-doctor ${process.pid}` });
    for (const [at, trap] of traps.entries()) {
      await load(lab, trap);
      const before = await listRules(lab);
      const caseId = `${process.pid}-n${at}`;
      const logging = planLogging(await readRules(lab), surroundings, { ...options, caseId });
      if (logging === null) throw new Error(`no plan for ${trap.name}`);
      expect(logging.unlogged, trap.name).toEqual([]);
      await expectLogged(lab, await readRules(lab), logging, 20_000 + 100 * at, trap.name);
      await runAll(lab, logging.undo);
      expect(await listRules(lab), trap.name).toBe(before);
    }
  });
});
