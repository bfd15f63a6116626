// What nft's text or JSON leaves open is not filled in: a rule that ends in the middle is no rule that is known.
import { describe, expect, test } from 'vitest';
import { lowerLimit, lowerQuota } from '../../../src/firewall/nftables/lower/lower-limit.ts';
import type { JsonRecord } from '../../../src/firewall/nftables/read/json.ts';
import { parseNftRuleset, parseNftScript } from '../../../src/firewall/nftables/read/parse-nft-ruleset.ts';
import { parseRuleText } from '../../../src/firewall/nftables/read/parse-rule-text.ts';
import { summary, traceMail } from '../rules.ts';
import { chain, nftDocument, parseRule, place, rule, table } from './nft-document.ts';

describe('the text of a rule', () => {
  test.each([
    'log prefix',
    'log level',
    'log flags',
    'log group',
    'log group mail',
    'limit rate 5/minute burst',
    'limit rate 5/minute burst many packets',
    'limit rate 5/minute burst 5',
    'limit name',
    'quota over 5',
    'quota 5 mbytes used',
    'quota 5 mbytes used some bytes',
    'reject with icmp',
    'reset tcp option',
    'counter packets 5',
    'ct helper set',
    'meta nftrace set',
    'add @seen { ip saddr timeout',
    'add @seen { ip saddr timeout soon }',
    'queue flags',
    'ip daddr',
    'fib daddr type',
    'comment',
  ])('%s is cut off', (text) => {
    expect(parseRuleText(`tcp dport 25 ${text}`)).toBeNull();
  });

  test('a name or prefix may stand without quotes', () => {
    expect(parseRuleText('log prefix mail level info drop')).toEqual([
      { log: { prefix: 'mail', level: 'info' } },
      { drop: null },
    ]);
    expect(parseRuleText('limit name slow accept')).toEqual([{ limit: 'slow' }, { accept: null }]);
    expect(parseRuleText('quota name month counter name mail')).toEqual([{ quota: 'month' }, { counter: 'mail' }]);
  });

  test('a named limit without quotes is the limit of that name', () => {
    const tables = parseNftScript(
      `table inet t {
  limit slow { rate over 5/minute; }
  chain out { type filter hook output priority 0; policy accept; limit name slow drop; }
}`,
      { file: 'nftables.conf' },
    );
    expect(tables[0]?.chains.get('out')?.rules[0]?.steps[0]).toMatchObject({ kind: 'sometimes', fresh: 'no' });
  });
});

test('what is used up of a quota is not nothing where its unit is not known', () => {
  const quota = { val: 1, val_unit: 'mbytes', used: 2, used_unit: 'pages' };
  expect(lowerQuota(quota, 'quota')).toMatchObject({ fresh: 'unknown' });
  expect(lowerQuota({ ...quota, used_unit: 'mbytes' }, 'quota')).toMatchObject({ fresh: 'no' });
});

test('a limit without a rate may be over it or not', () => {
  expect(lowerLimit({}, 'limit')).toMatchObject({ fresh: 'unknown' });
  expect(lowerLimit({ rate: 5, per: 'minute', rate_unit: 'packets' }, 'limit')).toMatchObject({ fresh: 'yes' });
});

test('a log whose prefix or group is none is not one without them', () => {
  expect(parseRule({ log: { prefix: 5 } }).steps).toMatchObject([{ kind: 'unknown' }]);
  expect(parseRule({ log: { group: 'mail' } }).steps).toMatchObject([{ kind: 'unknown' }]);
});

describe('the JSON of nft', () => {
  const parse = (...objects: readonly JsonRecord[]) => parseNftRuleset(nftDocument(...objects), { file: 'f' });

  test('a rule of no chain, and a chain or set without a name, are refused', () => {
    expect(() => parse(table(), chain(), { rule: { ...place, handle: 2, expr: [{ drop: null }] } })).toThrow(/nft -j/);
    expect(() => parse(table(), { chain: { ...place, handle: 2 } })).toThrow(/nft -j/);
    expect(() => parse(table(), { set: { ...place, type: 'ipv4_addr' } })).toThrow(/nft -j/);
  });

  test('a base chain without a priority is not one with priority 0', () => {
    const { prio: _, ...unordered } = chain().chain;
    expect(() => parse(table(), { chain: unordered })).toThrow(/nft -j/);
  });

  test('what is read of a whole document is as before', () => {
    expect(summary(traceMail({ tables: parse(table(), chain(), rule({ drop: null })) }))).toMatch(/^blocked/);
  });
});

test('a flush of a chain that is not named is refused', () => {
  const rules = 'table ip t { chain out { type filter hook output priority 0; drop; } }';
  expect(() => parseNftScript(`${rules}\nflush chain ip t`, { file: 'f' })).toThrow(/nft/);
});
