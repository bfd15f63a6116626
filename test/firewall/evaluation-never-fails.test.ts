// Whatever parses can be evaluated, and what is passed over unread would not have matched.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { traceConversation } from '../../src/firewall/conversation/trace-conversation.ts';
import type { Glance } from '../../src/firewall/evaluate/rule-list.ts';
import { candidate } from '../../src/firewall/iptables/read/line-patterns.ts';
import { parseIptablesSave } from '../../src/firewall/iptables/read/parse-iptables-save.ts';
import { ParseError } from '../../src/firewall/model/parse-error.ts';
import { findFinalRules } from '../../src/firewall/questions/final-rule.ts';
import { readLabelledDumps } from './corpus.ts';
import { HERE, mail, rules, traceMail } from './rules.ts';

const names = ['OUTPUT', 'INPUT', 'a', 'b', 'POSTROUTING', 'ACCEPT'];
const value = fc.constantFrom(
  'lo',
  'eth0',
  '127.0.0.1',
  '10.0.0.0/8',
  '::1',
  '25',
  '1:99',
  'NEW,ESTABLISHED',
  '0x1/0xff',
  'a',
  'b',
  '"x y"',
  '!',
  '-1',
  'tcp',
  '1/sec',
  '',
);
const option = fc.constantFrom(
  '-s',
  '-d',
  '-i',
  '-o',
  '-p',
  '-m',
  '-j',
  '-g',
  '-f',
  '!',
  '--dport',
  '--sport',
  '--syn',
  '--tcp-flags',
  '--dports',
  '--icmp-type',
  '--state',
  '--ctstate',
  '--ctdir',
  '--mark',
  '--set-mark',
  '--uid-owner',
  '--limit',
  '--src-type',
  '--to-destination',
  '--to-ports',
  '--reject-with',
  '--log-prefix',
  '--match-set',
  '--unheard-of',
  '--length',
  '--save-mark',
  '--mask',
  '--notrack',
);
const word = fc.oneof(
  option,
  value,
  fc.constantFrom(
    'tcp',
    'udp',
    'icmp',
    'conntrack',
    'state',
    'multiport',
    'mark',
    'owner',
    'limit',
    'addrtype',
    'set',
    'comment',
    'connmark',
    'length',
    'tos',
  ),
  fc.constantFrom(
    'ACCEPT',
    'DROP',
    'REJECT',
    'LOG',
    'RETURN',
    'MARK',
    'CONNMARK',
    'DNAT',
    'REDIRECT',
    'SNAT',
    'MASQUERADE',
    'CT',
    'NFQUEUE',
    'TPROXY',
    'NFLOG',
  ),
);
const rule = fc
  .tuple(fc.constantFrom(...names), fc.array(word, { maxLength: 12 }))
  .map(([chain, words]) => `-A ${chain} ${words.join(' ')}`);
const table = fc
  .tuple(fc.constantFrom('raw', 'mangle', 'nat', 'filter', 'security'), fc.array(rule, { maxLength: 8 }))
  .map(([name, lines]) =>
    [`*${name}`, ':a - [0:0]', ':b - [0:0]', ':ACCEPT - [0:0]', ...lines, 'COMMIT', ''].join('\n'),
  );

describe('evaluation', () => {
  test('never throws on a text that parses', () => {
    fc.assert(
      fc.property(
        fc.array(table, { minLength: 1, maxLength: 3 }),
        fc.constantFrom<'ip' | 'ip6'>('ip', 'ip6'),
        (texts, family) => {
          const ruleset = { tables: parseOr(texts.join(''), family) };
          const address = family === 'ip' ? '127.0.0.1' : '::1';
          for (const protocol of ['tcp', 'udp', 'icmp'] as const) {
            traceConversation(ruleset, mail({ protocol, source: address, destination: address }), {
              ...HERE,
              ownAddresses: null,
              serverUid: null,
            });
          }
          findFinalRules(ruleset, HERE);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('comes to an end where chains call one another in a circle', () => {
    expect(traceMail(rules(':a - [0:0]', ':b - [0:0]', '-A OUTPUT -j a', '-A a -j b', '-A b -j a')).outcome).toBe(
      'unknown',
    );
  });

  test.each([
    ['one rule of nothing but negations', `-A OUTPUT ${'! '.repeat(50_000)}-j DROP`],
    ['quotes without end', `-A OUTPUT ${'"'.repeat(100_001)}`],
    [
      'chains that take turns',
      Array.from({ length: 10_000 }, (_, i) => `-A ${i % 2 ? 'OUTPUT' : 'INPUT'} -d 10.0.0.1/32 -j DROP`).join('\n'),
    ],
  ])('takes no more than linear time for %s', (_, text) => {
    const start = performance.now();
    const tables = parseOr(`*filter\n${text}\nCOMMIT\n`, 'ip');
    traceConversation({ tables }, mail(), HERE);
    expect(performance.now() - start).toBeLessThan(3000);
  });

  test('stays quick where many conditions are unknown', () => {
    const many = Array.from({ length: 200 }, (_, i) => `-A OUTPUT -m nosuch --number ${i} -j MARK --set-mark ${i}`);
    expect(traceMail(rules(...many, '-A OUTPUT -m mark --mark 77 -j DROP')).outcome).toBe('unknown');
  });

  test('gives every labelled ruleset an answer with each line cut off anywhere', () => {
    const dumps = readLabelledDumps();
    fc.assert(
      fc.property(fc.constantFrom(...dumps), fc.nat(), fc.nat(), ({ text, family }, line, column) => {
        const lines = text.split('\n');
        const at = line % lines.length;
        lines[at] = lines[at]?.slice(0, column % 80) ?? '';
        const address = family === 'ip' ? '127.0.0.1' : '::1';
        traceConversation(
          { tables: parseOr(lines.join('\n'), family) },
          mail({ source: address, destination: address }),
          HERE,
        );
      }),
      { numRuns: 200 },
    );
  });
});

/** The tables of a text, or none where it is refused in the proper way. */
function parseOr(text: string, family: 'ip' | 'ip6') {
  try {
    return parseIptablesSave(text, { file: 'random', family });
  } catch (error) {
    if (error instanceof ParseError) return [];
    throw error;
  }
}

describe('the glance at a rule', () => {
  const glance: Glance = {
    source: '127.0.0.1',
    destination: '127.0.0.1',
    protocol: 6,
    sourcePort: 40000,
    destinationPort: 25,
    in: '',
    out: 'lo',
  };
  const excludes = (options: string, packet: Partial<Glance> = {}) =>
    !candidate('OUTPUT', { ...glance, ...packet }).test(`-A OUTPUT ${options}`.trim());

  test.each([
    ['-d 10.0.0.1/32 -j DROP', true],
    ['-d 127.0.0.2/32 -j DROP', true],
    ['-d 127.0.0.1/32 -j DROP', false],
    ['-d 128.0.0.0/1 -j DROP', false],
    ['-d 10.0.0.0/8 -j DROP', true],
    ['-d 127.0.0.0/8 -j DROP', false],
    ['-d 12.0.0.0/8 -j DROP', true],
    ['! -d 10.0.0.1/32 -j DROP', false],
    ['-s 127.0.0.1/32 -d 10.0.0.1/32', true],
    ['-o eth0 -j DROP', true],
    ['-o lo -j DROP', false],
    ['-o l+ -j DROP', false],
    ['-i lo -j DROP', true],
    ['-p udp -j DROP', true],
    ['-p tcp -m tcp --dport 26 -j DROP', true],
    ['-p tcp -m tcp --dport 20:30 -j DROP', false],
    ['-p tcp -m tcp --sport 1024 --dport 25', true],
    ['-p tcp -m tcp --sport 1:1024 --dport 25', false],
    ['-p tcp -m tcp --dport smtp', false],
    ['-p tcp -m multiport --dports 80', false],
    ['', false],
  ])('says of "%s" that it can not match: %s', (options, expected) => {
    expect(excludes(options)).toBe(expected);
  });

  test('compares the first group of IPv6 addresses', () => {
    const six = { source: 0, destination: 0 };
    expect(
      ['-d 2001:db8::/32', '-d ::1/128', '-d 2000::/3', '-d fe80::1/128'].map((options) => excludes(options, six)),
    ).toEqual([true, false, false, true]);
  });

  test('is never wrong: a rule that it excludes is not met when it is read', () => {
    const part = fc.oneof(
      fc
        .constantFrom('127.0.0.1', '127.0.0.0', '10.0.0.1', '126.255.0.1', '0.0.0.0')
        .chain((address) =>
          fc
            .tuple(
              fc.constantFrom('-s', '-d', '! -s', '! -d'),
              fc.constant(address),
              fc.constantFrom('/32', '/31', '/24', '/9', '/8', '/7', '/1', '/0', ''),
            )
            .map((words) => `${words[0]} ${words[1]}${words[2]}`),
        ),
      fc.constantFrom(
        '-i lo',
        '-i l+',
        '-o lo',
        '-o eth0',
        '! -o lo',
        '-o lo+',
        '-p tcp -m tcp --dport 25',
        '-p tcp -m tcp --dport 24:26',
        '-p tcp --sport 40000',
        '-p udp',
        '! -p udp',
        '-p 6',
        '-p tcp -m tcp --dport 1:24',
        '-m tcp',
        '-m state --state NEW',
      ),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const options = parts.join(' ');
        const { stoppedAt } = traceMail(rules(':a - [0:0]', `-A OUTPUT -m comment --comment x ${options} -j DROP`));
        if (excludes(`${options} -j DROP`)) expect(stoppedAt?.packet).not.toBe('request');
      }),
      { numRuns: 500 },
    );
  });
});
