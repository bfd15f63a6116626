import { expect, test } from 'vitest';
import type { Entry } from '../../../src/log/packet/entry.ts';
import { parseLine } from '../../../src/log/packet/parse-line.ts';

const now = new Date('2026-11-22T17:00:00Z');
const SYN =
  'IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=41643 DF PROTO=TCP SPT=40577 DPT=25 WINDOW=32792 RES=0x00 SYN URGP=0 ';

function entryOf(text: string): Entry {
  const { entry } = parseLine(text, { now });
  if (entry === null) throw new Error(`no entry in ${text}`);
  return entry;
}

test('reads the line of the article, whose addresses were blanked', () => {
  const line =
    'Jun 20 18:11:21 wordpress kernel: [16890529.490637] IN= OUT=lo SRC= DST= LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=41643 DF PROTO=TCP SPT=40577 DPT=21 WINDOW=32792 RES=0x00 SYN URGP=0';
  const parsed = parseLine(line, { now });
  expect(parsed).toMatchObject({ host: 'wordpress', uptime: 16890529.490637, repeated: 1 });
  expect(parsed.entry).toMatchObject({
    prefix: null,
    in: null,
    out: 'lo',
    src: null,
    dst: null,
    len: 60,
    ttl: 64,
    id: 41643,
    proto: 'TCP',
    spt: 40577,
    dpt: 21,
    flags: ['SYN'],
    ipFlags: ['DF'],
    loopback: true,
    direction: 'request',
    service: 'ftp',
    incomplete: false,
    embedded: null,
    uid: null,
    mark: null,
  });
  const { out, dpt } = parsed.entry?.spans ?? {};
  expect([out, dpt].map((span) => span && line.slice(span.start, span.end))).toEqual(['OUT=lo', 'DPT=21']);
});

test('takes the first value of a field, outside of brackets', () => {
  const entry = entryOf(
    'IN= OUT=lo SRC=::1 DST=0000:0000:0000:0000:0000:0000:0000:0001 LEN=1280 TC=0 HOPLIMIT=63 FLOWLBL=906247 PROTO=ICMPv6 TYPE=1 CODE=4 [SRC=fe80:: DST=::2 LEN=58 TC=0 HOPLIMIT=64 FLOWLBL=1 PROTO=UDP SPT=45391 DPT=53 LEN=18 ] UID=33 GID=34 MARK=0x1f ',
  );
  expect(entry).toMatchObject({ src: '::1', dst: '::1', len: 1280, ttl: 63, spt: null, dpt: null, type: 1, code: 4 });
  expect(entry).toMatchObject({ uid: 33, gid: 34, mark: 31, direction: 'error', service: 'domain' });
  expect(entry.embedded).toMatchObject({ src: 'fe80::', dst: '::2', len: 58, proto: 'UDP', spt: 45391, dpt: 53 });
  expect(entryOf(SYN.replace('TCP SPT', 'UDP SPT').replace(/WINDOW.*/, 'LEN=40 ')).len).toBe(60);
});

test('tells a sequence number from a flag', () => {
  const entry = entryOf(SYN.replace('WINDOW', 'SEQ=7 ACK=0 WINDOW'));
  expect(entry).toMatchObject({ flags: ['SYN'], seq: 7, direction: 'request' });
  expect(entryOf(SYN.replace(' SYN ', ' AE CWR ECE URG ACK PSH RST SYN FIN ')).flags).toEqual(
    'AE CWR ECE URG ACK PSH RST SYN FIN'.split(' '),
  );
});

test('takes no damaged word for a flag', () => {
  expect(entryOf(SYN.replace('URGP=0', 'URGn=0 FINx ACK[ PSH,')).flags).toEqual(['PSH', 'SYN']);
});

test.each([
  ['[UFW BLOCK] ', '[UFW BLOCK]'],
  ['FINAL_REJECT:', 'FINAL_REJECT:'],
  ['TRACE: filter:OUTPUT:rule:1 ', 'TRACE: filter:OUTPUT:rule:1'],
  ['IN=eth0 OUT=eth1 ', 'IN=eth0 OUT=eth1'],
  ['DROP_IN=', 'DROP_IN='],
  ['IN=a OUT=b SRC=1.1.1.1 ', 'IN=a OUT=b SRC=1.1.1.1'],
  ['IN=a OUT=b SRC=::1 DST=::1 ', 'IN=a OUT=b SRC=::1 DST=::1'],
  ['say "DPT=1 SYN PROTO=UDP ', 'say "DPT=1 SYN PROTO=UDP'],
  ['[WAN_LOCAL-4001-A]', '[WAN_LOCAL-4001-A]'],
  ['[12] ', '[12]'],
])('the prefix %j does not touch the fields', (prefix, expected) => {
  const entry = entryOf(`Jun 20 18:11:21 web1 kernel: [  123.456789] ${prefix}${SYN}`);
  const { prefix: found, spans, ...fields } = entry;
  const { prefix: _none, spans: _spans, ...plain } = entryOf(`Jun 20 18:11:21 web1 kernel: ${SYN}`);
  expect(found).toBe(expected);
  expect(fields).toEqual(plain);
});

test.each([
  [
    'IN=eth0 OUT= MAC= SRC=1.2.3.4 DST=5.6.7.8 LEN=40 TOS=0x00 PREC=0x00 TTL=1 ID=0 MF FRAG:185 PROTO=UDP ',
    { frag: 185, ipFlags: ['MF'], proto: 'UDP', incomplete: false, mac: null },
  ],
  [
    'IN=br0 OUT=br0 PHYSIN=a PHYSOUT=b SRC=1.2.3.4 DST=5.6.7.8 LEN=24 TOS=0x00 PREC=0xC0 TTL=1 ID=0 DF MF OPT (94040000) PROTO=2 ',
    { physin: 'a', physout: 'b', proto: 2, ipFlags: ['DF', 'MF'], incomplete: false },
  ],
  [
    'IN= OUT=lo SRC=1.2.3.4 DST=5.6.7.8 LEN=22 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF PROTO=UDP INCOMPLETE [2 bytes] ',
    { spt: null, incomplete: true },
  ],
  ['IN= OUT=lo TRUNCATED', { src: null, incomplete: true }],
  [
    'IN=eth0 OUT= MACSRC=aa:aa MACDST=bb:bb MACPROTO=0806 ARP HTYPE=1 PTYPE=0x0800 OPCODE=1 MACSRC=aa:aa IPSRC=10.0.0.1 MACDST=00:00 IPDST=10.0.0.2',
    { proto: 'ARP', src: '10.0.0.1', dst: '10.0.0.2', direction: 'request', incomplete: false },
  ],
  [
    'IN=eth0 OUT= MAC=aa SRC=::1 DST=::1 LEN=68 TC=0 HOPLIMIT=64 FLOWLBL=5 FRAG:0 INCOMPLETE ID:bb913371 PROTO=UDP SPT=1 DPT=2 LEN=8 ',
    { frag: 0, ipFlags: ['MF'], spt: 1, incomplete: false, id: null },
  ],
  [
    'IN=eth0 OUT= MAC=aa SRC=::1 DST=::1 LEN=68 TC=0 HOPLIMIT=64 FLOWLBL=5 OPT ( ESP SPI=0x102 )',
    { proto: 'ESP', incomplete: false },
  ],
  [
    'IN= OUT=lo SRC=::1 DST=::1 LEN=68 TC=0 HOPLIMIT=64 FLOWLBL=5 PROTO=ICMPv6 TYPE=1 CODE=0 [TRUNCATED] UID=5 GID=6 ',
    { incomplete: false, embedded: expect.objectContaining({ incomplete: true, src: null }), uid: 5, gid: 6 },
  ],
  [
    'DROP IN=vlan1 OUT= MAC=00:01:02 <1>SRC=10.0.0.1 DST=10.0.0.2 <1>LEN=48 TOS=0x00 PREC=0x00 TTL=115 ID=7 DF PROTO=TCP <1>SPT=1 DPT=2 SEQ=3 ACK=0 WINDOW=4 RES=0x00 SYN URGP=0',
    { src: '10.0.0.1', len: 48, spt: 1, dpt: 2, flags: ['SYN'] },
  ],
  [
    'REJECT: OUT=vmbr0 SRC=10.0.0.1 DST=10.0.0.2 LEN=60 TOS=0x10 PREC=0x00 TTL=64 ID=1 DF PROTO=TCP SPT=1 DPT=22 SEQ=1 ACK=0 WINDOW=1 SYN ',
    { in: null, out: 'vmbr0', prefix: 'REJECT:' },
  ],
  [
    'IN=eth8 OUT= MAC=aa SRC=10.0.0.1 DST=10.0.0.2 LEN=122 TOS=00 PREC=0x00 TTL=49 ID=45366 DF PROTO=UDP SPT=38451 DPT=54329 LEN=102 MARK=1a0000',
    { mark: 0x1a0000, len: 122 },
  ],
  [
    'IN=eth0 OUT= MAC=aa SRC=x.x.x.x DST=10.0.0.2 LEN=40 TOS=0x00 PREC=0x00 TTL=49 ID=4 PROTO=TCP SPT=1 DPT=2 WINDOW=1 RES=0x00 RST URGP=0',
    { src: 'x.x.x.x', flags: ['RST'] },
  ],
  [
    'IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=416',
    { id: 416, proto: null, incomplete: true },
  ],
  ['IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 PROTO=TCP SPT=1', { spt: 1, dpt: null, incomplete: true }],
  // Linux 2.4 names the ports of a bridge with their devices.
  [
    'IN: IN=br0 PHYSIN=eth0 OUT=br0 PHYSOUT=eth1 SRC=10.0.0.1 DST=10.0.0.2 LEN=40 TOS=0x00 PREC=0x00 TTL=1 ID=2 PROTO=TCP SPT=3 DPT=4 WINDOW=5 RES=0x00 SYN URGP=0 ',
    { prefix: 'IN:', in: 'br0', physin: 'eth0', out: 'br0', physout: 'eth1', spt: 3 },
  ],
  [
    'IN=a OUT=b IN= PHYSIN=eth0 OUT= MAC=aa SRC=10.0.0.1 DST=10.0.0.2 LEN=40 TOS=0x00 PREC=0x00 TTL=1 ID=2 PROTO=UDP SPT=3 DPT=4 LEN=20 ',
    { prefix: 'IN=a OUT=b', in: null, physin: 'eth0', out: null, physout: null, mac: 'aa', dpt: 4 },
  ],
  // What UniFi leaves of long lines that it sends on in pieces.
  [
    'May  5 20:46:46 udm user.info kernel: L=126 ID=8698 DF PROTO=TCP SPT=88 DPT=51179 WINDOW=2053 RES=0x00 ACK URGP=0',
    { host: 'udm', prefix: null, in: null, out: null, src: null, ttl: 126, id: 8698, spt: 88, incomplete: true },
  ],
  [
    'May  5 20:46:46 udm kernel: 0 TTL=126 ID=8698 DF PROTO=TCP SPT=88 DPT=51179 WINDOW=2053 RES=0x00 ACK URGP=0',
    { prefix: null, ttl: 126, ipFlags: ['DF'], flags: ['ACK'], incomplete: true },
  ],
  ['kernel: PROTO=ICMP TYPE=8 CODE=0 ID=1 SEQ=2 ', { proto: 'ICMP', type: 8, id: 1, seq: 2, incomplete: true }],
])('%s', (line, expected) => {
  expect(entryOf(line)).toMatchObject(expected);
});

test.each([
  'Jun 20 18:11:21 web1 sshd[1]: Failed password from 10.0.0.1 port 1 ssh2',
  'Jun 20 18:11:21 web1 kernel: [1.2] XX=eth0 OUT= MAC=aa SRC=1.2.3.4 DST=5.6.7.8 LEN=40 PROTO=TCP SPT=1 DPT=2',
  'traffic IN=1234 OUT=567 bytes',
  'mixer IN=3 OUT=4 SRC=camera DST=screen',
  'Denied CONN=WAN SRC=20.3.2.1 DST=192.168.1.20 LEN=48 PROTO=TCP SPT=2260 DPT=80',
  'IN=lo',
  '',
  '{"MESSAGE":"hello"}',
  '{"MESSAGE":',
  '[]',
])('%j is no netfilter line', (line) => {
  expect(parseLine(line, { now }).entry).toBeNull();
});

test('two records on one line give the first', () => {
  expect(
    entryOf(`${SYN}Jun 20 18:11:21 web1 kernel: ${SYN.replace('=25', '=21').replace('SYN', 'RST')}`),
  ).toMatchObject({
    dpt: 25,
    flags: ['SYN'],
    prefix: null,
  });
});
