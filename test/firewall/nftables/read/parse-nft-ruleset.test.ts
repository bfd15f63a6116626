import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Rule } from '../../../../src/firewall/model/model.ts';
import { ParseError } from '../../../../src/firewall/model/parse-error.ts';
import type { Json } from '../../../../src/firewall/nftables/read/json.ts';
import { parseNftRuleset } from '../../../../src/firewall/nftables/read/parse-nft-ruleset.ts';
import { chain, nftDocument, parseRule, parseTable, place, rule, table, tcpDport } from '../nft-document.ts';

const parse = (text: string) => parseNftRuleset(text, { file: 'rules.json' });
const element = (val: string | number, more = {}) => ({ elem: { val, ...more } });

describe('parseNftRuleset', () => {
  it('reads base chains with hook, priority, type and policy, and chains that are only jumped to', () => {
    const { chains, layer, family, name } = parseTable(table(), chain({ prio: -150, type: 'route', policy: 'drop' }), {
      chain: { ...place, name: 'mail', handle: 2 },
    });
    expect({ layer, family, name }).toEqual({ layer: 'nftables', family: 'inet', name: 't' });
    const base = { hook: 'output', priority: -150, type: 'route', policy: 'drop', devices: [] };
    expect(chains.get('out')?.base).toEqual(base);
    expect(chains.get('mail')).toEqual({ name: 'mail', base: null, rules: [] });
  });

  it('keeps the tables in the order of their creation', () => {
    const names = ['b', 'a', 'c'].map((one) => ({ table: { family: 'ip', name: one, handle: 1 } }));
    expect(parse(nftDocument(...names)).map(({ name }) => name)).toEqual(['b', 'a', 'c']);
  });

  it.each([[['dormant']], ['dormant'], [['owner', 'dormant']]])('knows dormant tables by their flags %j', (flags) => {
    expect(parseTable(table({ flags }), chain()).dormant).toBe(true);
    expect(parseTable(table(), chain()).dormant).toBe(false);
  });

  it('is not sure of a table whose flags nft 1.0.6 garbled', () => {
    const { dormant, chains } = parseTable(table({ flags: 'd' }), chain({ policy: 'drop' }), rule({ accept: null }));
    expect(dormant).toBe(false);
    const doubt = { kind: 'unknown', what: 'table t is not dormant', settledBy: '`nft list tables`' };
    expect(chains.get('out')?.base?.policy).toBe('accept');
    expect(chains.get('out')?.rules.map(({ text, steps }) => [text, steps[0]])).toEqual([
      ['accept', doubt],
      ['policy drop', doubt],
    ]);
  });

  it('reads the devices of netdev chains, and is not sure where nft leaves them out', () => {
    const netdev = { family: 'netdev', table: 'n', name: 'e', hook: 'egress' };
    const drop = { rule: { family: 'netdev', table: 'n', chain: 'e', handle: 3, expr: [{ drop: null }] } };
    const [one] = parse(nftDocument(chain({ ...netdev, dev: ['lo', 'eth0'] }), drop));
    expect(one?.chains.get('e')?.base?.devices).toEqual(['lo', 'eth0']);
    expect(one?.chains.get('e')?.rules[0]?.steps).toHaveLength(1);
    const [other] = parse(nftDocument(chain(netdev), drop));
    expect(other?.chains.get('e')?.rules[0]?.steps[0]).toMatchObject({
      kind: 'unknown',
      what: 'chain e is for the device lo',
    });
  });

  it('reads sets of every form', () => {
    const set = (name: string, more: object) => ({ set: { ...place, name, handle: 1, ...more } });
    const { sets } = parseTable(
      table(),
      set('ports', { type: 'inet_service', flags: ['interval'], elem: [22, { range: [80, 90] }] }),
      set('pairs', {
        type: ['ipv4_addr', 'inet_service'],
        elem: [{ concat: [{ prefix: { addr: '10.0.0.0', len: 8 } }, 25] }],
      }),
      set('typed', {
        type: { typeof: { concat: [{ payload: { protocol: 'ip6', field: 'daddr' } }, tcpDport] } },
        elem: [{ concat: ['::1', 25] }],
      }),
      set('names', { type: 'ifname', elem: ['lo', 'eth*', 'a\\*'] }),
      set('timed', {
        type: 'ipv4_addr',
        flags: ['timeout'],
        elem: [element('127.0.0.1', { timeout: 60, expires: 9 })],
      }),
      set('empty', { type: 'ipv4_addr' }),
    );
    const keys = (name: string) => sets.get(name)?.elements.map(({ key }) => key);
    expect([...sets.values()].every(({ known }) => known)).toBe(true);
    expect(keys('ports')).toEqual([[22], [{ from: 80, to: 90 }]]);
    expect(keys('pairs')).toEqual([[{ from: 0x0a000000, to: 0x0affffff }, 25]]);
    expect(keys('typed')).toEqual([[1n, 25]]);
    expect(keys('names')).toEqual([['lo'], [{ prefix: 'eth' }], ['a*']]);
    expect(keys('timed')).toEqual([[0x7f000001]]);
    expect(keys('empty')).toEqual([]);
  });

  it('does not claim to know sets that change with the traffic or have limits of their own', () => {
    const set = (name: string, more: object) => ({ set: { ...place, name, handle: 1, type: 'ipv4_addr', ...more } });
    const saddr = { payload: { protocol: 'ip', field: 'saddr' } };
    const { sets } = parseTable(
      table(),
      chain(),
      set('dynamic', { flags: ['dynamic'] }),
      set('updated', { flags: ['timeout'] }),
      set('limited', { stmt: [{ limit: { rate: 1, burst: 5, per: 'second' } }] }),
      set('metered', { elem: [element('1.2.3.4', { limit: { rate: 1, burst: 5, per: 'second' } })] }),
      set('counted', { stmt: [{ counter: null }], elem: [element('1.2.3.4', { counter: { packets: 1, bytes: 2 } })] }),
      set('strange', { elem: ['no address'] }),
      rule({ set: { op: 'update', elem: saddr, set: '@updated' } }),
    );
    expect([...sets].filter(([, { known }]) => known).map(([name]) => name)).toEqual(['counted']);
  });

  it('reads maps, and puts the catch-all last', () => {
    const { sets } = parseTable(
      table(),
      {
        map: {
          ...place,
          name: 'v',
          type: 'inet_service',
          map: 'verdict',
          handle: 1,
          elem: [
            ['*', { drop: null }],
            [element(25, { comment: 'x' }), { jump: { target: 'mail' } }],
          ],
        },
      },
      {
        map: {
          ...place,
          name: 'to',
          type: 'mark',
          map: 'ipv4_addr . inet_service',
          handle: 2,
          elem: [[1, { concat: ['127.0.0.2', 80] }]],
        },
      },
    );
    expect(sets.get('v')?.elements).toEqual([
      { key: [25], verdict: { kind: 'jump', chain: 'mail' } },
      { key: [{ from: 0, to: 65535 }], verdict: { kind: 'drop' } },
    ]);
    expect(sets.get('to')?.elements).toEqual([{ key: [1], data: [0x7f000002, 80] }]);
  });

  it('takes a rule that nft could not print as a judgement that is not known', () => {
    const { chains } = parseTable(table(), chain(), { rule: { ...place, chain: 'out', handle: 4, comment: 'mail' } });
    expect(chains.get('out')?.rules[0]).toMatchObject({
      number: 1,
      handle: 4,
      comment: 'mail',
      steps: [{ kind: 'verdict', verdict: { kind: 'unknown' } }],
    });
  });

  it('leaves chains of arp and bridge tables unhooked', () => {
    const [arp] = parse(nftDocument(chain({ family: 'arp' })));
    expect(arp?.chains.get('out')?.base).toBeNull();
  });

  it.each([
    '',
    '*filter\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n',
    '{"other": []}',
    '{"nftables": [{"table": {"name": "t"}}]}',
    '{"nftables": [{"chain": {"family": "ipx", "table": "t", "name": "c"}}]}',
    '{"nftables": ["table"]}',
    'null',
  ])('refuses %j with the file, the line and what was expected', (text) => {
    const error = thrownBy(() => parse(text));
    expect(error).toBeInstanceOf(ParseError);
    expect(error).toMatchObject({ file: 'rules.json', line: 1, expected: 'the JSON of `nft -j list ruleset`' });
  });

  it.each([
    ['{"nftables": [\n{"table": {"family": "ip", "name": "t",}}, {"chain": 5}, {"chain": 6}]}', 2],
    ['{"nftables": [\n\n{"chain": {"family": ]}, {"a": 5}, {"a": 6}, {"a": 7}, {"a": 8}]}', 3],
    ['{"nftables": [\n{"table": {"family": "ip"\n', 2],
  ])('names the line where %j breaks', (text, line) => {
    expect(thrownBy(() => parse(text))).toMatchObject({ line });
  });

  it('says why the JSON of nft 1.0.6 ends in the middle', () => {
    const cut = '{"nftables": [{"table": {"family": "ip", "name": "t", "handle": 1, "flags": \n';
    expect(thrownBy(() => parse(cut))).toMatchObject({ expected: expect.stringContaining('nft 1.0.6') });
  });

  it('reads any JSON in the place of a statement without failing', () => {
    const keys =
      'match left right op payload protocol field meta key ct fib & | range prefix addr len set concat map vmap data mangle value dnat log limit reject jump expr elem val'.split(
        ' ',
      );
    const words = ['tcp', 'dport', 'mark', 'state', '==', 'in', '@s', '*', '::1', 'eth*', 'jump {\n}', 'established'];
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { maxDepth: 6, depthSize: 'large' },
        fc.constantFrom<Json>(null, true, false, 0, 5, -1, 1e20, ...words),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), tie('json'), { minKeys: 1, maxKeys: 3 }),
      ),
    }));
    const isText = ({ text, steps }: Rule) =>
      typeof text === 'string' && steps.every(({ kind }) => typeof kind === 'string');
    const property = fc.property(json, (statement) => isText(parseRule(JSON.parse(JSON.stringify(statement)))));
    fc.assert(property, { numRuns: 1000, seed: 7 });
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
