import { expect, test } from 'vitest';
import { runCheck } from '../../src/commands/check.ts';
import { practiceHost } from '../../src/host/practice/practice-host.ts';
import { testIo } from './io.ts';

const dump = (...rules: string[]): string =>
  ['*filter', ':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ...rules, 'COMMIT', ''].join(
    '\n',
  );

const check = async (files: Record<string, string>, json = true) => {
  const { io, written } = testIo();
  const rules = Object.keys(files).map((path) => ({
    path,
    family: path.endsWith('6') ? ('ip6' as const) : ('ip' as const),
  }));
  const readFile = (path: string) => {
    const text = files[path];
    if (text === undefined) throw new Error('ENOENT');
    return text;
  };
  const openHost = async () => practiceHost('wordpress');
  return { code: await runCheck(io, { rules, json }, { readFile, openHost }), ...written };
};

test('a policy that drops loopback without a log is a problem with its rule as evidence', async () => {
  const { code, stdout } = await check({ 'web1.rules': dump('-A OUTPUT -o eth0 -j ACCEPT', '-A OUTPUT -j DROP') });
  expect(code).toBe(1);
  const document = JSON.parse(stdout);
  expect(Object.keys(document)[0]).toBe('schema');
  expect(document).toMatchObject({
    schema: 'lo-doctor.check/1',
    host: 'web1.rules',
    time: '2026-11-22T18:00:00.000Z',
    layers: [{ layer: 'iptables', families: ['ip'], outputRules: 2 }],
    loopback: { ip: 'blocked', ip6: 'not-in-dump', own: 'blocked', partly: [] },
    notInDump: expect.arrayContaining(['IPv6 (ip6tables-save)']),
    finalRule: [{ family: 'ip', chain: 'OUTPUT', number: 2, text: '-A OUTPUT -j DROP', logs: 'no' }],
  });
  const ids = document.findings.map(({ id }: { id: string }) => id);
  expect(ids).toEqual(expect.arrayContaining(['loopback-blocked', 'drops-not-logged']));
  expect(document.findings[0].evidence.join('\n')).toContain('-A OUTPUT -j DROP');
});

test('a LOG rule behind the drop counts as no log, and is named', async () => {
  const { stdout } = await check({ a: dump('-A OUTPUT -j DROP', '-A OUTPUT -j LOG') });
  const document = JSON.parse(stdout);
  expect(document.finalRule[0].logs).toBe('no');
  expect(document.findings.map(({ id }: { id: string }) => id)).toContain('log-after-drop');
});

test('a drop that is logged within a limit may leave no entry', async () => {
  const limited = '-A OUTPUT -m limit --limit 1/sec -j LOG';
  const { stdout } = await check({ a: dump(limited, '-A OUTPUT -j DROP') });
  const { findings } = JSON.parse(stdout);
  expect(findings[1]).toMatchObject({
    id: 'drops-not-logged',
    title: 'Loopback packets may be dropped without an entry in the log.',
    evidence: ['not always logged before: rule 2 of OUTPUT (iptables, IPv4): -A OUTPUT -j DROP'],
  });
});

test('one port that is dropped among many is a part, named with its rule', async () => {
  const one = { a: dump('-A OUTPUT -p tcp -m tcp --dport 8081 -j DROP') };
  const { code, stdout } = await check(one);
  expect(code).toBe(1);
  const { loopback, findings } = JSON.parse(stdout);
  expect(loopback).toMatchObject({ ip: 'partly', own: 'partly' });
  expect(loopback.partly[0]).toMatchObject({
    kind: 'ip',
    protocol: 'tcp',
    destination: '127.0.0.1',
    ports: [8081],
    users: null,
    rule: { chain: 'OUTPUT', number: 1, text: '-A OUTPUT -p tcp -m tcp --dport 8081 -j DROP' },
  });
  expect(findings[0].id).toBe('loopback-partly');
  const told = await check(one, false);
  expect(told.stdout).toContain('stops a part of loopback traffic: TCP to port 8081');
  expect(told.stdout).not.toContain('blocks loopback');
});

test('who may not is named, with the port and without', async () => {
  const one = dump('-A OUTPUT -p tcp -m tcp --dport 25 -m owner --uid-owner 33 -j DROP');
  expect(JSON.parse((await check({ a: one })).stdout).loopback.partly[0]).toMatchObject({
    ports: [25],
    users: [{ uid: 33 }],
  });
  const any = await check({ a: dump('-A OUTPUT -m owner --uid-owner 33 -j DROP') }, false);
  expect(any.stdout).toContain('TCP and UDP to any port for uid 33 only');
});

test('what only some users may is blocked, as the others are not named', async () => {
  const rules = ['-A OUTPUT -m owner --uid-owner 0 -j ACCEPT', '-A OUTPUT -o lo -j DROP'];
  expect(JSON.parse((await check({ a: dump(...rules) })).stdout).loopback.ip).toBe('blocked');
});

test('a range of ports that happens to hold the port that stands for all is a part', async () => {
  const { stdout } = await check({ a: dump('-A OUTPUT -p tcp -m tcp --dport 30000:32000 -j DROP') });
  expect(JSON.parse(stdout).loopback.ip).toBe('partly');
});

test('what is not in a dump passes by nothing that was seen', async () => {
  const { code, stdout } = await check({ a: dump('-A OUTPUT -o lo -j ACCEPT') });
  expect(code).toBe(4);
  const { loopback, findings } = JSON.parse(stdout);
  expect(loopback).toMatchObject({ ip: 'works', ip6: 'not-in-dump', own: 'not-in-dump' });
  expect(findings).toMatchObject([
    { id: 'not-in-dump', evidence: expect.arrayContaining([expect.stringContaining('IPv6')]) },
  ]);
  const told = await check({ a: dump('-A OUTPUT -o lo -j ACCEPT') }, false);
  expect(told.stdout).toMatch(/lo to ::1, 2001:db8::1 +not in the dump/);
});

test('a table that decides nothing answers for none', async () => {
  const nat = '*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n';
  const { code, stdout } = await check({ a: nat });
  expect(code).toBe(4);
  expect(JSON.parse(stdout)).toMatchObject({
    loopback: { ip: 'not-in-dump', ip6: 'not-in-dump', own: 'not-in-dump' },
    notInDump: expect.arrayContaining(['the filter table of IPv4 (iptables-save without -t)']),
  });
});

test('a ruleset of nft is whole, an IPv6 example of an own address is tried too', async () => {
  const table = { family: 'ip6', table: 't' };
  const chain = { ...table, name: 'o', type: 'filter', hook: 'output', prio: 0, policy: 'drop' };
  const nft = [{ table: { family: 'ip6', name: 't' } }, { chain }];
  const { code, stdout } = await check({ a: JSON.stringify({ nftables: nft }) });
  expect(code).toBe(1);
  expect(JSON.parse(stdout).loopback).toMatchObject({ ip: 'works', ip6: 'blocked', own: 'blocked' });
});

test('a policy that lets lo out is healthy', async () => {
  const lo = dump('-A OUTPUT -o lo -j ACCEPT', '-A OUTPUT -j DROP');
  const { code, stdout } = await check({ a: lo, a6: lo });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ loopback: { ip: 'works', own: 'works' } });
});

test('ping alone being dropped is a notice, no problem', async () => {
  const { code, stdout } = await check({ a: dump('-A OUTPUT -p icmp -j DROP'), a6: dump() });
  expect(code).toBe(0);
  expect(JSON.parse(stdout).findings).toMatchObject([{ id: 'loopback-ping-blocked', severity: 'notice' }]);
});

test('what depends on an unknown match ends with 4, and names it', async () => {
  const { code, stdout } = await check({ a: dump('-A OUTPUT -m set --match-set banned dst -j DROP') });
  expect(code).toBe(4);
  expect(stdout).toContain('banned');
});

test('a dump that is none ends with 3, naming file and line', async () => {
  const { code, stderr } = await check({ 'a.rules': '*filter\nnonsense\n' });
  expect(code).toBe(3);
  expect(stderr).toContain('a.rules, line 2: "nonsense"');
});

test('without dumps the server itself is looked at, in words', async () => {
  const { io, written } = testIo();
  const openHost = async () => practiceHost('wordpress');
  const readFile = () => '';
  expect(await runCheck(io, { rules: [], json: false }, { readFile, openHost })).toBe(1);
  expect(written.stdout).toContain('The firewall of web1 blocks loopback traffic');
  expect(written.stdout).toContain("vsftpd listens at 0.0.0.0:21 (TCP) and can't be reached over lo");
});

test('a redirection that no rule drops is told in the headline and the document of a dump', async () => {
  const nat = `*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -d 127.0.0.1/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8081\nCOMMIT\n`;
  const told = await check({ a: `${nat}${dump()}` }, false);
  expect(told.stdout.replace(/\s+/g, ' ')).toContain(
    'NAT sends a part of it to another port, and whether anybody listens there is not in the dump',
  );
  const { findings } = JSON.parse((await check({ a: `${nat}${dump()}` })).stdout);
  expect(findings.map(({ id }: { id: string }) => id)).toContain('nat-redirects');
});
