import { expect, test } from 'vitest';
import { findNatBehind } from '../../../src/diagnosis/causes/find-nat-behind.ts';
import { findNatFindings } from '../../../src/diagnosis/inspect/find-nat-findings.ts';
import { inspect } from '../../../src/diagnosis/inspect/inspect.ts';
import type { Listener } from '../../../src/diagnosis/listener.ts';
import { rules } from '../../firewall/rules.ts';

const at = (port: number, address = '127.0.0.1'): Listener => ({ protocol: 'tcp', address, port, process: 'mysqld' });
const look = (lines: readonly string[], listeners: readonly Listener[] = []) =>
  inspect(
    {
      host: 'web1',
      ruleset: rules(...lines),
      ownAddresses: ['192.0.2.10'],
      listeners,
      iptables: 'nft',
      ownerFacts: null,
      logs: [],
      way: null,
      dump: null,
    },
    'a1',
  );
const nat = (...lines: readonly string[]) => ['*nat', ...lines, 'COMMIT'];

test('a sender that is changed is told, with the rule and who is affected', () => {
  const inspection = look(nat('-A POSTROUTING -j MASQUERADE'), [at(3306)]);
  const [found, ...others] = findNatFindings(inspection);
  expect(found).toMatchObject({
    id: 'nat-changes-sender',
    severity: 'warning',
    title: 'A NAT rule changes the sender of loopback connections from 127.0.0.1 to 192.0.2.10.',
  });
  expect(found?.advice).toContain('! -o lo');
  expect(others).toEqual([]);
  expect(inspection.loopback.ip.outcome).toBe('works');
});

test('a rule for the way out changes nobody on lo', () => {
  expect(findNatFindings(look(nat('-A POSTROUTING ! -o lo -j MASQUERADE')))).toEqual([]);
  expect(findNatFindings(look(nat('-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE')))).toEqual([]);
});

test('a drop that the changed sender causes is said to be caused by it', () => {
  const input = [
    '*filter',
    ':INPUT DROP [0:0]',
    '-A INPUT -s 127.0.0.0/8 -j ACCEPT',
    '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT',
    'COMMIT',
  ];
  const [found] = findNatFindings(look([...nat('-A POSTROUTING -j MASQUERADE'), ...input]));
  expect(found?.severity).toBe('problem');
  expect(found?.evidence.at(-1)).toMatch(/^stopped because of it: TCP to 127\.0\.0\.1:/);
});

test("a container's published port is no loopback conversation and leaves nothing unknown", () => {
  const inspection = look(
    nat(
      '-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER',
      '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8090 -j DNAT --to-destination 172.17.0.2:80',
    ).toSpliced(1, 0, ':DOCKER - [0:0]'),
  );
  expect(findNatFindings(inspection)).toMatchObject([
    {
      id: 'nat-leaves-loopback',
      severity: 'notice',
      evidence: [],
      advice: '',
      title: expect.stringContaining('tcp/8090 to 172.17.0.2:80'),
    },
  ]);
  expect([inspection.blocked, inspection.unknownTraces, inspection.loopback.own.outcome]).toEqual([false, [], 'works']);
});

test('where NAT sends all of it away, nothing is left to say that loopback passes', () => {
  const inspection = look(nat('-A OUTPUT -j DNAT --to-destination 203.0.113.5'));
  expect([inspection.loopback.ip.outcome, inspection.unknownTraces.length > 0]).toEqual(['unknown', true]);
});

test('a redirect tells who really answers, or that nobody does', () => {
  const lines = nat('-A OUTPUT -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080');
  expect(findNatFindings(look(lines, [at(8080)]))).toMatchObject([
    { id: 'nat-redirects', title: expect.stringContaining('mysqld at 127.0.0.1:8080 answers TCP to 127.0.0.1:80') },
  ]);
  expect(findNatFindings(look(lines, [at(80)]))).toMatchObject([
    {
      id: 'nat-dead-end',
      severity: 'problem',
      title: expect.stringContaining('to 127.0.0.1:8080, where nobody listens'),
    },
  ]);
});

test('a command that was refused as somebody else finds the rule, and one that works finds nothing', () => {
  const now = look(nat('-A POSTROUTING -j MASQUERADE'), [at(3306)]);
  const ran = (code: number, output: string) => [{ kind: 'command', commandLine: 'mysql', code, output } as const];
  const seen = { verdict: 'undecided', findings: [] } as const;
  const refused = findNatBehind(now, ran(1, "Host '192.0.2.10' is not allowed to connect"), seen);
  expect(refused).toMatchObject([{ id: 'nat-changes-sender', severity: 'problem' }]);
  expect(findNatBehind(now, ran(0, ''), seen)).toEqual([]);
});
