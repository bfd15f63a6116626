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
  const rules = Object.keys(files).map((path) => ({ path, family: 'ip' as const }));
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
    loopback: { ip: 'blocked', ip6: 'works', own: 'blocked' },
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
    evidence: ['not always logged before: iptables table filter, chain OUTPUT, rule 2: -A OUTPUT -j DROP'],
  });
});

test('one port that is dropped makes loopback blocked', async () => {
  const { code } = await check({ a: dump('-A OUTPUT -p tcp -m tcp --dport 8081 -j DROP') });
  expect(code).toBe(1);
});

test('a policy that lets lo out is healthy', async () => {
  const { code, stdout } = await check({ a: dump('-A OUTPUT -o lo -j ACCEPT', '-A OUTPUT -j DROP') });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ loopback: { ip: 'works', own: 'works' } });
});

test('ping alone being dropped is a notice, no problem', async () => {
  const { code, stdout } = await check({ a: dump('-A OUTPUT -p icmp -j DROP') });
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
