// What the tools of a server say of lo, and what is wrong by that: their output here is real (iproute2 6.1, busybox).
import { describe, expect, test } from 'vitest';
import { findWayFaults } from '../../../src/diagnosis/way/find-way-faults.ts';
import type { CommandAnswer, LoopbackWay, RouteAnswer } from '../../../src/diagnosis/way/loopback-way.ts';

const answer = (stdout: string, command = ['ip'], stderr = '', code = 0): CommandAnswer => ({
  command,
  code,
  stdout,
  stderr,
});

const link = (flags: string, rest = 'qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000') =>
  answer(`1: lo: <${flags}> mtu 65536 ${rest}\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n`);

const route = (destination: string, stdout: string, stderr = ''): RouteAnswer => ({
  ...answer(stdout, ['ip', 'route', 'get', destination], stderr, stderr === '' ? 0 : 2),
  destination,
  rule: null,
});

const local = (address: string) =>
  route(address, `local ${address} dev lo src ${address} uid 0 \n    cache <local> \n`);

const ADDRESSES =
  '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n1: lo    inet6 ::1/128 scope host \\       valid_lft forever preferred_lft forever\n';

const HEALTHY: LoopbackWay = {
  link: link('LOOPBACK,UP,LOWER_UP'),
  addresses: answer(ADDRESSES),
  routes: ['127.0.0.1', '127.0.1.1', '::1'].map(local),
  rules: { ip: answer('0:\tfrom all lookup local\n'), ip6: answer('0:\tfrom all lookup local\n') },
  unasked: [],
  queues: answer('qdisc noqueue 0: root refcnt 2 \n Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0) \n'),
  filters: [],
  tables: { ip: null, ip6: null },
  isIp6Off: null,
};

const find = (way: Partial<LoopbackWay>, served: readonly string[] = []) =>
  findWayFaults({ ...HEALTHY, ...way }, served);
const tell = (way: Partial<LoopbackWay>, served: readonly string[] = []) =>
  find(way, served).map(({ kinds, outcome, finding }) => `${finding.id} ${outcome} ${kinds.join(' ')}`.trim());

test('a lo that is well has no fault, nor has one that nobody could look at', () => {
  expect(tell({})).toEqual([]);
  expect(findWayFaults(null, [])).toEqual([]);
  const blind = { link: null, addresses: null, routes: [], queues: null, rules: { ip: null, ip6: null } };
  expect(tell(blind)).toEqual([]);
});

describe('the device', () => {
  test('is down, with its own line as evidence, and what goes with it is not told as a fault of its own', () => {
    const routes = [local('127.0.0.1'), route('::1', '', 'RTNETLINK answers: Network is unreachable\n')];
    const addresses = answer(ADDRESSES.split('\n')[0] ?? '');
    const down = { link: link('LOOPBACK', 'qdisc noqueue state DOWN'), routes, addresses, isIp6Off: false };
    expect(tell(down)).toEqual(['lo-down blocked ip ip6 own']);
    expect(find(down)[0]?.finding.evidence[0]).toContain('<LOOPBACK> mtu 65536');
  });

  test('was never up: it gets its addresses by itself', () => {
    expect(tell({ link: link('LOOPBACK'), addresses: answer('') })).toEqual(['lo-down blocked ip ip6 own']);
    const other = answer('1: lo    inet 127.0.0.9/8 scope host lo\n');
    expect(tell({ link: link('LOOPBACK'), addresses: other })).toEqual([
      'lo-down blocked ip ip6 own',
      'lo-without-address blocked ip',
    ]);
  });

  test('is up by what busybox says, too', () => {
    expect(tell({ link: answer('1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n') })).toEqual([]);
  });

  test('has an XDP program, which nobody can read', () => {
    const text =
      '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 xdpgeneric qdisc noqueue state UNKNOWN\n    link/loopback 00:00\n    prog/xdp id 12 name drop tag 3b185187f1855c4c jited \n';
    expect(tell({ link: answer(text) })).toEqual(['lo-xdp unknown ip ip6 own']);
    expect(find({ link: answer(text) })[0]?.finding.evidence).toContain(
      'prog/xdp id 12 name drop tag 3b185187f1855c4c jited',
    );
  });

  test.each([
    ['qdisc netem 8001: root refcnt 2 limit 1000 loss 100%', 0, ['lo-queue blocked ip ip6 own']],
    ['qdisc netem 8001: root refcnt 2 limit 1000 loss 30%', 0, ['lo-queue unknown ip ip6 own']],
    ['qdisc netem 8001: root refcnt 2 limit 1000 delay 5s', 0, ['lo-queue works ip ip6 own']],
    ['qdisc blackhole 8001: root refcnt 2', 0, ['lo-queue blocked ip ip6 own']],
    ['qdisc tbf 8002: root refcnt 2 rate 8Kbit burst 20b lat 10ms', 3, ['lo-queue unknown ip ip6 own']],
    ['qdisc htb 1: root refcnt 2 r2q 10 default 0x1 direct_packets_stat 0', 0, ['lo-queue works ip ip6 own']],
    ['qdisc pfifo_fast 0: root refcnt 2 bands 3', 0, []],
    ['qdisc clsact ffff: parent ffff:fff1', 0, []],
  ])('%s, dropped %i', (line, dropped, faults) => {
    const queues = answer(
      `${line} \n Sent 0 bytes 0 pkt (dropped ${dropped}, overlimits 0 requeues 0) \n backlog 0b\n`,
    );
    expect(tell({ queues })).toEqual(faults);
  });

  test('holds packets back at this moment, and has dropped none', () => {
    const text =
      'qdisc htb 1: root refcnt 2 r2q 10 default 0x1\n Sent 74 bytes 1 pkt (dropped 0, overlimits 1 requeues 0) \n backlog 128b 2p requeues 0\n';
    expect(tell({ queues: answer(text) })).toEqual(['lo-queue unknown ip ip6 own']);
    expect(find({ queues: answer(text) })[0]?.finding.title).toContain('holds back 2 packets at this moment');
  });

  test('has filters of tc, told line by line', () => {
    const filters = [
      answer(
        'filter protocol all pref 49152 bpf chain 0 \nfilter protocol all pref 49152 bpf chain 0 handle 0x1 x direct-action not_in_hw id 31 tag a04f5eef06a7f555 jited \n',
        ['tc', '-s', 'filter', 'show', 'dev', 'lo', 'egress'],
      ),
    ];
    expect(tell({ filters })).toEqual(['lo-tc-filter unknown ip ip6 own']);
    expect(find({ filters })[0]?.finding.evidence[0]).toContain('handle 0x1 x direct-action');
  });
});

describe('the addresses', () => {
  test('127.0.0.1 is missing: its packets leave by another device, which is one fault and not two', () => {
    const away = route('127.0.0.1', '127.0.0.1 via 192.0.2.1 dev eth0 src 192.0.2.10 uid 0 \n    cache \n');
    const way = { addresses: answer(ADDRESSES.split('\n')[1] ?? ''), routes: [away, local('::1')] };
    expect(tell(way)).toEqual(['lo-without-address blocked ip']);
    expect(find(way)[0]?.finding.evidence.at(-1)).toContain('dev eth0');
  });

  test('::1 is missing: a fault where IPv6 is on, on purpose where it is off, unknown reasons blame nothing', () => {
    const addresses = answer(ADDRESSES.split('\n')[0] ?? '');
    const routes = [local('127.0.0.1'), route('::1', '', 'RTNETLINK answers: Network is unreachable\n')];
    expect(tell({ addresses, routes, isIp6Off: false })).toEqual(['lo-without-address blocked ip6']);
    expect(tell({ addresses, routes, isIp6Off: true })).toEqual(['ip6-off absent ip6']);
    expect(tell({ addresses, routes, isIp6Off: null })).toEqual(['lo-route blocked ip6']);
  });

  test('a part of 127.0.0.0/8 alone', () => {
    const away = (address: string) => route(address, `${address} via 192.0.2.1 dev eth0 src 192.0.2.10 uid 0 \n`);
    const routes = [local('127.0.0.1'), away('127.0.1.1'), away('127.0.0.53')];
    expect(tell({ routes })).toEqual(['lo-narrow works ip']);
    expect(tell({ routes }, ['127.0.0.53'])).toEqual(['lo-narrow partly ip']);
  });
});

describe('the routing', () => {
  test.each([
    ['RTNETLINK answers: No route to host', 'refuses packets for 127.0.0.1'],
    ['RTNETLINK answers: Permission denied', 'forbids packets for 127.0.0.1'],
    ['RTNETLINK answers: Invalid argument', 'swallows packets for 127.0.0.1'],
    ['RTNETLINK answers: Network is unreachable', 'knows no way for packets for 127.0.0.1'],
  ])('%s', (stderr, says) => {
    const [fault] = find({ routes: [route('127.0.0.1', '', `${stderr}\n`)] });
    expect(fault).toMatchObject({ kinds: ['ip'], outcome: 'blocked', finding: { id: 'lo-route' } });
    expect(fault?.finding.title).toContain(says);
    expect(fault?.finding.evidence).toContain(`ip route get 127.0.0.1: ${stderr}`);
  });

  test('is cured by the commands that take the refusal away and put the route back', () => {
    const [fault] = find({
      routes: [route('127.0.0.1', '', 'RTNETLINK answers: No route to host\n')],
      tables: {
        ip: answer('unreachable 127.0.0.0/8 \nlocal 192.0.2.10 dev eth0 proto kernel scope host\n'),
        ip6: null,
      },
    });
    expect(fault?.finding.commands).toEqual([
      ['ip', 'route', 'del', 'unreachable', '127.0.0.0/8', 'table', 'local'],
      ['ip', 'route', 'add', 'local', '127.0.0.0/8', 'dev', 'lo', 'table', 'local'],
    ]);
  });

  test('a rule that refuses before the local table is asked is named, and taken away', () => {
    const [fault] = find({
      routes: [route('127.0.0.1', '', 'RTNETLINK answers: Permission denied\n')],
      rules: { ip: answer('10:\tfrom all to 127.0.0.0/8 prohibit\n100:\tfrom all lookup local\n'), ip6: null },
      unasked: [{ family: 'ip', line: '10: from all to 127.0.0.0/8 prohibit' }],
      tables: { ip: answer('local 127.0.0.0/8 dev lo proto kernel scope host src 127.0.0.1 \n'), ip6: null },
    });
    expect(fault?.finding.evidence).toContain('ip rule: 10: from all to 127.0.0.0/8 prohibit');
    expect(fault?.finding.commands).toEqual(['ip rule del pref 10 from all to 127.0.0.0/8 prohibit'.split(' ')]);
  });

  test('a rule for one user alone is told with the rule', () => {
    const rule = '10: from all to 127.0.0.0/8 uidrange 33-33 unreachable';
    const asked = { ...route('127.0.0.1', '', 'RTNETLINK answers: Network is unreachable\n'), rule };
    const [fault] = find({ routes: [...HEALTHY.routes, asked] });
    expect(fault?.finding).toMatchObject({ id: 'lo-routing-rule' });
    expect(fault?.finding.evidence[0]).toBe(`ip rule: ${rule}`);
  });

  test('a rule before the local table that does no harm to what was asked about is a notice', () => {
    expect(tell({ unasked: [{ family: 'ip', line: '5: not from all fwmark 0x1 lookup 51820' }] })).toEqual([
      'routing-rules-first works',
    ]);
  });
});
