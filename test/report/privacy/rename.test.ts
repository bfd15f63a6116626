// What a renamed text still says, and what it no longer tells.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { traceConversation } from '../../../src/firewall/conversation/trace-conversation.ts';
import { formatAddress, parseAddress, prefixRange } from '../../../src/firewall/model/address.ts';
import { createRenaming, type Known, type Renaming } from '../../../src/report/privacy/rename.ts';
import { sipHash } from '../../../src/report/privacy/siphash.ts';
import { type OwnRuleset, readOwnRulesets, rulesetOf } from '../../firewall/own-rulesets.ts';

const known: Known = { key: 0x0123456789abcdef0fedcba987654321n, hosts: ['web1'], users: ['alice'] };
const renamed = (text: string): string => createRenaming([text], known).text(text);

test('the hash is SipHash-2-4', () => {
  // The vector of its authors' paper: the key 00 01 … 0f, the text 00 01 … 0e.
  const key = 0x0f0e0d0c0b0a09080706050403020100n;
  expect(
    sipHash(
      key,
      Uint8Array.from({ length: 15 }, (_, byte) => byte),
    ),
  ).toBe(0xa129ca6149be45e5n);
});

describe('addresses', () => {
  const address = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }));
  const { address: rename } = createRenaming([], known);
  const renamedNumber = (one: number | bigint): number | bigint => parseAddress(rename(formatAddress(one))) ?? 0;

  test('that share a network share the renamed one, and no others do', () => {
    fc.assert(
      fc.property(address, address, fc.nat(128), (one, other, bits) => {
        fc.pre(typeof one === typeof other && bits <= (typeof one === 'number' ? 32 : 128));
        const isShared = prefixRange(one, bits).from === prefixRange(other, bits).from;
        expect(prefixRange(renamedNumber(one), bits).from === prefixRange(renamedNumber(other), bits).from).toBe(
          isShared,
        );
      }),
    );
  });

  test.each(['127.0.0.1', '127.0.0.53', '::1', '0.0.0.0', '255.255.255.0', '224.0.0.251', 'ff02::1', '::'])(
    '%s means the same everywhere, and stays',
    (one) => expect(rename(one)).toBe(one),
  );

  test.each(['10.1.2.3', '192.168.7.9', '172.20.0.1', '203.0.113.77', 'fd12::9', '2001:db8::10', 'fe80::1234'])(
    '%s gets another name of its kind',
    (one) => {
      expect(rename(one)).not.toBe(one);
      const kind = /^(10|192\.168|172|fd|fe80|2|3|\d)/.exec(one)?.[1] ?? '';
      if (['10', '192.168', 'fe80'].includes(kind)) expect(rename(one).startsWith(kind)).toBe(true);
    },
  );

  test('another key gives other names', () => {
    const other = createRenaming([], { ...known, key: known.key + 1n });
    expect(other.address('203.0.113.77')).not.toBe(rename('203.0.113.77'));
  });

  test('ends of a range keep their order, in every spelling', () => {
    const { text } = createRenaming(['-m iprange --dst-range 203.0.113.5-203.0.113.90 -j ACCEPT'], known);
    const [, from = '', to = ''] = /range (\S+)-(\S+)/.exec(text('--dst-range 203.0.113.5-203.0.113.90')) ?? [];
    expect(Number(parseAddress(from))).toBeLessThan(Number(parseAddress(to)));
  });

  test('a network keeps its length and its zeros', () => {
    expect(renamed('-d 203.0.113.0/24')).toMatch(/^-d \d+\.\d+\.\d+\.0\/24$/);
    expect(renamed('{"prefix": {"addr": "2001:db8:77::", "len": 48}}')).toMatch(/"addr": "[0-9a-f:]+::", "len": 48/);
  });

  test('IPv6 is written as it was: short, or with all zeros as the kernel logs it', () => {
    const line = 'SRC=2001:0db8:0000:0000:0000:0000:0000:0010';
    expect(renamed(line)).toMatch(/^SRC=(?:[0-9a-f]{4}:){7}[0-9a-f]{4}$/);
    expect(renamed(line)).not.toBe(line);
  });

  test('where a rule reads single bits, addresses stay, and that is said', () => {
    const rule = '-A OUTPUT -d 10.0.5.0/255.0.255.0 -j DROP';
    expect(createRenaming([rule], known)).toMatchObject({ kept: expect.stringContaining('not renamed') });
    expect(renamed(rule)).toBe(rule);
  });

  test('times, ports, versions and cards are no addresses; a card is numbered', () => {
    expect(renamed('18:00:01 1.8.9 12:34 DPT=25')).toBe('18:00:01 1.8.9 12:34 DPT=25');
    expect(renamed('MAC=52:54:00:ab:cd:ef:52:54:00:11:22:33:08:00')).toBe(
      'MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00',
    );
  });
});

describe('names', () => {
  test('of hosts and users are the same everywhere', () => {
    const text = renamed(
      'Nov 22 18:00:01 web1 kernel: x\nlo-doctor on web1\nsudo -u bob wp\n/home/alice/x\nalice@shop.example.org https://shop.example.org/a web1-ssh',
    );
    expect(text).not.toMatch(/web1|alice|bob|shop|example/);
    expect(text).toContain('user1@');
    const [, host = ''] = /kernel|lo-doctor on (\w+)/.exec(text.split('\n')[1] ?? '') ?? [];
    expect(text).toContain(`${host} kernel:`);
    expect(text).toContain(`${host}-ssh`);
  });

  test('that only look like hosts stay: files, settings, the root of mail', () => {
    const text = '/etc/iptables/rules.v4 report.md kern.log net.ipv4 lo-doctor.service root www-data';
    expect(renamed(text)).toBe(text);
  });

  test('a host in a log line is renamed whatever it is called', () =>
    expect(renamed('Nov 22 18:00:01 tcp kernel: PROTO=TCP')).toMatch(/^Nov 22 18:00:01 host\d kernel: PROTO=TCP$/));

  test('no new name is one that was there', () => expect(renamed('web1 host1')).toBe('host2 host1'));
});

const OWN = ['192.0.2.10', '2001:db8::10', '10.0.0.5', '172.17.0.1'];

/** What becomes of conversations with this server, under these rules. */
const verdicts = (ruleset: OwnRuleset, address: Renaming['address']): string[] => {
  const rules = rulesetOf(ruleset);
  const ownAddresses = ['127.0.0.1', '::1', ...OWN.map(address)];
  return ownAddresses.flatMap((destination) =>
    [21, 25, 53, 80, 443, 3306].map((destinationPort) => {
      const conversation = {
        protocol: destinationPort === 53 ? ('udp' as const) : ('tcp' as const),
        ...{ source: destination, destination, sourcePort: 40_000, destinationPort, uid: 33 },
      };
      const trace = traceConversation(rules, conversation, { ownAddresses, serverUid: null, serverGid: null });
      return `${destinationPort} ${trace.outcome} ${trace.stoppedAt?.rule.number} ${trace.stoppedAt?.hook}`;
    }),
  );
};

const scrubbed = (ruleset: OwnRuleset, also: Partial<Known> = {}): { ruleset: OwnRuleset; renaming: Renaming } => {
  const texts = ruleset.files.map(({ text }) => text);
  const renaming = createRenaming(texts, { ...known, ...also });
  return {
    renaming,
    ruleset: { ...ruleset, files: ruleset.files.map((file) => ({ ...file, text: renaming.text(file.text) })) },
  };
};

describe.each(readOwnRulesets())('the ruleset $name', (ruleset) => {
  test('gives the same verdicts after it was renamed', () => {
    const { ruleset: other, renaming } = scrubbed(ruleset);
    expect(verdicts(other, renaming.address)).toEqual(verdicts(ruleset, (same) => same));
  });

  test('also where a host and its users are called as words of rules are', () => {
    const text = ruleset.files.map((file) => file.text).join('\n');
    const words = [
      ...new Set(
        text.replace(/"(?:comment|prefix)": "[^"]*"|--comment "[^"]*"/g, '').match(/[A-Za-z][A-Za-z0-9-]{2,}/g) ?? [],
      ),
    ];
    const { ruleset: other, renaming } = scrubbed(ruleset, { hosts: words, users: words });
    expect(verdicts(other, renaming.address)).toEqual(verdicts(ruleset, (same) => same));
  });
});
