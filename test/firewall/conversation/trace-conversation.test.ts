// Conversations over lo as the kernel has them: connection states, marks, NAT, REJECT's own packets, layers side by side.
import { describe, expect, test } from 'vitest';
import type { Trace } from '../../../src/firewall/conversation/trace.ts';
import { traceConversation } from '../../../src/firewall/conversation/trace-conversation.ts';
import { parseIptablesSave } from '../../../src/firewall/iptables/read/parse-iptables-save.ts';
import { formatAddress } from '../../../src/firewall/model/address.ts';
import { HERE, mail, rules, summary, traceMail } from '../rules.ts';

const summaryOf = (...lines: string[]) => summary(traceMail(rules(...lines)));

/** `source:port>destination:port` of a packet as a hook sees it. */
function seen({ packets }: Trace, packet: string, hook: string): string {
  const found = packets.find((one) => one.packet === packet)?.hooks.find((one) => one.hook === hook)?.packet;
  if (!found || !('sourcePort' in found.transport)) return 'nothing';
  const { source, destination, transport } = found;
  const end = (address: typeof source, port: number | null) =>
    `${address === null ? '?' : formatAddress(address)}:${port}`;
  return `${end(source, transport.sourcePort)}>${end(destination, transport.destinationPort)}`;
}

describe('a conversation', () => {
  test('goes through all hooks both ways', () => {
    const { packets, outcome } = traceMail(rules(':OUTPUT ACCEPT [0:0]'));
    expect(outcome).toBe('works');
    expect(packets[0]?.hooks.map(({ hook }) => hook)).toEqual(['output', 'postrouting', 'prerouting', 'input']);
    expect(packets.map(({ packet }) => packet)).toEqual([
      'request',
      'reply',
      'established-request',
      'established-request',
      'established-reply',
    ]);
  });

  test.each([
    [
      'a permit for the port alone leaves the reply',
      ['-A OUTPUT -p tcp --dport 25 -j ACCEPT', '-A OUTPUT -j LOG', '-A OUTPUT -j DROP'],
      'blocked, logged yes: reply in output by OUTPUT 3',
    ],
    [
      'replies are established',
      [
        '-A OUTPUT -m state --state ESTABLISHED -j ACCEPT',
        '-A OUTPUT -p tcp --dport 25 -j ACCEPT',
        '-A OUTPUT -j DROP',
      ],
      'works, logged no',
    ],
    [
      'new connections alone are not enough',
      ['-A OUTPUT -m state --state NEW -j ACCEPT', '-A OUTPUT -j DROP'],
      'blocked, logged no: reply in output by OUTPUT 2',
    ],
    [
      'the input side counts',
      ['-A INPUT -j LOG', '-A INPUT -p tcp --dport 25 -j DROP'],
      'blocked, logged yes: request in input by INPUT 2',
    ],
    ['a policy stops without a rule', [':OUTPUT DROP [0:0]'], 'blocked, logged no: request in output by OUTPUT 0'],
    [
      'what comes later in the conversation counts',
      ['-A OUTPUT -p tcp --tcp-flags PSH PSH -j DROP'],
      'blocked, logged no: established-request in output by OUTPUT 1',
    ],
    [
      'only the opening exchange counts for the log',
      ['-A OUTPUT -p tcp --tcp-flags PSH PSH -j LOG'],
      'works, logged no',
    ],
    [
      'the first packet after loading is within its limit',
      ['-A OUTPUT -m limit --limit 1/sec -j REJECT', '-A OUTPUT -j DROP'],
      'blocked, logged no: request in output by OUTPUT 1',
    ],
    [
      'a rule that only may stop it is not named where another one surely does',
      ['-A OUTPUT -m set --match-set bad src -j DROP', '-A OUTPUT -j DROP'],
      'blocked, logged no: request in output by OUTPUT 2',
    ],
    [
      'a limited LOG may log',
      ['-A OUTPUT -m limit --limit 1/sec -j LOG', '-A OUTPUT -j DROP'],
      'blocked, logged maybe: request in output by OUTPUT 2',
    ],
    [
      'a full LOG beside it does',
      ['-A OUTPUT -m limit --limit 1/sec -j LOG', '-A OUTPUT -j LOG', '-A OUTPUT -j DROP'],
      'blocked, logged yes: request in output by OUTPUT 3',
    ],
    [
      'NFLOG writes no line',
      ['-A OUTPUT -j NFLOG', '-A OUTPUT -j DROP'],
      'blocked, logged no: request in output by OUTPUT 2',
    ],
    ['goto does not come back', [':a - [0:0]', '-A OUTPUT -g a', '-A OUTPUT -j DROP'], 'works, logged no'],
    [
      'jump comes back',
      [':a - [0:0]', '-A OUTPUT -j a', '-A OUTPUT -j DROP'],
      'blocked, logged no: request in output by OUTPUT 2',
    ],
    [
      'RETURN in a base chain is its policy',
      [':OUTPUT DROP [0:0]', '-A OUTPUT -j RETURN', '-A OUTPUT -j ACCEPT'],
      'blocked, logged no: request in output by OUTPUT 0',
    ],
  ])('%s', (_, lines, expected) => {
    expect(summaryOf(...lines)).toBe(expected);
  });

  test('is established for both ends once it was answered, and confirmed once its first packet got through', () => {
    const data = '-A OUTPUT -p tcp --dport 25 -m tcp --tcp-flags PSH PSH';
    expect(summaryOf(`${data} -m state --state NEW -j DROP`)).toBe('works, logged no');
    expect(summaryOf(`${data} -m conntrack --ctstatus SEEN_REPLY,ASSURED -j DROP`)).toBe(
      'blocked, logged no: established-request in output by OUTPUT 1',
    );
    expect(summaryOf('-A INPUT -m conntrack --ctstate NEW --ctstatus CONFIRMED -j DROP')).toBe(
      'blocked, logged no: request in input by INPUT 1',
    );
  });

  test('that loses only bare acknowledgements depends on who speaks first', () => {
    const { outcome, unknown } = traceMail(rules('-A OUTPUT -p tcp --tcp-flags SYN,ACK,PSH ACK -j DROP'));
    expect(outcome).toBe('unknown');
    expect(unknown).toMatchObject([{ settledBy: 'whether the client or the server speaks first' }]);
  });

  test('carries its mark from OUTPUT to INPUT, and its connection mark to replies', () => {
    const marked = [
      '*mangle',
      '-A OUTPUT -p tcp --dport 25 -j MARK --set-mark 5',
      '-A INPUT -m mark --mark 5 -j CONNMARK --save-mark',
      'COMMIT',
    ];
    expect(summaryOf(...marked, '*filter', '-A INPUT -m mark --mark 5 -j DROP', 'COMMIT')).toBe(
      'blocked, logged no: request in input by INPUT 1',
    );
    expect(summaryOf(...marked, '*filter', '-A OUTPUT -m connmark --mark 5 -j DROP', 'COMMIT')).toBe(
      'blocked, logged no: reply in output by OUTPUT 1',
    );
    expect(
      summaryOf(
        '*mangle',
        '-A OUTPUT -j MARK --set-xmark 0xf0/0xff',
        '-A OUTPUT -j MARK --or-mark 0x3',
        '-A OUTPUT -j MARK --and-mark 0x33',
        '-A OUTPUT -j MARK --xor-mark 0x1',
        '-A OUTPUT -m mark --mark 0x32 -j DROP',
        'COMMIT',
      ),
    ).toBe('blocked, logged no: request in output by OUTPUT 5');
  });

  test('that is not tracked one way has no connection: the answer is invalid, data without a start is new', () => {
    const untracked = ['*raw', '-A OUTPUT -p tcp --dport 25 -j CT --notrack', 'COMMIT', '*filter'];
    expect(summaryOf(...untracked, '-A OUTPUT -m state --state UNTRACKED -j DROP', 'COMMIT')).toBe(
      'blocked, logged no: request in output by OUTPUT 1',
    );
    expect(summaryOf(...untracked, '-A INPUT -m state --state UNTRACKED -j DROP', 'COMMIT')).toBe(
      'blocked, logged no: request in input by INPUT 1',
    );
    expect(summaryOf(...untracked, '-A OUTPUT -m state --state INVALID -j DROP', 'COMMIT')).toBe(
      'blocked, logged no: reply in output by OUTPUT 1',
    );
    expect(summaryOf(...untracked, '-A OUTPUT -p tcp --sport 25 -m state --state NEW -j DROP', 'COMMIT')).toBe(
      'blocked, logged no: established-reply in output by OUTPUT 1',
    );
  });
});

describe('REJECT', () => {
  const errors = (...lines: string[]) => {
    const { packets } = traceMail(rules(...lines));
    return packets
      .filter(({ packet }) => packet === 'error')
      .map(({ hooks }) => `${hooks.map(({ hook, verdict }) => `${hook} ${verdict}`).join(', ')}`);
  };

  test('sends an error that travels on its own and may be dropped', () => {
    expect(errors('-A OUTPUT -p tcp -j REJECT')).toEqual([
      'output accept, postrouting accept, prerouting accept, input accept',
    ]);
    expect(errors('-A OUTPUT -p tcp -j REJECT', '-A OUTPUT -j DROP')).toEqual(['output drop']);
  });

  test('sends what is related to the connection, without a user, and never an error about an error', () => {
    expect(errors('-A OUTPUT -m state --state RELATED -j ACCEPT', '-A OUTPUT -j REJECT')).toEqual([
      'output accept, postrouting accept, prerouting accept, input accept',
    ]);
    expect(errors('-A OUTPUT -m owner --uid-owner 0 -j REJECT')).toEqual([
      'output accept, postrouting accept, prerouting accept, input accept',
    ]);
    expect(errors('-A OUTPUT -j REJECT')).toEqual(['output reject']);
  });

  test('its error counts for the log', () => {
    expect(summaryOf('-A OUTPUT -p icmp -j LOG', '-A OUTPUT -p tcp -j REJECT')).toBe(
      'blocked, logged yes: request in output by OUTPUT 2',
    );
    expect(
      summaryOf('-A OUTPUT -p tcp --tcp-flags RST RST -j LOG', '-A OUTPUT -p tcp -j REJECT --reject-with tcp-reset'),
    ).toBe('blocked, logged yes: request in output by OUTPUT 2');
  });
});

describe('nat', () => {
  test('REDIRECT changes the port before the filter table sees it, and the reply is changed back on its way in', () => {
    const redirect = traceMail(rules('*nat', '-A OUTPUT -p tcp --dport 25 -j REDIRECT --to-ports 2525', 'COMMIT'));
    expect(seen(redirect, 'request', 'output')).toBe('127.0.0.1:40000>127.0.0.1:25');
    expect(seen(redirect, 'request', 'input')).toBe('127.0.0.1:40000>127.0.0.1:2525');
    expect(seen(redirect, 'reply', 'output')).toBe('127.0.0.1:2525>127.0.0.1:40000');
    expect(seen(redirect, 'reply', 'input')).toBe('127.0.0.1:25>127.0.0.1:40000');
    const nat = ['*nat', '-A OUTPUT -p tcp --dport 25 -j REDIRECT --to-ports 2525', 'COMMIT', '*filter'];
    expect(summaryOf(...nat, '-A OUTPUT -p tcp --dport 25 -j DROP', 'COMMIT')).toBe('works, logged no');
    expect(summaryOf(...nat, '-A OUTPUT -p tcp --dport 2525 -j DROP', 'COMMIT')).toBe(
      'blocked, logged no: request in output by OUTPUT 1',
    );
  });

  test('only the first packet meets the nat table, and what comes in by lo none of it', () => {
    const nat = traceMail(
      rules(
        '*nat',
        ...['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'].map(
          (chain) => `-A ${chain} -p tcp --dport 1 -j DNAT --to-destination 127.0.0.1`,
        ),
        'COMMIT',
      ),
    );
    const met = nat.packets.flatMap(({ packet, hooks }) =>
      hooks.flatMap(({ hook, way }) => (way.length > 0 ? `${packet} ${hook}` : [])),
    );
    expect(met).toEqual(['request output', 'request postrouting']);
  });

  test('a reset meets the nat table where its connection did not come to, an ICMP error never', () => {
    const tables = (reject: string) => [
      '*nat',
      '-A POSTROUTING -j LOG',
      'COMMIT',
      '*filter',
      `-A OUTPUT -p tcp --dport 25 -j REJECT ${reject}`,
      '-A INPUT -m state --state NEW',
      'COMMIT',
    ];
    expect(summaryOf(...tables('--reject-with tcp-reset'))).toBe('blocked, logged yes: request in output by OUTPUT 1');
    expect(summaryOf(...tables(''))).toBe('blocked, logged no: request in output by OUTPUT 1');
  });

  test('masquerading takes a global address of the host, and replies find back', () => {
    const masquerade = traceMail(rules('*nat', '-A POSTROUTING -j MASQUERADE', 'COMMIT'));
    expect(seen(masquerade, 'request', 'input')).toBe('192.0.2.10:40000>127.0.0.1:25');
    expect(seen(masquerade, 'reply', 'output')).toBe('127.0.0.1:25>192.0.2.10:40000');
    expect(seen(masquerade, 'reply', 'input')).toBe('127.0.0.1:25>127.0.0.1:40000');
    expect(masquerade.outcome).toBe('works');
  });

  test('masquerading without a global address drops: lo ate my IP address', () => {
    const alone = { ...HERE, ownAddresses: ['127.0.0.1', '::1'] };
    const { outcome, stoppedAt } = traceMail(rules('*nat', '-A POSTROUTING -j MASQUERADE', 'COMMIT'), {}, alone);
    expect([outcome, stoppedAt?.hook]).toEqual(['blocked', 'postrouting']);
  });

  test('DNAT to another host takes the conversation off lo, behind the hook that it is in', () => {
    const away = rules('*nat', '-A OUTPUT -p tcp --dport 25 -j DNAT --to-destination 203.0.113.1:26', 'COMMIT');
    const { outcome, sentAway, unknown } = traceMail(away);
    expect([outcome, unknown]).toEqual(['leaves', []]);
    expect(sentAway).toMatchObject([{ address: '203.0.113.1', port: 26, rule: { chain: 'OUTPUT', number: 1 } }]);
    const stopped = traceMail(
      rules(
        '*nat',
        '-A OUTPUT -p tcp --dport 25 -j DNAT --to-destination 203.0.113.1',
        'COMMIT',
        '*filter',
        '-A OUTPUT -o lo -j DROP',
        'COMMIT',
      ),
    );
    expect([stopped.outcome, stopped.sentAway, stopped.stoppedAt?.rule.table]).toEqual(['blocked', [], 'filter']);
  });

  test('one of several other hosts is somewhere else all the same, and one that may be the host itself is not known to be', () => {
    const to = (range: string) =>
      traceMail(rules('*nat', `-A OUTPUT -p tcp --dport 25 -j DNAT --to-destination ${range}`, 'COMMIT'));
    expect(to('203.0.113.1-203.0.113.9')).toMatchObject({ outcome: 'leaves', sentAway: [{ address: null }] });
    expect(to('192.0.2.1-192.0.2.254')).toMatchObject({ outcome: 'unknown', sentAway: [] });
  });

  test('without the addresses of the host it is not known whether DNAT leads away', () => {
    const unknown = traceMail(
      rules('*nat', '-A OUTPUT -p tcp --dport 25 -j DNAT --to-destination 203.0.113.1', 'COMMIT'),
      {},
      { ...HERE, ownAddresses: null },
    );
    expect(unknown.outcome).toBe('unknown');
    expect(unknown.unknown[0]?.what).toBe('dnat to 203.0.113.1, which may be off this host');
  });
});

describe('layers', () => {
  const table = (variant: 'nft' | 'legacy', ...lines: string[]) =>
    parseIptablesSave(['*filter', ...lines, 'COMMIT', ''].join('\n'), { file: 'test', family: 'ip', variant });

  test('all see the packet: what one lets through another may stop', () => {
    const ruleset = { tables: [...table('nft', '-A OUTPUT -o lo -j ACCEPT'), ...table('legacy', '-A OUTPUT -j DROP')] };
    expect(traceMail(ruleset).stoppedAt?.rule).toMatchObject({ variant: 'legacy', number: 1 });
  });

  test('of two that drop at one priority, either may come first: whether the other logs is open', () => {
    const ruleset = {
      tables: [...table('nft', '-A OUTPUT -j DROP'), ...table('legacy', '-A OUTPUT -j LOG', '-A OUTPUT -j DROP')],
    };
    expect(traceMail(ruleset)).toMatchObject({ outcome: 'blocked', logged: 'maybe' });
  });

  test('the other family is not asked', () => {
    const six = { tables: parseIptablesSave('*filter\n-A OUTPUT -j DROP\nCOMMIT\n', { file: 'test', family: 'ip6' }) };
    expect(traceMail(six).outcome).toBe('works');
    expect(traceMail(six, { source: '::1', destination: '::1' }).outcome).toBe('blocked');
  });
});

test('a conversation between two families is refused', () => {
  expect(() => traceMail(rules('-A OUTPUT -j DROP'), { source: '::1' })).toThrow(RangeError);
  expect(mail().protocol).toBe('tcp');
});

test('one datagram asks and one answers: what a second question would meet decides nothing', () => {
  const udp = { protocol: 'udp', source: '127.0.0.1', destination: '127.0.0.1', sourcePort: 40000, uid: 0 } as const;
  const ask = (line: string) => {
    const dump = ['*filter', ':INPUT ACCEPT', ':OUTPUT ACCEPT', line, 'COMMIT', ''].join('\n');
    const ruleset = { tables: parseIptablesSave(dump, { file: 'web1.rules', family: 'ip' }) };
    const surroundings = { ownAddresses: null, serverUid: null, serverGid: null };
    return traceConversation(ruleset, { ...udp, destinationPort: 53 }, surroundings);
  };
  const established = '-A OUTPUT -p udp --dport 53 -m state --state ESTABLISHED -j DROP';
  expect(ask(established)).toMatchObject({ outcome: 'works', packets: [{ packet: 'request' }, { packet: 'reply' }] });
  expect(ask('-A OUTPUT -p udp --sport 53 -m state --state ESTABLISHED -j DROP').outcome).toBe('blocked');
});
