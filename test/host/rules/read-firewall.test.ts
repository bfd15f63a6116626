import { describe, expect, it } from 'vitest';
import { HostError } from '../../../src/host/host.ts';
import { readFirewall } from '../../../src/host/rules/read-firewall.ts';
import { type Expected, fakeHost } from '../../fakes/fake-host.ts';

const addresses = JSON.stringify([
  { ifname: 'lo', addr_info: [{ local: '127.0.0.1', scope: 'host' }] },
  {
    ifname: 'eth0',
    addr_info: [
      { local: '192.0.2.10', scope: 'global' },
      { local: 'fe80::1', scope: 'link' },
      { local: 'fd00::10', scope: 'global' },
    ],
  },
]);
const missing = { code: 127 };
const units = [
  'ufw',
  'firewalld',
  'docker',
  'fail2ban',
  'shorewall',
  'shorewall6',
  'firehol',
  'csf',
  'lfd',
  'ferm',
  'arno-iptables-firewall',
  'netfilter-persistent',
  'iptables',
  'ip6tables',
  'nftables',
];
const listUnits = [
  'systemctl',
  '--root=/',
  'list-unit-files',
  '--no-legend',
  ...units.map((unit) => `${unit}.service`),
] as const;

/** A server with nothing special, each answer replaceable by the command's first words. */
function server(answers: Record<string, Omit<Expected, 'command'>>): Expected[] {
  const usual: [Expected['command'], Omit<Expected, 'command'>][] = [
    [['id', '-u'], { stdout: '0\n' }],
    [['iptables', '-V'], { stdout: 'iptables v1.8.9 (nf_tables)\n' }],
    [['iptables-nft-save'], {}],
    [['ip6tables-nft-save'], {}],
    [['nft', '-j', 'list', 'ruleset'], { stdout: '{"nftables": [{"metainfo": {}}]}' }],
    [['ip', '-j', 'address'], { stdout: addresses }],
    [['cat', '/etc/ufw/ufw.conf'], { code: 1 }],
    [['firewall-cmd', '--state'], missing],
    [['test', '-S', '/var/run/docker.sock'], { code: 1 }],
    [['test', '-S', '/var/run/fail2ban/fail2ban.sock'], { code: 1 }],
    [listUnits, missing],
    [['cat', '/proc/net/ip_tables_names'], {}],
    [['cat', '/proc/net/ip6_tables_names'], {}],
  ];
  const known = new Set(usual.map(([command]) => command.join(' ')));
  const more = Object.entries(answers).filter(([command]) => !known.has(command));
  return [
    ...usual.map(([command, answer]) => ({ command, ...(answers[command.join(' ')] ?? answer) })),
    ...more.map(([command, answer]): Expected => ({ command: [command], ...answer })),
  ];
}

async function read(answers: Record<string, Omit<Expected, 'command'>>) {
  const host = fakeHost(server(answers), { inOrder: false });
  const reading = await readFirewall(host);
  host.finish();
  return reading;
}

const save = '*filter\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n';

describe('readFirewall', () => {
  it('gives the layers that hold anything, and never asks for legacy tables that are not there', async () => {
    const nft = '{"nftables": [{"metainfo": {}}, {"table": {"family": "inet"}}]}';
    const reading = await read({ 'iptables-nft-save': { stdout: save }, 'nft -j list ruleset': { stdout: nft } });
    expect(reading).toEqual({
      dumps: [
        { layer: 'iptables', variant: 'nft', family: 'ip', text: save },
        { layer: 'nftables', text: nft },
      ],
      unread: [],
      iptables: 'nft',
      lock: 'seconds',
      user: 0,
      ownAddresses: ['192.0.2.10', 'fd00::10'],
      managers: { installed: [], directRules: [], ufw: null },
    });
  });

  it('reads legacy tables beside the others when the kernel lists some', async () => {
    const reading = await read({
      'cat /proc/net/ip_tables_names': { stdout: 'filter\n' },
      'iptables-legacy-save': { stdout: save },
    });
    expect(reading.dumps).toEqual([{ layer: 'iptables', variant: 'legacy', family: 'ip', text: save }]);
  });

  it('reads an old server that knows no variants', async () => {
    const reading = await read({
      'iptables -V': { stdout: 'iptables v1.6.0\n' },
      'iptables-nft-save': missing,
      'ip6tables-nft-save': missing,
      'nft -j list ruleset': missing,
      'cat /proc/net/ip6_tables_names': { stdout: 'filter\n' },
      'ip6tables-save': { stdout: save },
    });
    expect(reading.iptables).toBe('legacy');
    expect(reading.dumps).toEqual([{ layer: 'iptables', variant: 'legacy', family: 'ip6', text: save }]);
  });

  it('takes an old server without any rule for one without a firewall', async () => {
    const reading = await read({
      'iptables -V': { stdout: 'iptables v1.6.0\n' },
      'iptables-nft-save': missing,
      'ip6tables-nft-save': missing,
      'nft -j list ruleset': missing,
    });
    expect(reading.dumps).toEqual([]);
  });

  it('names the layers that it could not read', async () => {
    const reading = await read({
      'iptables-nft-save': { code: 3, stderr: 'Parsing nftables rule failed\n' },
      'cat /proc/net/ip_tables_names': { stdout: 'nat\nfilter\n' },
      'iptables-legacy-save': missing,
    });
    expect(reading.unread).toEqual([
      { command: ['iptables-nft-save'], why: 'Parsing nftables rule failed' },
      { command: ['iptables-legacy-save'], why: expect.stringContaining('legacy tables (nat, filter)') },
    ]);
  });

  it('says that it needs root', async () => {
    const denied = {
      code: 4,
      stderr: 'Could not fetch rule set generation id: Permission denied (you must be root)\n',
    };
    const answers = {
      'id -u': { stdout: '1000\n' },
      'iptables-nft-save': denied,
      'ip6tables-nft-save': denied,
      'nft -j list ruleset': { code: 1, stderr: 'Operation not permitted (you must be root)\n' },
      'cat /proc/net/ip_tables_names': { code: 1, stderr: 'cat: Permission denied\n' },
      'cat /proc/net/ip6_tables_names': { code: 1, stderr: 'cat: Permission denied\n' },
    };
    await expect(read(answers)).rejects.toThrow('Reading the firewall needs root.');
    await expect(read({ ...answers, 'id -u': { stdout: '0\n' } })).rejects.toThrow(/container without NET_ADMIN/);
  });

  it('says that tables stay unread which only nft can read, where it is not installed', async () => {
    const { unread } = await read({
      'ip6tables-nft-save': { stdout: "# Table `filter' is incompatible, use 'nft' tool.\n" },
      'nft -j list ruleset': missing,
    });
    expect(unread).toEqual([
      { command: ['nft', '-j', 'list', 'ruleset'], why: expect.stringContaining('only nft can read (filter)') },
    ]);
  });

  it('says that there is no tool', async () => {
    const answers = {
      'iptables -V': missing,
      'iptables-nft-save': missing,
      'ip6tables-nft-save': missing,
      'nft -j list ruleset': missing,
    };
    await expect(read(answers)).rejects.toThrow(HostError);
    await expect(read(answers)).rejects.toThrow(/Neither iptables nor nft/);
  });

  it('passes the complaint of a tool on', async () => {
    const broken = { code: 1, stderr: 'Fatal: kernel too old\n' };
    const answers = { 'iptables-nft-save': broken, 'ip6tables-nft-save': broken, 'nft -j list ruleset': broken };
    await expect(read(answers)).rejects.toThrow(/iptables-nft-save: Fatal: kernel too old/);
  });

  it('knows the managers by their own marks, and what boot does by the units on disk; asks ufw for its rules', async () => {
    const answers = server({
      'cat /etc/ufw/ufw.conf': { stdout: '# x\nENABLED=yes\nLOGLEVEL=low\n' },
      'firewall-cmd --state': { code: 252, stderr: 'not running' },
      'test -S /var/run/docker.sock': {},
      [listUnits.join(' ')]: { stdout: 'ufw.service disabled enabled\nfirewalld.service enabled enabled\n' },
    });
    const files = ['user', 'before', 'after'].flatMap((part) => [`${part}.rules`, `${part}6.rules`]);
    const host = fakeHost(
      [
        ...answers,
        { command: ['ufw', 'status', 'numbered'], stdout: 'Status: active\n' },
        ...files.map((file): Expected => ({ command: ['cat', `/etc/ufw/${file}`], stdout: file })),
      ],
      { inOrder: false },
    );
    const { managers } = await readFirewall(host);
    host.finish();
    expect(managers.ufw).toEqual({
      status: 'Status: active\n',
      files: files.map((file) => ({ path: `/etc/ufw/${file}`, text: file })),
    });
    expect(managers.installed).toEqual([
      {
        name: 'ufw',
        isOn: true,
        startsAtBoot: false,
        evidence: '/etc/ufw/ufw.conf: ENABLED=yes, ufw.service is disabled',
      },
      {
        name: 'firewalld',
        isOn: false,
        startsAtBoot: true,
        evidence: 'firewall-cmd --state: not running, firewalld.service is enabled',
      },
      { name: 'docker', isOn: true, startsAtBoot: true, evidence: '/var/run/docker.sock is there' },
    ]);
  });

  it('does not take ufw for started by a unit that its configuration tells to do nothing', async () => {
    const { managers } = await read({
      'cat /etc/ufw/ufw.conf': { stdout: 'ENABLED=no\n' },
      [listUnits.join(' ')]: { stdout: 'ufw.service enabled enabled\n' },
    });
    expect(managers.installed).toMatchObject([{ name: 'ufw', isOn: false, startsAtBoot: false }]);
  });

  it('knows what only writes rules when it starts by the units on disk', async () => {
    const { managers } = await read({
      [listUnits.join(' ')]: {
        stdout:
          'ferm.service alias -\nip6tables.service enabled disabled\niptables.service disabled disabled\nnftables.service disabled enabled\n',
      },
    });
    expect(managers.installed).toEqual([
      { name: 'iptables-services', isOn: true, startsAtBoot: true, evidence: 'ip6tables.service is enabled' },
      { name: 'nftables', isOn: false, startsAtBoot: false, evidence: 'nftables.service is disabled' },
    ]);
  });

  it.each([
    ['ferm', '/etc/default/ferm', 'ENABLED="yes"', null],
    ['ferm', '/etc/default/ferm', '# ENABLED=yes\nENABLED="no"', 'ENABLED=no'],
    ['ferm', '/etc/default/ferm', 'FAST=yes', 'ENABLED='],
    ['firehol', '/etc/default/firehol', 'START_FIREHOL=YES', null],
    ['firehol', '/etc/default/firehol', 'START_FIREHOL=NO', 'START_FIREHOL=NO'],
    ['shorewall', '/etc/shorewall/shorewall.conf', 'STARTUP_ENABLED=No', 'STARTUP_ENABLED=No'],
  ])('reads beside the unit of %s what %s says: %s', async (name, file, stdout, off) => {
    const enabled = { stdout: `${name}.service enabled enabled\n` };
    const host = fakeHost(
      [
        ...server({ [listUnits.join(' ')]: enabled }),
        { command: ['cat', file], stdout: `${stdout}\n` },
        ...(name === 'ferm' ? [{ command: ['cat', '/etc/ferm/ferm.conf'] as const, code: 1 }] : []),
      ],
      { inOrder: false },
    );
    const evidence = `${name}.service is enabled${off === null ? '' : `, but ${file}: ${off}`}`;
    const isOn = off === null;
    expect((await readFirewall(host)).managers.installed).toEqual([{ name, isOn, startsAtBoot: isOn, evidence }]);
    host.finish();
  });

  it('asks a running firewalld for its direct rules', async () => {
    const commands = (what: string): Expected['command'] => ['firewall-cmd', '--direct', `--get-all-${what}`];
    const host = fakeHost(
      [
        ...server({ 'firewall-cmd --state': {} }),
        { command: commands('rules'), stdout: 'ipv4 filter OUTPUT -5 -o lo -j DROP\neb filter OUTPUT 0 -j DROP\n' },
        { command: commands('passthroughs'), stdout: 'ipv6 -t raw -I OUTPUT -j DROP\nipv4 -A OUTPUT -j DROP\n' },
      ],
      { inOrder: false },
    );
    expect((await readFirewall(host)).managers.directRules).toEqual([
      {
        ...{ family: 'ip', table: 'filter', chain: 'OUTPUT', priority: -5, isFirst: false },
        ...{ text: '-A OUTPUT -o lo -j DROP', printed: 'ipv4 filter OUTPUT -5 -o lo -j DROP' },
      },
      {
        ...{ family: 'ip6', table: 'raw', chain: 'OUTPUT', priority: null, isFirst: true },
        ...{ text: '-A OUTPUT -j DROP', printed: 'ipv6 -t raw -I OUTPUT -j DROP' },
      },
      {
        ...{ family: 'ip', table: 'filter', chain: 'OUTPUT', priority: null, isFirst: false },
        ...{ text: '-A OUTPUT -j DROP', printed: 'ipv4 -A OUTPUT -j DROP' },
      },
    ]);
    host.finish();
  });

  it('asks in an older way for addresses where ip knows no JSON', async () => {
    const hostname: Expected = { command: ['hostname', '-I'], stdout: '192.0.2.7 2001:db8::7 \n' };
    const lines: Expected = { command: ['ip', '-o', 'address'], code: 1 };
    const host = fakeHost([...server({ 'ip -j address': { code: 255 } }), lines, hostname], { inOrder: false });
    expect((await readFirewall(host)).ownAddresses).toEqual(['192.0.2.7', '2001:db8::7']);
  });
});

it.each([
  ['iptables v1.4.18', 'none'],
  ['iptables v1.4.7', 'none'],
  ['iptables v1.4.21', 'forever'],
  ['iptables v1.6.0', 'seconds'],
  ['iptables v1.8.9 (nf_tables)', 'seconds'],
] as const)('%s waits for its lock: %s', async (version, lock) => {
  const answers = { 'iptables-nft-save': { stdout: save }, 'iptables -V': { stdout: `${version}\n` } };
  expect((await read(answers)).lock).toBe(lock);
});
