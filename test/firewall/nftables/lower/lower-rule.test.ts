// What rules mean: the steps of statements, in the forms that older and newer nft print.
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../src/firewall/nftables/read/json.ts';
import { chain, match, parseRule, parseTable, place, rule, table, tcpDport } from '../nft-document.ts';

const meta = (key: string) => ({ meta: { key } });
const ct = (key: string, dir?: string) => ({ ct: dir === undefined ? { key } : { key, dir } });
const payload = (protocol: string, field: string) => ({ payload: { protocol, field } });
const steps = (...statements: readonly Json[]) => parseRule(...statements).steps;
const compare = (field: string, values: readonly unknown[], more: object = {}) => ({
  kind: 'compare',
  operand: { kind: 'field', field },
  negated: false,
  values,
  ...more,
});
const judges = (kind: string, more: object = {}) => ({ kind: 'verdict', verdict: { kind, ...more } });

describe('matches', () => {
  const flags = payload('tcp', 'flags');
  const masked = (bits: number, values: readonly number[], negated = false) =>
    expect.objectContaining({ operand: expect.objectContaining({ field: 'tcp flags', mask: bits }), values, negated });

  it.each<[string, Json, unknown]>([
    ['a value', match(tcpDport, 25), compare('tcp dport', [25])],
    [
      'a negated range',
      match(tcpDport, { range: [1, 5] }, '!='),
      compare('tcp dport', [{ from: 1, to: 5 }], { negated: true }),
    ],
    ['less than', match(tcpDport, 1024, '<'), compare('tcp dport', [{ from: 0, to: 1023 }])],
    ['at least', match(tcpDport, 1024, '>='), compare('tcp dport', [{ from: 1024, to: 65535 }])],
    ['less than nothing', match(tcpDport, 0, '<'), compare('tcp dport', [{ from: 0, to: -1 }])],
    [
      'IPv6',
      match(payload('ip6', 'daddr'), { prefix: { addr: '::', len: 127 } }),
      compare('ip6 daddr', [{ from: 0n, to: 1n }]),
    ],
    ['a device by number', match(meta('oif'), 'lo'), compare('meta oifname', ['lo'])],
    ['the number of a device that is gone', match(meta('oif'), '7'), compare('meta oifname', ['#7'])],
    ['the number of lo', match(meta('oif'), 1), compare('meta oifname', ['lo'])],
    [
      'a wildcard',
      match(meta('oifname'), 'eth*', '!='),
      compare('meta oifname', [{ prefix: 'eth' }], { negated: true }),
    ],
    ['a star that is a star', match(meta('oifname'), 'eth\\*'), compare('meta oifname', ['eth*'])],
    ['any of the flags', match(flags, ['syn', 'ack'], 'in'), masked(18, [0], true)],
    ['none of the flags', match(flags, 'syn', '!'), masked(2, [0])],
    ['just these flags', match(flags, { '|': ['syn', 'ack'] }), compare('tcp flags', [18])],
    ['flags behind a mask, nft 1.0.6', match({ '&': [flags, ['fin', 'syn']] }, 'syn'), masked(3, [2])],
    ['flags behind a mask, newer nft', match({ '&': [flags, { '|': ['fin', 'syn'] }] }, 'syn'), masked(3, [2])],
    ['more than two flags, newer nft', match(flags, { '|': ['fin', 'syn', 'rst'] }), compare('tcp flags', [7])],
    [
      'states',
      match(ct('state'), ['established', 'related'], 'in'),
      compare('ct state', [0], { negated: true, operand: { kind: 'field', field: 'ct state', mask: 6 } }),
    ],
    ['one state exactly', match(ct('state'), 'new', '!='), compare('ct state', [8], { negated: true })],
    [
      'the original address, key and family in one',
      match(ct('ip daddr', 'original'), '127.0.0.1'),
      compare('ct original ip daddr', [0x7f000001]),
    ],
    ['the reply port', match(ct('proto-src', 'reply'), 25), compare('ct reply proto-src', [25])],
    [
      'a route',
      match({ fib: { result: 'type', flags: ['daddr', 'oif'] } }, 'local'),
      compare('fib daddr . oif type', [2]),
    ],
    [
      'a route by one flag',
      match({ fib: { result: 'type', flags: 'daddr' } }, 'local', '!='),
      compare('fib daddr type', [2], { negated: true }),
    ],
    [
      'a missing route',
      match({ fib: { result: 'oif', flags: ['saddr', 'iif'] } }, false),
      compare('fib saddr . iif oifname', ['']),
    ],
    [
      'a route that is there, newer nft',
      match({ fib: { result: 'check', flags: ['saddr', 'iif'] } }, true),
      compare('fib saddr . iif oifname', [''], { negated: true }),
    ],
    ['a raw load of the port', match({ payload: { base: 'th', offset: 16, len: 16 } }, 25), compare('th dport', [25])],
    [
      'a missing option',
      match({ 'tcp option': { name: 'timestamp' } }, false),
      compare('tcp option 8', [0], { absent: true }),
    ],
    [
      'a prefix of marks',
      match(ct('mark'), { prefix: { addr: 16, len: 28 } }),
      compare('ct mark', [{ from: 16, to: 31 }]),
    ],
  ])('%s', (_title, statement, expected) => {
    expect(steps(statement)).toEqual([expected]);
  });

  it('names what it does not know by the whole match', () => {
    expect(steps(match({ socket: { key: 'transparent' } }, 0))).toEqual([
      { kind: 'unknown', what: 'socket transparent 0', settledBy: 'trying it on the server' },
    ]);
    expect(steps(match({ socket: { key: 'cgroupv2', level: 1 } }, 'web.slice'))).toMatchObject([
      { kind: 'unknown', settledBy: expect.stringContaining('control group') },
    ]);
    expect(steps(match(meta('surprise'), 'x'))).toMatchObject([{ kind: 'unknown', what: 'meta surprise x' }]);
    expect(steps(match(tcpDport, 'no-number'))).toMatchObject([{ kind: 'unknown', what: 'tcp dport no-number' }]);
    expect(steps(match(meta('l4proto'), 'surprise'))).toMatchObject([{ kind: 'unknown' }]);
  });

  it('asks which sockets there are, and whether a proxy takes the packet', () => {
    expect(steps(match({ socket: { key: 'transparent' } }, 1))).toMatchObject([
      { kind: 'sometimes', asks: { question: { on: 'socket', transparent: true, wildcards: true }, negated: false } },
    ]);
    expect(steps(match({ socket: { key: 'wildcard' } }, 0))).toMatchObject([
      { kind: 'sometimes', asks: { question: { on: 'socket', transparent: false, wildcards: false }, negated: false } },
    ]);
    expect(steps({ tproxy: { port: 3129 } })).toMatchObject([
      { kind: 'sometimes', asks: { question: { on: 'proxy', port: 3129, address: null }, negated: false } },
    ]);
  });

  it('knows that clocks and dice answer differently each time', () => {
    expect(steps(match(meta('day'), 'Monday'))).toMatchObject([{ kind: 'sometimes', limit: false, fresh: 'unknown' }]);
    expect(steps(match({ numgen: { mode: 'random', mod: 2, offset: 0 } }, 0))).toMatchObject([{ kind: 'sometimes' }]);
  });

  it('asks first for what nft leaves unsaid', () => {
    expect(steps(match(payload('ah', 'spi'), 5))).toMatchObject([compare('meta l4proto', [51]), { kind: 'unknown' }]);
    expect(steps(match(payload('ether', 'type'), 'ip'))).toMatchObject([
      compare('meta iiftype', [1]),
      { kind: 'unknown' },
    ]);
    expect(steps(match({ exthdr: { name: 'frag' } }, false))).toEqual([
      compare('meta nfproto', [10]),
      compare('exthdr 44', [0]),
    ]);
  });
});

describe('masks and maps', () => {
  const set = (value: Json) => steps({ mangle: { key: meta('mark'), value } });
  const field = (mask: number, xor: number, shift?: number) => ({
    kind: 'set',
    field: 'meta mark',
    value: [{ kind: 'field', field: 'meta mark', mask, xor, ...(shift === undefined ? {} : { shift }) }],
  });

  it.each<[string, Json, unknown]>([
    ['or', { '|': [meta('mark'), 5] }, field(0xfffffffa, 5)],
    ['and, then or', { '|': [{ '&': [meta('mark'), 0xf0] }, 1] }, field(0xf0, 1)],
    ['many in one, newer nft', { '|': [meta('mark'), 4, 1] }, field(0xfffffffa, 5)],
    ['or, then and', { '&': [{ '|': [meta('mark'), 0x10] }, 0xff] }, field(0xef, 0x10)],
    ['a shift, then a mask', { '&': [{ '>>': [meta('mark'), 4] }, 0xf] }, field(0xf0, 0, -4)],
  ])('%s', (_title, value, expected) => {
    expect(set(value)).toEqual([expected]);
  });

  it('does not guess at an or of two fields', () => {
    expect(set({ '|': [meta('mark'), ct('mark')] })).toMatchObject([{ kind: 'set', value: [{ kind: 'unknown' }] }]);
  });

  it('sets the data of a map', () => {
    expect(set({ map: { key: tcpDport, data: '@marks' } })).toMatchObject([
      { kind: 'set', value: [{ kind: 'map', key: [{ field: 'tcp dport' }], map: 'marks' }] },
    ]);
  });

  it('says that it does not know a packet whose header is changed', () => {
    expect(steps({ mangle: { key: tcpDport, value: 5 } })).toMatchObject([
      compare('meta l4proto', [6]),
      judges('unknown', { what: 'tcp dport set 5' }),
    ]);
    expect(steps({ mangle: { key: meta('nftrace'), value: 1 } })).toEqual([]);
  });
});

describe('statements', () => {
  it.each<[string, Json, readonly unknown[]]>([
    ['reject', { reject: null }, [judges('reject', { with: 'icmpx', code: 1 })]],
    [
      'a reset',
      { reject: { type: 'tcp reset' } },
      [compare('meta l4proto', [6]), judges('reject', { with: 'tcp-reset' })],
    ],
    [
      'an error for IPv4',
      { reject: { type: 'icmp', expr: 'host-prohibited' } },
      [compare('meta nfproto', [2]), judges('reject', { with: 'icmp', code: 10 })],
    ],
    [
      'an error for IPv6',
      { reject: { type: 'icmpv6', expr: 'port-unreachable' } },
      [compare('meta nfproto', [10]), judges('reject', { with: 'icmpv6', code: 4 })],
    ],
    [
      'a log line',
      { log: { prefix: 'x ', level: 'info', flags: 'all' } },
      [{ kind: 'log', prefix: 'x ', level: 6, group: null, uid: true }],
    ],
    ['a log group', { log: { group: 3 } }, [{ kind: 'log', prefix: '', level: 4, group: 3, uid: false }]],
    ['the audit log', { log: { level: 'audit' } }, []],
    ['a queue', { queue: { num: 3, flags: ['bypass'] } }, [judges('queue', { bypass: true, queue: '3' })]],
    ['a counter', { counter: { packets: 1, bytes: 2 } }, []],
    ['notrack', { notrack: null }, [{ kind: 'notrack' }]],
    [
      'something new',
      { teleport: { to: 'mars' } },
      [judges('unknown', { what: 'teleport {"to":"mars"}', settledBy: 'trying it on the server' })],
    ],
  ])('%s', (_title, statement, expected) => {
    expect(steps(statement)).toEqual(expected);
  });

  it.each<[Json, string]>([
    [{ limit: { rate: 5, burst: 5, per: 'minute' } }, 'yes'],
    [{ limit: { rate: 5, burst: 5, per: 'minute', inv: true } }, 'no'],
    [{ limit: { rate: 10, burst: 0, per: 'second', rate_unit: 'kbytes', burst_unit: 'bytes' } }, 'yes'],
    [{ limit: { rate: 20, burst: 10, per: 'second', rate_unit: 'bytes', burst_unit: 'bytes' } }, 'unknown'],
    [{ quota: { val: 1, val_unit: 'mbytes' } }, 'yes'],
    [{ quota: { val: 1, val_unit: 'mbytes', used: 1, used_unit: 'mbytes' } }, 'no'],
    [{ quota: { val: 1, val_unit: 'tbytes' } }, 'unknown'],
    [{ quota: {} }, 'unknown'],
    [{ 'ct count': {} }, 'unknown'],
    [{ quota: { val: 1, val_unit: 'mbytes', inv: true, used: 2, used_unit: 'mbytes' } }, 'yes'],
    [{ 'ct count': { val: 3 } }, 'yes'],
    [{ 'ct count': { val: 3, inv: true } }, 'no'],
    [{ limit: 'named' }, 'no'],
  ])('knows that %j is met at first: %s', (statement, fresh) => {
    const limit = { limit: { ...place, name: 'named', handle: 1, rate: 1, per: 'hour', burst: 5, inv: true } };
    const { chains } = parseTable(table(), limit, chain(), rule(statement));
    expect(chains.get('out')?.rules[0]?.steps).toMatchObject([{ kind: 'sometimes', fresh }]);
  });

  it('is limited where a set limits each key', () => {
    const statement = {
      set: {
        op: 'add',
        elem: payload('ip', 'saddr'),
        set: '@seen',
        stmt: [{ limit: { rate: 1, burst: 5, per: 'hour', inv: true } }],
      },
    };
    expect(steps(statement)).toMatchObject([
      compare('ip saddr', [], { negated: true }),
      { kind: 'note', note: { store: 'nft', set: 'seen', does: 'add' } },
      { kind: 'sometimes', limit: true, fresh: 'no', what: 'add @seen { ip saddr limit rate over 1/hour }' },
    ]);
  });

  it('translates addresses for the family that the statement names', () => {
    expect(steps({ dnat: { family: 'ip', addr: '127.0.0.1', port: { range: [80, 90] } } })).toEqual([
      compare('meta nfproto', [2]),
      {
        kind: 'nat',
        nat: 'dnat',
        address: { kind: 'constant', value: 0x7f000001 },
        port: { kind: 'range', from: 80, to: 90 },
      },
    ]);
    expect(steps({ redirect: { port: 8080 } })).toEqual([
      { kind: 'nat', nat: 'redirect', address: null, port: { kind: 'constant', value: 8080 } },
    ]);
  });

  it('takes address and port out of one map', () => {
    const data = { set: [['127.0.0.1', { concat: ['127.0.0.2', 80] }]] };
    const [, nat] = steps({ dnat: { family: 'ip', addr: { map: { key: payload('ip', 'daddr'), data } } } });
    expect(nat).toMatchObject({ address: { kind: 'map' }, port: { kind: 'map', part: 1 } });
  });

  it('leaves what iptables-nft wrote to iptables-save', () => {
    const settledBy = 'the output of iptables-save and ip6tables-save';
    expect(steps({ xt: { type: 'match', name: 'conntrack' } }, { xt: { type: 'target', name: 'LOG' } })).toEqual([
      { kind: 'unknown', what: 'xt match "conntrack"', settledBy },
      judges('unknown', { what: 'xt target "LOG"', settledBy }),
    ]);
  });
});

describe('chains inside of rules', () => {
  it('become chains of the table', () => {
    const text = 'jump {\n\t\t\ttcp dport 25 counter packets 1 bytes 60 accept\n\t\t\tdrop\n\t\t}';
    const { chains } = parseTable(table(), chain(), rule(match(meta('oifname'), 'lo'), text));
    const [outer] = chains.get('out')?.rules ?? [];
    expect(outer?.text).toBe('oifname "lo" jump { tcp dport 25 counter accept; drop }');
    expect(outer?.steps.at(-1)).toEqual(judges('jump', { chain: '#1' }));
    expect(chains.get('#1')).toMatchObject({
      base: null,
      rules: [
        { number: 1, text: 'tcp dport 25 counter accept', steps: [compare('tcp dport', [25]), judges('accept')] },
        { number: 2, text: 'drop', steps: [judges('drop')] },
      ],
    });
  });

  it.each([
    ['ip', { with: 'icmp', code: 3 }],
    ['ip6', { with: 'icmpv6', code: 4 }],
    ['inet', { with: 'icmpx', code: 1 }],
  ])('reject in the way of their family %s', (family, verdict) => {
    const ofFamily = { rule: { ...rule('jump {\n\treject\n}').rule, family } };
    const { chains } = parseTable(chain({ family }), ofFamily);
    expect(chains.get('#1')?.rules[0]?.steps.at(-1)).toEqual(judges('reject', verdict));
  });

  it('are told apart', () => {
    const { chains } = parseTable(table(), chain(), rule('jump {\n\taccept\n}'), rule('goto {\n\tdrop\n}'));
    expect(chains.get('out')?.rules.map(({ steps: [step] }) => step)).toEqual([
      judges('jump', { chain: '#1' }),
      judges('goto', { chain: '#2' }),
    ]);
    expect(chains.get('#2')?.rules[0]?.text).toBe('drop');
  });

  it('are not known where nft cut them off, nor are rules in them that can not be read', () => {
    expect(steps('jump {\n\t\t\ttcp dport 25 acc')).toMatchObject([judges('unknown')]);
    const { chains } = parseTable(table(), chain(), rule('jump {\n\tsurprise me\n\tdrop\n}'));
    expect(chains.get('#1')?.rules.map(({ steps: [step] }) => step)).toMatchObject([
      judges('unknown', { what: 'surprise me' }),
      judges('drop'),
    ]);
  });

  it('may be a map statement without JSON, which makes the map unknown', () => {
    const map = { map: { ...place, name: 'm', type: 'ipv4_addr', map: 'mark', handle: 1 } };
    const { sets, chains } = parseTable(
      table(),
      chain(),
      map,
      rule('update @m { ip saddr : 0x00000005 }', { accept: null }),
    );
    expect(sets.get('m')?.known).toBe(false);
    expect(chains.get('out')?.rules[0]?.steps).toEqual([judges('accept')]);
  });
});
