// lo itself and the way to it, broken for real: `check`, `trace` and `fix` say what it is, and never that loopback passes.
import { expect, it } from 'vitest';
import { runCheck } from '../../src/commands/check.ts';
import { runFix } from '../../src/commands/fix/fix.ts';
import { runTrace } from '../../src/commands/trace/trace.ts';
import { testIo } from '../commands/io.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';

const openHost = (lab: Lab) => async () => hostInLab(lab);
const noFile = (path: string) => `no ${path}`;

const check = async (lab: Lab) => {
  const { io, written } = testIo();
  const code = await runCheck(io, { rules: [], json: true }, { openHost: openHost(lab), readFile: noFile });
  const { loopback, findings, nextBoot } = JSON.parse(written.stdout);
  return { code, loopback, findings, nextBoot, ids: findings.map(({ id }: { id: string }) => id) };
};

const fix = async (lab: Lab, json = false) => {
  const { io, written } = testIo();
  const options = { choice: { kind: 'all' }, isDryRun: false, yes: true, confirmWithin: null, json } as const;
  return { code: await runFix(options, { host: hostInLab(lab), caseId: 'way', io }), ...written };
};

const trace = async (lab: Lab, to: string, json = false) => {
  const { io, written } = testIo();
  const question = { to, protocol: 'tcp', dport: 5432, from: null, sport: null, uid: 0, rules: [], json } as const;
  return { code: await runTrace(question, { io, openHost: openHost(lab), readFile: noFile }), ...written };
};

const sh = (lab: Lab, script: string) => lab.run(['sh', '-e', '-c', script]);

/** The addresses of lo's table for IPv4, taken away. */
const NO_LOCAL = 'ip route del local 127.0.0.1 dev lo table local; ip route del local 127.0.0.0/8 dev lo table local';

/** What is done to the way, what it makes of each kind of address, the first finding, and where a connection then fails. */
const BROKEN: readonly (readonly [string, string, Record<'ip' | 'ip6' | 'own', string>, string, string])[] = [
  ['lo down', 'ip link set lo down', { ip: 'blocked', ip6: 'blocked', own: 'blocked' }, 'lo-down', '127.0.0.1'],
  [
    'no 127.0.0.1',
    'ip address del 127.0.0.1/8 dev lo',
    { ip: 'blocked', ip6: 'works', own: 'works' },
    'lo-without-address',
    '127.0.0.1',
  ],
  [
    'no ::1',
    'ip address del ::1/128 dev lo',
    { ip: 'works', ip6: 'blocked', own: 'works' },
    'lo-without-address',
    '::1',
  ],
  ...['unreachable', 'prohibit', 'blackhole'].map(
    (kind) =>
      [
        `${kind} 127.0.0.0/8`,
        `${NO_LOCAL}; ip route add ${kind} 127.0.0.0/8 table local`,
        { ip: 'blocked', ip6: 'works', own: 'works' },
        'lo-route',
        '127.0.0.1',
      ] as const,
  ),
  [
    'unreachable ::1',
    'ip -6 route del local ::1 dev lo table local; ip -6 route add unreachable ::1 table local',
    { ip: 'works', ip6: 'blocked', own: 'works' },
    'lo-route',
    '::1',
  ],
  [
    'a rule before the local table',
    'ip rule add pref 100 lookup local; ip rule del pref 0; ip rule add pref 10 to 127.0.0.0/8 prohibit',
    { ip: 'blocked', ip6: 'works', own: 'works' },
    'lo-route',
    '127.0.0.1',
  ],
  [
    'a rule for one port before the local table',
    'ip rule add pref 100 lookup local; ip rule del pref 0; ip rule add pref 10 to 127.0.0.0/8 ipproto tcp dport 5432 blackhole',
    { ip: 'partly', ip6: 'works', own: 'works' },
    'lo-routing-rule',
    '127.0.0.1',
  ],
  [
    'a queue that drops all',
    'tc qdisc add dev lo root blackhole',
    { ip: 'blocked', ip6: 'blocked', own: 'blocked' },
    'lo-queue',
    '127.0.0.1',
  ],
];

/** Loads an eBPF program that answers a number to every packet, and pins it: type 6 is XDP (1 drops), 3 a filter of tc (2 drops). */
const LOAD = `import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
number = {'x86_64': 321, 'aarch64': 280}[os.uname().machine]
def bpf(command, attributes):
    result = libc.syscall(number, command, ctypes.create_string_buffer(bytes(attributes), 128), 128)
    if result < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
kind, answer, path = int(sys.argv[1]), int(sys.argv[2]), ctypes.create_string_buffer(sys.argv[3].encode())
code = ctypes.create_string_buffer(struct.pack('<BBhi', 0xb7, 0, 0, answer) + struct.pack('<BBhi', 0x95, 0, 0, 0))
license = ctypes.create_string_buffer(b'GPL')
load = bytearray(128); struct.pack_into('<IIQQ', load, 0, kind, 2, ctypes.addressof(code), ctypes.addressof(license))
program = bpf(5, load)
pin = bytearray(128); struct.pack_into('<QI', pin, 0, ctypes.addressof(path), program)
bpf(6, pin)`;

describeKernel('lo itself and the way to it', () => {
  it.each(BROKEN)('%s', async (_, script, loopback, id, address) => {
    await using lab = await startLab();
    await lab.startTcpServer(5432, address);
    expect(await lab.probe(address, 5432)).toMatchObject({ outcome: 'works' });
    await sh(lab, script);
    expect(await lab.probe(address, 5432)).not.toMatchObject({ outcome: 'works' });
    const checked = await check(lab);
    expect(checked).toMatchObject({ code: 1, loopback });
    expect(checked.ids[0]).toBe(id);
    const fixed = await fix(lab);
    expect(fixed.code).toBe(1);
    expect(fixed.stdout).not.toContain('nothing to fix');
    expect(fixed.stdout).toContain('no firewall rule cures that');
    const traced = await trace(lab, address);
    expect(traced.code).not.toBe(0);
    expect(traced.stdout).not.toContain(': works');
  });

  it.each(BROKEN)('%s: the commands of the finding cure it', async (_, script, __, ___, address) => {
    await using lab = await startLab();
    await lab.startTcpServer(5432, '::');
    await lab.startTcpServer(5432, '0.0.0.0');
    await sh(lab, script);
    const { findings } = await check(lab);
    for (const command of findings[0].commands) await lab.exec(command);
    expect(await lab.probe(address, 5432)).toMatchObject({ outcome: 'works' });
    expect((await check(lab)).code).toBe(0);
  });

  it('a lo that was never brought up has one fault, and one command cures it', async () => {
    await using lab = await startLab();
    await sh(lab, 'ip link set lo down; ip address flush dev lo');
    expect((await check(lab)).ids).toEqual(['lo-down']);
    await sh(lab, 'ip link set lo up');
    expect(await check(lab)).toMatchObject({ code: 0, ids: [] });
  });

  it('IPv6 that is switched off is no fault, and nothing says that ::1 passes', async () => {
    await using lab = await startLab();
    await sh(lab, 'echo 1 > /proc/sys/net/ipv6/conf/lo/disable_ipv6');
    expect(await check(lab)).toMatchObject({ code: 0, loopback: { ip: 'works', ip6: 'absent' }, ids: ['ip6-off'] });
    expect((await trace(lab, '::1')).code).toBe(1);
  });

  it('a part of 127.0.0.0/8 alone is told, and a fault where a service listens in the rest', async () => {
    await using lab = await startLab();
    await lab.startTcpServer(53, '127.0.0.53');
    await sh(lab, 'ip address del 127.0.0.1/8 dev lo; ip address add 127.0.0.1/32 dev lo');
    const { code, findings } = await check(lab);
    expect(code).toBe(1);
    expect(findings[0]).toMatchObject({ id: 'lo-narrow', severity: 'problem' });
    for (const command of findings[0].commands) await lab.exec(command);
    expect(await check(lab)).toMatchObject({ code: 0, ids: [] });
  });

  it('a queue that has dropped packets leaves the answer open', async () => {
    await using lab = await startLab();
    await sh(lab, 'tc qdisc add dev lo root tbf rate 8kbit burst 20 limit 30');
    expect((await lab.probe('127.0.0.1', 5432, { deadline: 300 })).outcome).toBe('silent');
    expect(await check(lab)).toMatchObject({ code: 4, loopback: { ip: 'unknown' }, ids: ['lo-queue'] });
    expect((await fix(lab)).code).toBe(4);
  });

  it('a lo that is as it should be is told by nothing, in a namespace with routing rules of its own behind the local table', async () => {
    await using lab = await startLab();
    await sh(lab, 'ip rule add pref 200 fwmark 1 lookup 100; ip rule add pref 300 uidrange 33-33 prohibit');
    expect(await check(lab)).toMatchObject({ code: 0, ids: [], loopback: { ip: 'works', ip6: 'works', own: 'works' } });
  });

  it('programs on lo that drop make the answer unknown: what they do is not to be read', async () => {
    await using lab = await startLab();
    await sh(lab, 'mkdir -p /run/pins; mount -t bpf bpf /run/pins');
    await lab.run(['python3', '-c', LOAD, '6', '1', '/run/pins/xdp']);
    await sh(lab, 'ip link set dev lo xdpgeneric pinned /run/pins/xdp');
    expect((await lab.probe('127.0.0.1', 5432, { deadline: 300 })).outcome).toBe('silent');
    const seen = await check(lab);
    expect(seen).toMatchObject({
      code: 4,
      loopback: { ip: 'unknown', ip6: 'unknown', own: 'unknown' },
      ids: ['lo-xdp'],
    });
    expect(seen.findings[0].evidence.join()).toContain('prog/xdp id');
    await sh(lab, 'ip link set dev lo xdp off; tc qdisc add dev lo clsact');
    expect(await check(lab)).toMatchObject({ code: 0, ids: [] });
    await lab.run(['python3', '-c', LOAD, '3', '2', '/run/pins/tc']);
    await sh(lab, 'tc filter add dev lo egress bpf da pinned /run/pins/tc');
    expect((await lab.probe('127.0.0.1', 5432, { deadline: 300 })).outcome).toBe('silent');
    expect(await check(lab)).toMatchObject({ code: 4, ids: ['lo-tc-filter'] });
  });

  it('rules that drop on ingress and egress of lo are the firewall', async () => {
    await using lab = await startLab();
    await lab.startTcpServer(5432);
    await lab.loadNft(
      'table netdev t { chain c { type filter hook ingress device "lo" priority 0; tcp dport 5432 drop; }; }',
    );
    expect(await lab.probe('127.0.0.1', 5432, { deadline: 300 })).toMatchObject({ outcome: 'silent' });
    const { code, findings } = await check(lab);
    expect(code).toBe(1);
    expect(findings[0]).toMatchObject({ id: 'loopback-partly' });
    expect(findings[0].evidence.join()).toContain('tcp dport 5432 drop');
    await lab.loadNft(
      'flush ruleset\ntable netdev t { chain c { type filter hook egress device "lo" priority 0; tcp dport 5432 drop; }; }',
    );
    expect((await check(lab)).code).toBe(1);
  });
});
