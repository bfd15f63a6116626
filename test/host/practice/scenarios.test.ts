// Each scenario: what fails, what the log says of it, and what the planned fix does about it.
import { describe, expect, it } from 'vitest';
import type { Surroundings } from '../../../src/firewall/conversation/trace.ts';
import { traceConversation } from '../../../src/firewall/conversation/trace-conversation.ts';
import { planFix } from '../../../src/firewall/fix/plan-fix.ts';
import type { Host } from '../../../src/host/host.ts';
import { listScenarios, practiceHost } from '../../../src/host/practice/practice-host.ts';
import { SCENARIOS } from '../../../src/host/practice/scenarios/all-scenarios.ts';
import { readFirewall } from '../../../src/host/rules/read-firewall.ts';
import { startTrial } from '../../../src/host/trial/trial.ts';
import { parseDumps } from '../../../src/work/read-server.ts';

const conversation = (address: string, port: number) => ({
  protocol: 'tcp' as const,
  source: address,
  destination: address,
  sourcePort: 40_000,
  destinationPort: port,
  uid: 0,
});

/** What each scenario is about: the command that fails, where it wants to go, and the prefix of the rule that reports it. */
const BROKEN = [
  { id: 'wordpress', command: 'wp plugin update --all', to: conversation('127.0.0.1', 21), logged: null },
  { id: 'mail', command: 'echo disk full | mail -s test root', to: conversation('127.0.0.1', 25), logged: null },
  { id: 'own-address', command: 'wp cron test', to: conversation('192.0.2.10', 443), logged: 'OUT-DROP: IN= OUT=lo' },
  { id: 'ipv6', command: 'nc -v ::1 25', to: conversation('::1', 25), logged: 'OUT6-DROP: IN= OUT=lo' },
  {
    id: 'input-side',
    command: 'mysqladmin -h 127.0.0.1 ping',
    to: conversation('127.0.0.1', 3306),
    logged: 'IN-DROP: IN=lo',
  },
  { id: 'log-after-drop', command: 'mail -s test root', to: conversation('127.0.0.1', 25), logged: null },
  {
    id: 'permit-after-drop',
    command: 'mysqladmin -h 127.0.0.1 ping',
    to: conversation('127.0.0.1', 3306),
    logged: 'OUT-DROP: IN= OUT=lo',
  },
  {
    id: 'names',
    command: 'getent hosts api.wordpress.org',
    to: { ...conversation('127.0.0.53', 53), protocol: 'udp' as const, source: '127.0.0.1' },
    logged: 'OUT-DROP: IN= OUT=lo',
  },
  {
    id: 'container',
    command: 'curl -s http://127.0.0.1:8080/',
    to: conversation('127.0.0.1', 8080),
    logged: 'OUT-DROP: IN= OUT=lo',
  },
  { id: 'limited-log', command: 'mail -s test root', to: conversation('127.0.0.1', 25), logged: null },
];

const DECOYS = [
  { id: 'nobody-listens', command: 'mail -s test root', to: conversation('127.0.0.1', 25), complaint: 'refused' },
  { id: 'elsewhere', command: 'wp plugin update --all', to: conversation('127.0.0.1', 21), complaint: 'port 443' },
  {
    id: 'service-down',
    command: 'mysqladmin -h 127.0.0.1 ping',
    to: conversation('127.0.0.1', 3306),
    complaint: '111',
  },
  {
    id: 'wrong-password',
    command: 'mysql -h 127.0.0.1 -u wordpress',
    to: conversation('127.0.0.1', 3306),
    complaint: 'Access denied',
  },
  {
    id: 'kill-switch',
    command: 'curl -sI https://deb.debian.org/',
    to: conversation('127.0.0.1', 3306),
    complaint: 'deb.debian.org',
  },
];

const start = (id: string): Host => practiceHost(id, { speed: 20 });

const runLine = (host: Host, line: string) => host.run(['sh', '-c', line]);

const newLines = async (host: Host, line: string) => {
  const before = (await host.run(['cat', '/var/log/syslog'])).stdout.length;
  const result = await runLine(host, line);
  return { ...result, log: (await host.run(['cat', '/var/log/syslog'])).stdout.slice(before) };
};

const facts = async (host: Host) => {
  const reading = await readFirewall(host);
  const ownAddresses = ['127.0.0.1', '::1', ...reading.ownAddresses];
  const surroundings: Surroundings = { ownAddresses, serverUid: null, serverGid: null };
  return { ruleset: parseDumps(reading.dumps), surroundings };
};

describe('a scenario', () => {
  it('is listed with what its user sees', () => {
    expect(listScenarios().map(({ id }) => id)).toEqual(SCENARIOS.map(({ id }) => id));
    for (const { title, symptom, story } of listScenarios()) expect([title, symptom, story]).not.toContain('');
  });

  it('is of a level and has a lesson, hints, a cause, and a way by hand; the list tells none of the last three', () => {
    expect(SCENARIOS.length).toBeGreaterThanOrEqual(12);
    expect(
      SCENARIOS.filter(({ isDecoy }) => isDecoy)
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(DECOYS.map(({ id }) => id).toSorted());
    const tested = [...BROKEN, ...DECOYS].map(({ id }) => id);
    expect(tested.toSorted()).toEqual(SCENARIOS.map(({ id }) => id).toSorted());
    for (const { hints, byHand, cause, lesson } of SCENARIOS) {
      expect(hints.length).toBeGreaterThanOrEqual(2);
      expect(byHand.length).toBeGreaterThanOrEqual(1);
      expect([cause, lesson]).not.toContain('');
    }
  });

  it('has its rules written as iptables-save prints them, so that they are found again in the boot file', async () => {
    const bare = (text: string) => text.split('\n').filter((line) => !line.startsWith('#'));
    for (const { id, rules, rules6 } of SCENARIOS) {
      const host = start(id);
      expect(bare((await host.run(['iptables-save'])).stdout), id).toEqual(bare(rules));
      expect(bare((await host.run(['ip6tables-save'])).stdout), id).toEqual(bare(rules6));
    }
  });

  it('that does not exist is refused with the list of those that do', () => {
    expect(() => practiceHost('nonsense')).toThrow('There is no scenario "nonsense".');
  });

  it('is the same server for the same seed', async () => {
    const now = () => new Date(2026, 10, 22, 18, 0, 0);
    const logOf = async (seed: number) => {
      const host = practiceHost('own-address', { now, seed, speed: 10 });
      await runLine(host, 'wp cron test');
      const log = (await host.run(['cat', '/var/log/syslog'])).stdout;
      // What other programs write while the command waits comes by the clock.
      return log.slice(0, log.indexOf('\n', log.indexOf('DPT=443')));
    };
    const [one, same, other] = await Promise.all([logOf(3), logOf(3), logOf(4)]);
    expect(same).toBe(one);
    expect(other).not.toBe(one);
  });
});

describe.each(BROKEN)('the scenario $id', ({ id, command, to, logged }) => {
  it('fails as its user says, and logs what its rules log', async () => {
    const { code, log } = await newLines(start(id), command);
    expect(code).not.toBe(0);
    if (logged === null) expect(log).not.toContain('=lo ');
    else expect(log).toContain(logged);
  });

  it('works once the planned fix is applied', async () => {
    const host = start(id);
    const { ruleset, surroundings } = await facts(host);
    const options = { caseId: 'test', iptables: 'nft' as const };
    expect(traceConversation(ruleset, to, surroundings).outcome).toBe('blocked');
    const plan = planFix(ruleset, surroundings, [to], { kind: 'all' }, options);
    expect(plan.repaired).toContainEqual(to);
    const trial = await startTrial(host, { caseId: 'test', apply: plan.apply, undo: plan.undo, confirmWithin: 30 });
    expect(await trial.confirm()).toBe('confirmed');
    expect(await runLine(host, command)).toMatchObject({ code: 0 });
    const after = await facts(host);
    expect(traceConversation(after.ruleset, to, after.surroundings).outcome).toBe('works');
  });
});

describe.each(DECOYS)('the decoy $id', ({ id, command, to, complaint }) => {
  it('fails although loopback passes, and no fix of loopback helps', async () => {
    const host = start(id);
    const { ruleset, surroundings } = await facts(host);
    expect(traceConversation(ruleset, to, surroundings).outcome).toBe('works');
    expect((await runLine(host, command)).stderr).toContain(complaint);
    expect((await runLine(host, 'iptables -I OUTPUT -o lo -j ACCEPT')).code).toBe(0);
    expect((await runLine(host, command)).stderr).toContain(complaint);
  });
});

describe('the way out of a decoy', () => {
  it('is to permit the host that plugins come from, on eth0', async () => {
    const host = start('elsewhere');
    expect((await newLines(host, 'wp plugin update --all')).log).toContain('OUT-DROP: IN= OUT=eth0');
    await runLine(host, 'iptables -I OUTPUT -o eth0 -d 198.51.100.80 -p tcp --dport 443 -j ACCEPT');
    expect((await runLine(host, 'wp plugin update --all')).stdout).toContain('Success: Updated 1 of 1 plugins.');
  });
});
