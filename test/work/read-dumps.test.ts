// Files as people have them at hand: read as what they say, or told what they are and which command prints the rules.
import { describe, expect, test } from 'vitest';
import { traceConversation } from '../../src/firewall/conversation/trace-conversation.ts';
import { decodeText } from '../../src/work/decode-text.ts';
import { readDumps } from '../../src/work/read-dumps.ts';

const SAVED = [
  '*filter',
  ':INPUT ACCEPT [0:0]',
  ':OUTPUT ACCEPT [0:0]',
  '-A OUTPUT -p tcp -m tcp --dport 8443 -j ACCEPT',
  '-A OUTPUT -j DROP',
  'COMMIT',
  '',
].join('\n');
const NFT =
  'table inet web {\n\tchain out {\n\t\ttype filter hook output priority filter; policy drop;\n\t\ttcp dport { 8443, 9443 } accept\n\t\tct state established accept\n\t}\n}\n';

const read = (text: string, path = 'web1.txt') => readDumps([{ path, family: null }], () => text);

/** What becomes of TCP to a port: the outcome, and the rule or policy that stops it. */
const toPort = (text: string, port: number, path?: string, address = '127.0.0.1'): string => {
  const { outcome, stoppedAt } = traceConversation(
    read(text, path).ruleset,
    { protocol: 'tcp', source: address, destination: address, sourcePort: 40000, destinationPort: port, uid: 0 },
    { ownAddresses: null, serverUid: null, serverGid: null },
  );
  return stoppedAt === null ? outcome : `${outcome} by ${stoppedAt.rule.chain} ${stoppedAt.rule.number}`;
};

describe('rules of iptables', () => {
  test.each([
    ['with a prompt and what came after it', `admin@web1:~$ sudo iptables-save\n${SAVED}admin@web1:~$ exit\nlogout\n`],
    ['under the command alone', `iptables-save\n${SAVED}`],
    ['in a code fence', `\`\`\`\n${SAVED}\`\`\`\n`],
    ['indented', SAVED.replace(/^(?=.)/gm, '    ')],
    ['behind a prompt of zsh', `web1# iptables-save\n${SAVED}web1# \n`],
    ['behind a prompt of an arrow', `\u279c  ~ sudo iptables-save\n${SAVED}\u279c `],
    ['with nothing typed at the last prompt', `$ sudo iptables-save\n${SAVED}$ `],
    ['from a window of Windows', `C:\\>ssh root@web1\n[root@web1 ~]# iptables-save\n${SAVED}`.replaceAll('\n', '\r\n')],
    ['in the colours of a terminal', `\u001b[01;32mroot@web1\u001b[00m:~# iptables-save\r\n\u001b[?2004l${SAVED}`],
    ['quoted in a mail', SAVED.replace(/^(?=.)/gm, '> ')],
    [
      'with numbered lines',
      SAVED.split('\n')
        .map((line, at) => (line === '' ? '' : `  ${at + 1}  ${line}`))
        .join('\n'),
    ],
    ['with the line ends of Windows', SAVED.replaceAll('\n', '\r\n')],
  ])('%s', (_, text) => {
    expect(toPort(text, 25)).toBe('blocked by OUTPUT 2');
  });

  test('as `iptables -S` prints them, with counters or without', () => {
    const listing =
      '-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT DROP\n-N mail\n-A OUTPUT -o lo -p tcp -m tcp --dport 25 -j mail\n-A mail -j ACCEPT\n';
    expect(toPort(listing, 26)).toBe('blocked by OUTPUT 0');
    expect(toPort(listing, 25)).toContain('blocked by OUTPUT 0');
    const counted =
      '-P INPUT ACCEPT -c 5 300\n-P OUTPUT ACCEPT -c 0 0\n-A OUTPUT -p tcp -m tcp --dport 25 -c 3 180 -j REJECT\n';
    expect([toPort(counted, 25), toPort(counted, 26)]).toEqual(['blocked by OUTPUT 1', 'works']);
  });

  test('of the table and the family that was asked for', () => {
    const nat = '# ip6tables -t nat -S\n-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n';
    expect(read(nat).ruleset.tables).toMatchObject([{ family: 'ip6', name: 'nat' }]);
    expect(read(nat).contents.answers).toEqual([]);
  });

  test('as written by hand', () => {
    const written = [
      '*filter',
      '-P INPUT ACCEPT',
      '-P OUTPUT ACCEPT',
      '-N tail',
      '--append tail --jump DROP',
      '--append OUTPUT --protocol tcp --destination-port smtp --destination localhost --jump ACCEPT',
      '-A OUTPUT -ptcp --sport=25 -j ACCEPT',
      '-A OUTPUT -j tail',
      '-I OUTPUT 2 -p tcp --dport 27 -j REJECT',
      '-I OUTPUT -p udp -j ACCEPT',
      'COMMIT',
      '',
    ].join('\n');
    expect(toPort(written, 25)).toBe('works');
    expect(toPort(written, 27)).toBe('blocked by OUTPUT 3');
    expect(toPort(written, 26)).toBe('blocked by tail 1');
  });

  test('where nothing says which IP version they are of, they are taken for IPv4, and that is said', () => {
    const { ruleset, contents } = read(SAVED);
    expect(ruleset.tables).toMatchObject([{ family: 'ip' }]);
    expect(contents.missing.join()).toContain('web1.txt is of: it was taken for IPv4');
    expect(read(SAVED, 'rules.v6').ruleset.tables).toMatchObject([{ family: 'ip6' }]);
  });

  test('what deletes rules is not followed, and told with its line', () => {
    expect(() => read(`${SAVED.replace('COMMIT', '-D OUTPUT 2\nCOMMIT')}`)).toThrow(/line 6: "-D OUTPUT 2"/);
  });

  test('one chain is not a table', () => {
    expect(() => read('-N mail\n-A mail -j DROP\n')).toThrow(/a whole table/);
  });
});

describe('text of nft', () => {
  test('is read as what it says', () => {
    expect([toPort(NFT, 9443), toPort(NFT, 25)]).toEqual(['works', 'blocked by out 0']);
    expect(read(NFT).contents.answers).toEqual(['ip', 'ip6']);
  });

  test('several dumps in one file add up', () => {
    const all = `# iptables-save\n${SAVED}# ip6tables-save\n${SAVED}# nft list ruleset\n${NFT}`;
    const { ruleset } = read(all);
    expect(ruleset.tables.map(({ layer, family }) => `${layer} ${family}`)).toEqual([
      'nftables inet',
      'iptables ip',
      'iptables ip6',
    ]);
    expect(toPort(all, 8443)).toBe('blocked by OUTPUT 2');
  });

  test('a line that is none of its own is told with its number', () => {
    expect(() => read(NFT.replace('ct state', 'bogus state'))).toThrow(/web1.txt, line 5: "bogus state/);
    expect(() => read(`include "/etc/nftables.d/web.nft"\n${NFT}`)).toThrow(/line 1: .*nft list ruleset/);
  });
});

describe('what is no dump of rules', () => {
  test.each([
    [
      'iptables -L',
      'Chain OUTPUT (policy DROP)\ntarget     prot opt source               destination\n',
      'iptables-save',
    ],
    ['ufw status', 'Status: active\n\nTo                         Action      From\n', 'iptables-save'],
    ['ipset', 'create web hash:ip family inet\nadd web 192.0.2.1\n', 'iptables-save'],
    ['ebtables', 'Bridge table: filter\n\nBridge chain: INPUT, entries: 0, policy: ACCEPT\n', 'nft list ruleset'],
    ['firewalld', '<?xml version="1.0" encoding="utf-8"?>\n<zone>\n</zone>\n', 'nft list ruleset'],
    ['a shell script', '#!/bin/sh\niptables -F\niptables -A OUTPUT -j DROP\n', 'iptables-save'],
    ['gzip', '\u001f\ufffd\u0008\u0000', 'zcat'],
    ['nothing', '\n', 'iptables-save'],
    ['names of tables', 'table ip web\ntable inet mail\n', 'nft list ruleset'],
    [
      'names of tables in JSON',
      '{"nftables": [{"metainfo": {}}, {"table": {"family": "ip", "name": "web"}}]}',
      'nft -j list ruleset',
    ],
    [
      'chains without rules in JSON',
      '{"nftables": [{"chain": {"family": "ip", "table": "web", "name": "o", "type": "filter", "hook": "output", "prio": 0, "policy": "drop"}}]}',
      'nft -j list ruleset',
    ],
  ])('%s', (_, text, command) => {
    const refusal = () => read(text);
    expect(refusal).toThrow(expect.objectContaining({ name: 'HostError' }));
    try {
      refusal();
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).toContain(command);
    }
  });
});

test('UTF-16 and byte order marks are no part of a text', () => {
  const little = Buffer.from(SAVED, 'utf16le');
  const big = Buffer.from(little).swap16();
  const texts = [
    Buffer.concat([Buffer.from([0xff, 0xfe]), little]),
    little,
    Buffer.concat([Buffer.from([0xfe, 0xff]), big]),
    big,
    Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(SAVED)]),
    Buffer.from(SAVED),
  ].map(decodeText);
  expect(new Set(texts)).toEqual(new Set([SAVED]));
});
