// The text of rules in the forms that only newer nft prints; test/kernel/nft-parse.test.ts holds the rest against the real nft.
import { expect, it } from 'vitest';
import { printRule } from '../../../src/firewall/nftables/print-rule.ts';
import type { Json } from '../../../src/firewall/nftables/read/json.ts';
import { match, tcpDport } from './nft-document.ts';

const flags = { payload: { protocol: 'tcp', field: 'flags' } };
const mark = { meta: { key: 'mark' } };

it.each<[Json, string]>([
  [match({ '&': [flags, { '|': ['fin', 'syn', 'rst', 'ack'] }] }, 'syn'), 'tcp flags syn / fin,syn,rst,ack'],
  [match({ ct: { key: 'ip saddr', dir: 'original' } }, '127.0.0.1'), 'ct original ip saddr 127.0.0.1'],
  [{ mangle: { key: mark, value: { '|': [mark, 4, 1] } } }, 'meta mark set meta mark | 0x00000004 | 0x00000001'],
  [{ mangle: { key: mark, value: { '<<': [{ '&': [mark, 15] }, 2] } } }, 'meta mark set (meta mark & 0x0000000f) << 2'],
  [match({ fib: { result: 'check', flags: ['saddr', 'iif'] } }, false), 'fib saddr . iif check missing'],
  [{ last: { used: 5 } }, 'last'],
  [{ queue: { num: 1, flags: ['bypass'] } }, 'queue flags bypass to 1'],
  [{ synproxy: { mss: 1460, wscale: 7, flags: ['timestamp'] } }, 'synproxy mss 1460 wscale 7 timestamp'],
  [{ xt: { type: 'target', name: 'LOG' } }, 'xt target "LOG"'],
  [
    { map: { op: 'update', elem: { payload: { protocol: 'ip', field: 'saddr' } }, data: 5, map: '@m' } },
    'update @m { ip saddr : 5 }',
  ],
  [{ reject: { type: 'icmpv6', expr: 'port-unreachable' } }, 'reject with icmpv6 port-unreachable'],
  [{ surprise: null }, 'surprise'],
])('prints %j as %s', (statement, text) => {
  expect(printRule([statement], null, 'inet')).toBe(text);
});

it('ends with the comment', () => {
  expect(printRule([match(tcpDport, 25), { drop: null }], 'no mail', 'ip')).toBe('tcp dport 25 drop comment "no mail"');
});

it('leaves out the type of a reject that is the usual one of its family', () => {
  const port = (type: string) => [{ reject: { type, expr: 'port-unreachable' } }];
  expect(printRule(port('icmp'), null, 'ip')).toBe('reject');
  expect(printRule(port('icmpv6'), null, 'ip6')).toBe('reject');
  expect(printRule(port('icmpx'), null, 'inet')).toBe('reject');
  expect(printRule(port('icmp'), null, 'inet')).toBe('reject with icmp port-unreachable');
});
