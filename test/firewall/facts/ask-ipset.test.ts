import { describe, expect, test } from 'vitest';
import { clientPacket, PACKETS_OF } from '../../../src/firewall/conversation/conversation-packets.ts';
import { askIpset } from '../../../src/firewall/facts/ask-ipset.ts';
import { parseIpsetSave } from '../../../src/firewall/facts/parse/parse-ipset-save.ts';
import type { Side } from '../../../src/firewall/facts/question.ts';
import { parseAddress } from '../../../src/firewall/model/address.ts';
import type { PacketHeaders, Transport } from '../../../src/firewall/model/packet.ts';
import { rootConversation } from '../../../src/firewall/questions/probe-conversations.ts';

const packetTo = (address: string, port: number | null, protocol: 'tcp' | 'icmp' = 'tcp'): PacketHeaders => {
  const parsed = parseAddress(address);
  const [part] = PACKETS_OF[protocol];
  if (parsed === null || part === undefined) throw new Error(address);
  const ends = { conversation: rootConversation(protocol, address, port), source: parsed, destination: parsed };
  return clientPacket(ends, part);
};

const ask = (saved: string, sides: readonly Side[], packet = packetTo('127.0.0.1', 25)) =>
  askIpset(parseIpsetSave(saved), 's', { packet, sides, devices: { src: '', dst: 'lo' } }, () => null);

describe('what ipset saves', () => {
  test('a set of another family has no such packet', () => {
    expect(ask('create s hash:net family inet6 hashsize 1024\nadd s ::/1\n', ['dst'])).toBe('out');
  });

  test('the narrowest network decides, by the first address before the second', () => {
    const saved =
      'create s hash:net,net family inet\nadd s 127.0.0.0/8,127.0.0.1 nomatch\nadd s 127.0.0.1,127.0.0.0/8\n';
    expect(ask(saved, ['src', 'dst'])).toBe('in');
  });

  test('what is soon gone, and what can not be read, is not known', () => {
    expect(ask('create s hash:ip family inet timeout 9\nadd s 127.0.0.1 timeout 4\n', ['dst'])).toBeNull();
    expect(ask('create s hash:ip family inet timeout 9\nadd s 127.0.0.1 timeout 400\n', ['dst'])).toBe('in');
    expect(ask('create s hash:ip family inet bitmask 255.0.255.0\n', ['dst'])).toBeNull();
    expect(ask('create s hash:net,iface family inet\nadd s 10.0.0.0/8,eth wildcard\n', ['dst', 'dst'])).toBeNull();
    expect(ask('create s hash:new,kind family inet\n', ['dst', 'dst'])).toBeNull();
    expect(ask('create t hash:ip family inet\n', ['dst'])).toBeNull();
  });

  test('a comment is no option', () => {
    const saved = 'create s hash:net family inet comment\nadd s 127.0.0.0/8 comment "a nomatch timeout 3"\n';
    expect(ask(saved, ['dst'])).toBe('in');
  });

  test('marks, pings and Ethernet addresses', () => {
    const ping = packetTo('127.0.0.1', null, 'icmp');
    const ports = 'create s hash:ip,port family inet\nadd s 127.0.0.1,icmp:echo-request\n';
    expect(ask(ports, ['dst', 'dst'], ping)).toBe('in');
    expect(ask('create s bitmap:port range 0-65535\nadd s 2048\n', ['dst'], ping)).toBe('out');
    const marks = 'create s hash:ip,mark family inet\nadd s 127.0.0.1,0x00000010\n';
    expect(ask(marks, ['dst', 'dst'])).toBe('out');
    expect(ask(marks, ['dst', 'dst'], { ...packetTo('127.0.0.1', 25), mark: 16 })).toBe('in');
    expect(ask('create s hash:mac hashsize 1024\nadd s 00:11:22:33:44:55\n', ['src'])).toBe('out');
  });

  test('::1 and its port', () => {
    const transport: Transport = { kind: 'icmpv6', type: 128, code: 0, id: 1 };
    const saved = 'create s hash:ip,port family inet6\nadd s ::1,tcp:25\nadd s ::1,ipv6-icmp:echo-request\n';
    expect(ask(saved, ['dst', 'dst'], packetTo('::1', 25))).toBe('in');
    expect(ask(saved, ['dst', 'dst'], packetTo('::1', 26))).toBe('out');
    expect(ask(saved, ['dst', 'dst'], { ...packetTo('::1', 25), transport })).toBe('in');
  });

  test('a list whose members are not all known has what a known one has', () => {
    const list = 'create a hash:ip family inet\nadd a 127.0.0.1\ncreate s list:set size 8\nadd s missing\n';
    expect(ask(list, ['dst'])).toBeNull();
    expect(ask(`${list}add s a\n`, ['dst'])).toBe('in');
  });
});
