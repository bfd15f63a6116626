// The packets that the messages are about: for each a rule that logs it, how it is sent, and what the line has to say of it.
import type { ExpectedPacket } from '../log/own-lines.ts';

export type LoggedPacket = {
  readonly name: string;
  /** A shell's lines: rules that log the packet. */
  readonly rules: string;
  readonly send: string;
  readonly expected: Omit<ExpectedPacket, 'ttl'>;
};

const NOBODY = { uid: null, gid: null, mark: null };
const lo = { in: null, out: 'lo', physin: null, physout: null, mac: null, ...NOBODY, embedded: null, loopback: true };
const here = { src: '127.0.0.1', dst: '127.0.0.1' };
const six = { src: '::1', dst: '::1' };
const noPorts = { spt: null, dpt: null };
const tcp = { proto: 'TCP', type: null, code: null };
const udp = { proto: 'UDP', type: null, code: null, flags: [] };

const logged = (program: string, place: string, prefix: string, more = '') =>
  `${program} -A ${place} -j LOG ${prefix === '' ? '' : `--log-prefix '${prefix}'`} ${more}`;

/** A frame made by hand, sent where the lab's devices end: source and destination, TTL, then the bytes of the IP packet. */
const frame = (device: string, to: string, hops: string, protocol: number, payload: string) => `python3 -c '
import socket, struct
def checked(head):
    total = sum(struct.unpack("!10H", head))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return head[:10] + struct.pack("!H", 0xffff ^ total) + head[12:]
body = bytes.fromhex("${payload}")
head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 777, 0x4000, ${hops}, ${protocol}, 0, socket.inet_aton("198.51.100.9"), socket.inet_aton("${to}"))
mac = {"wire": "020000000010", "far": "020000000020"}["${device}"]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("${device}", 0))
s.send(bytes.fromhex(mac + "020000000099" + "0800") + checked(head) + body)
'`;
/** SYN from port 41009 to port 443. */
const SYN = 'a03101bb0000000900000000500204000000 0000'.replaceAll(' ', '');
/** A datagram from port 41010 to 161. */
const DATAGRAM = 'a03200a1000c000061626364';

export function packets(hops: string): LoggedPacket[] {
  const to = (address: string, port: number, from: number, more = '') =>
    `nc ${more} -w1 -p ${from} ${address} ${port} </dev/null`;
  return [
    {
      name: 'a SYN of www-data',
      rules: logged('iptables', 'OUTPUT -p tcp --dport 25 --syn', 'FINAL_REJECT: ', '--log-uid'),
      send: `setpriv --reuid 33 --regid 33 --clear-groups ${to('127.0.0.1', 25, 41001)}`,
      expected: {
        ...lo,
        ...here,
        ...tcp,
        prefix: 'FINAL_REJECT:',
        spt: 41001,
        dpt: 25,
        flags: ['SYN'],
        uid: 33,
        gid: 33,
        direction: 'request',
        service: 'smtp',
      },
    },
    {
      name: 'a SYN with all options told',
      rules: logged(
        'iptables',
        'OUTPUT -p tcp --dport 80',
        'Shorewall:fw2net:REJECT:',
        '--log-tcp-sequence --log-tcp-options --log-ip-options',
      ),
      send: to('127.0.0.1', 80, 41002),
      expected: {
        ...lo,
        ...here,
        ...tcp,
        prefix: 'Shorewall:fw2net:REJECT:',
        spt: 41002,
        dpt: 80,
        flags: ['SYN'],
        direction: 'request',
        service: 'http',
      },
    },
    {
      name: 'the reply of a mail server',
      rules: logged('iptables', 'OUTPUT -p tcp --sport 25 --tcp-flags SYN,ACK SYN,ACK', '[UFW BLOCK] '),
      send: to('127.0.0.1', 25, 41003),
      expected: {
        ...lo,
        ...here,
        ...tcp,
        prefix: '[UFW BLOCK]',
        spt: 25,
        dpt: 41003,
        flags: ['ACK', 'SYN'],
        direction: 'reply',
        service: 'smtp',
      },
    },
    {
      name: 'a reset in reply to a refused SYN',
      rules: logged('iptables', 'OUTPUT -p tcp --sport 81', 'reset:'),
      send: to('127.0.0.1', 81, 41004),
      expected: { ...lo, ...here, ...tcp, prefix: 'reset:', spt: 81, dpt: 41004, flags: ['ACK', 'RST'] },
    },
    {
      name: 'a question to a name server, marked',
      rules: `iptables -t mangle -A OUTPUT -p udp --dport 53 -j MARK --set-mark 0x1f; ${logged('iptables', 'OUTPUT -p udp --dport 53', '', '--log-uid')}`,
      send: `echo | ${to('127.0.0.1', 53, 41005, '-u').replace('</dev/null', '')}`,
      expected: {
        ...lo,
        ...here,
        ...udp,
        prefix: null,
        spt: 41005,
        dpt: 53,
        len: 29,
        uid: 0,
        gid: 0,
        mark: 31,
        direction: 'request',
        service: 'domain',
      },
    },
    {
      name: 'the error about a datagram that nobody takes',
      rules: logged('iptables', 'OUTPUT -p icmp', 'icmp out '),
      send: `echo | ${to('127.0.0.1', 54, 41006, '-u').replace('</dev/null', '')}`,
      expected: {
        ...lo,
        ...here,
        ...noPorts,
        proto: 'ICMP',
        type: 3,
        code: 3,
        flags: [],
        prefix: 'icmp out',
        direction: 'error',
        embedded: { ...here, proto: 'UDP', spt: 41006, dpt: 54 },
      },
    },
    {
      name: 'a ping to an own address',
      rules: logged('iptables', 'OUTPUT -p icmp --icmp-type 8', 'IN=eth9 OUT=eth8 '),
      send: 'ping -c1 -W1 192.0.2.10',
      expected: {
        ...lo,
        src: '192.0.2.10',
        dst: '192.0.2.10',
        ...noPorts,
        proto: 'ICMP',
        type: 8,
        code: 0,
        flags: [],
        prefix: 'IN=eth9 OUT=eth8',
        direction: 'request',
      },
    },
    {
      name: 'a SYN to ::1',
      rules: logged('ip6tables', 'OUTPUT -p tcp --dport 587', 'v6 out: ', '--log-uid'),
      send: to('::1', 587, 41007),
      expected: {
        ...lo,
        ...six,
        ...tcp,
        prefix: 'v6 out:',
        spt: 41007,
        dpt: 587,
        flags: ['SYN'],
        uid: 0,
        gid: 0,
        direction: 'request',
      },
    },
    {
      name: 'the error about a datagram to ::1',
      rules: logged('ip6tables', 'OUTPUT -p ipv6-icmp', '6err '),
      send: `echo | ${to('::1', 55, 41008, '-u').replace('</dev/null', '')}`,
      expected: {
        ...lo,
        ...six,
        ...noPorts,
        proto: 'ICMPv6',
        type: 1,
        code: 4,
        flags: [],
        prefix: '6err',
        direction: 'error',
        embedded: { ...six, proto: 'UDP', spt: 41008, dpt: 55 },
      },
    },
    {
      name: 'a ping to ::1',
      rules: logged('ip6tables', 'OUTPUT -p ipv6-icmp --icmpv6-type 128', 'ping6'),
      send: 'ping -c1 -W1 ::1',
      expected: {
        ...lo,
        ...six,
        ...noPorts,
        proto: 'ICMPv6',
        type: 128,
        code: 0,
        flags: [],
        prefix: 'ping6',
        direction: 'request',
      },
    },
    {
      name: 'a SYN that came in by lo',
      rules: logged('iptables', 'INPUT -i lo -p tcp --dport 3306', 'filter_IN_public_REJECT: '),
      send: to('127.0.0.1', 3306, 41011),
      expected: {
        ...lo,
        ...here,
        ...tcp,
        in: 'lo',
        out: null,
        mac: '00:00:00:00:00:00:00:00:00:00:00:00:08:00',
        prefix: 'filter_IN_public_REJECT:',
        spt: 41011,
        dpt: 3306,
        flags: ['SYN'],
        direction: 'request',
        service: 'mysql',
      },
    },
    {
      name: 'a SYN by nftables, all flags',
      rules: `nft 'table inet t { chain c { type filter hook output priority 0; tcp dport 5432 log prefix "glued>>" flags all; }; }'`,
      send: to('127.0.0.1', 5432, 41012),
      expected: {
        ...lo,
        ...here,
        ...tcp,
        prefix: 'glued>>',
        spt: 41012,
        dpt: 5432,
        flags: ['SYN'],
        uid: 0,
        gid: 0,
        direction: 'request',
      },
    },
    {
      name: 'a SYN, a prefix beyond ASCII',
      rules: logged('iptables', 'OUTPUT -p tcp --dport 21', 'Größe\\1 '),
      send: to('127.0.0.1', 21, 41013),
      expected: {
        ...lo,
        ...here,
        ...tcp,
        prefix: 'Größe\\1',
        spt: 41013,
        dpt: 21,
        flags: ['SYN'],
        direction: 'request',
        service: 'ftp',
      },
    },
    {
      name: 'a SYN from outside',
      rules: logged('iptables', 'INPUT -i eth0', '[UFW BLOCK] '),
      send: frame('wire', '192.0.2.10', hops, 6, SYN),
      expected: {
        ...lo,
        in: 'eth0',
        out: null,
        loopback: false,
        src: '198.51.100.9',
        dst: '192.0.2.10',
        ...tcp,
        mac: '02:00:00:00:00:10:02:00:00:00:00:99:08:00',
        prefix: '[UFW BLOCK]',
        spt: 41009,
        dpt: 443,
        flags: ['SYN'],
        len: 40,
        id: 777,
        ipFlags: ['DF'],
        direction: 'request',
        service: 'https',
      },
    },
    {
      name: 'a datagram by a bridge',
      rules: logged('iptables', 'INPUT -i br0', 'br-in '),
      send: frame('far', '198.51.100.1', hops, 17, DATAGRAM),
      expected: {
        ...lo,
        in: 'br0',
        out: null,
        physin: 'tap',
        loopback: false,
        src: '198.51.100.9',
        dst: '198.51.100.1',
        ...udp,
        mac: '02:00:00:00:00:20:02:00:00:00:00:99:08:00',
        prefix: 'br-in',
        spt: 41010,
        dpt: 161,
        len: 32,
        id: 777,
        direction: 'request',
      },
    },
    {
      name: 'a packet of a protocol without ports',
      rules: logged('iptables', 'INPUT -i eth0', 'odd protocol '),
      send: frame('wire', '192.0.2.10', hops, 132, DATAGRAM),
      expected: {
        ...lo,
        in: 'eth0',
        out: null,
        loopback: false,
        src: '198.51.100.9',
        dst: '192.0.2.10',
        ...noPorts,
        type: null,
        code: null,
        proto: 132,
        mac: '02:00:00:00:00:10:02:00:00:00:00:99:08:00',
        prefix: 'odd protocol',
        flags: [],
      },
    },
    {
      name: 'a packet cut off behind its IP header',
      rules: logged('iptables -t mangle', 'PREROUTING -i eth0', 'stump '),
      send: frame('wire', '192.0.2.10', hops, 17, 'a032'),
      expected: {
        ...lo,
        in: 'eth0',
        out: null,
        loopback: false,
        src: '198.51.100.9',
        dst: '192.0.2.10',
        ...udp,
        ...noPorts,
        mac: '02:00:00:00:00:10:02:00:00:00:00:99:08:00',
        prefix: 'stump',
        incomplete: true,
      },
    },
  ];
}
