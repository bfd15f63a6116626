// Entries tied to the rules: a line is a drop only where the rule that wrote it leads to one.
import { describe, expect, test } from 'vitest';
import { type DropSite, tieEntries } from '../../../src/diagnosis/drops/tie-entries.ts';
import type { RulePlace } from '../../../src/firewall/conversation/trace.ts';
import type { Sighting } from '../../../src/log/conversations/count-sightings.ts';
import { rules, surroundings, together } from '../../firewall/fix/rules.ts';
import { IN_BY_LO, icmpError, seen, tcp, udp } from '../lines.ts';

const site = (text: string, own: DropSite['own'] = null): DropSite => ({ ruleset: rules(text), surroundings, own });

const name = (rule: RulePlace | null | undefined): string | null => (rule ? `${rule.chain} ${rule.number}` : null);

/** Each conversation's fates in short: `stopped: 25 OUTPUT 2 (2)`. */
const tie = (where: DropSite, ...sightings: Sighting[]): string[] =>
  tieEntries(where, sightings).map(({ conversation, fate, packets }) => {
    const rule = fate.kind === 'stopped' ? fate.stop?.rule : fate.kind === 'passed' ? fate.by : null;
    return `${fate.kind}: ${conversation.destinationPort} ${name(rule)} (${packets})`;
  });

describe('a line counts as a drop', () => {
  test('where its rule stands before the final one that drops', () => {
    const where = site('-A OUTPUT -j LOG --log-prefix "out: "\n-A OUTPUT -j DROP');
    expect(tie(where, tcp({ prefix: 'out: ' }))).toEqual(['stopped: 25 OUTPUT 2 (1)']);
  });

  test.each(['a\x07b:', 'a\\x07b:', 'a#007b:'])('where the log spells its prefix as %j', (prefix) => {
    const where = site('-A OUTPUT -j LOG --log-prefix "a\x07b: "\n-A OUTPUT -j DROP');
    expect(tie(where, tcp({ prefix }))).toEqual(['stopped: 25 OUTPUT 2 (1)']);
    expect(tie(where, tcp({ prefix: 'ab:' }))).toEqual(['unexplained: 25 null (1)']);
  });

  test('where the policy drops behind it, and where a rule of another layer does', () => {
    const policy = ':OUTPUT DROP [0:0]\n-A OUTPUT -j LOG';
    expect(tie(site(policy), tcp())).toEqual(['stopped: 25 OUTPUT 0 (1)']);
    const layers = together(
      rules('-A OUTPUT -j LOG --log-prefix "nft: "'),
      rules('-A OUTPUT -p tcp -j DROP', 'ip', 'legacy'),
    );
    expect(tie({ ...site(''), ruleset: layers }, tcp({ prefix: 'nft: ' }))).toEqual(['stopped: 25 OUTPUT 1 (1)']);
  });

  test('where its packet goes out and is dropped on its way in', () => {
    const where = site(':INPUT DROP [0:0]\n-A INPUT -j LOG --log-prefix "in: "\n-A OUTPUT -j LOG --log-prefix "out: "');
    expect(tie(where, tcp({ prefix: 'in: ', device: IN_BY_LO }))).toEqual(['stopped: 25 INPUT 0 (1)']);
    expect(tie(where, tcp({ prefix: 'out: ' }))).toEqual(['stopped: 25 INPUT 0 (1)']);
  });

  test('of a reply, where requests pass and replies do not', () => {
    const where = site('-A OUTPUT -p tcp --dport 25 -j ACCEPT\n-A OUTPUT -j LOG\n-A OUTPUT -j DROP');
    const reply = tcp({ spt: 25, dpt: 40577, flags: 'ACK SYN' });
    const [tied] = tieEntries(where, [reply]);
    expect(tied?.conversation).toMatchObject({ destinationPort: 25, sourcePort: 40577 });
    expect(tied?.fate).toMatchObject({ kind: 'stopped', stop: { packet: 'reply', rule: { number: 3 } } });
  });

  test('of data, where the handshake passes', () => {
    const where = site('-A OUTPUT -j LOG\n-A OUTPUT -p tcp --tcp-flags SYN SYN -j ACCEPT\n-A OUTPUT -j DROP');
    expect(tie(where, tcp())).toEqual(['passed: 25 OUTPUT 2 (1)']);
    expect(tie(where, tcp({ flags: 'ACK PSH' }))).toEqual(['stopped: 25 OUTPUT 3 (1)']);
  });

  test('of a connection that is older than the rules', () => {
    const where = site('-A OUTPUT -j LOG\n-A OUTPUT -j DROP');
    expect(tie(where, tcp({ flags: 'ACK PSH' }))).toEqual(['stopped: 25 OUTPUT 2 (1)']);
  });

  test('of the error that a REJECT sends, with the conversation that it is about', () => {
    const where = site('-A OUTPUT -p tcp -j REJECT\n-A OUTPUT -j LOG --log-prefix "err: "\n-A OUTPUT -j DROP');
    const [tied, ...others] = tieEntries(where, [icmpError('err: ')]);
    expect(others).toEqual([]);
    expect(tied?.conversation).toMatchObject({ protocol: 'tcp', destinationPort: 25 });
    expect(tied?.fate).toMatchObject({ kind: 'stopped', stop: { packet: 'error', rule: { number: 3 } } });
  });

  test('of a user whom the line does not name, though root passes', () => {
    const where = site('-A OUTPUT -m owner --uid-owner 0 -j ACCEPT\n-A OUTPUT -j LOG\n-A OUTPUT -j DROP');
    const [tied] = tieEntries(where, [tcp()]);
    expect(tied?.fate).toMatchObject({ kind: 'stopped' });
    expect(tied?.conversation.uid).not.toBe(0);
    expect(tie(where, tcp({ tail: 'UID=0 GID=0 ' }))).toEqual(['unexplained: 25 null (1)']);
  });

  test('where what comes before is not known, since the line shows that the packet came so far', () => {
    const text = '-A OUTPUT -m recent --name x --rcheck -j ACCEPT\n-A OUTPUT -p tcp -j LOG\n';
    expect(tie(site(`${text}-A OUTPUT -p tcp -j REJECT`), tcp())).toEqual(['stopped: 25 OUTPUT 3 (1)']);
    expect(tie(site(`${text}-A OUTPUT -m recent --name y --rcheck -j DROP`), tcp())).toEqual(['unknown: 25 null (1)']);
  });
});

describe('a line counts as no drop', () => {
  test('where its packet passes: an audit rule, then a permit', () => {
    const where = site('-A OUTPUT -j LOG --log-prefix "[UFW AUDIT] "\n-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -j DROP');
    expect(tie(where, tcp({ prefix: '[UFW AUDIT] ' }))).toEqual(['passed: 25 OUTPUT 2 (1)']);
  });

  test('where no rule in force writes such a prefix, or not at that hook', () => {
    const where = site('-A OUTPUT -j LOG --log-prefix "out: "\n-A OUTPUT -j DROP');
    expect(tie(where, tcp({ prefix: 'docker: ' }))).toEqual(['unexplained: 25 null (1)']);
    expect(tie(where, tcp({ prefix: 'out: ', device: IN_BY_LO }))).toEqual(['unexplained: 25 null (1)']);
  });

  test('of a request that passes, though its reply, which the same rule logs, is one', () => {
    const where = site(
      '-A OUTPUT -j LOG\n-A OUTPUT -p tcp --dport 25 -j ACCEPT\n-A OUTPUT -p udp --dport 53 -j ACCEPT\n-A OUTPUT -j DROP',
    );
    const reply = { spt: 25, dpt: 40577, flags: 'ACK SYN' };
    expect(tie(where, tcp())).toEqual(['passed: 25 OUTPUT 2 (1)']);
    expect(tie(where, tcp(), tcp(reply)).sort()).toEqual(['passed: 25 OUTPUT 2 (1)', 'stopped: 25 OUTPUT 4 (1)']);
    expect(tie(where, udp())).toEqual(['passed: 53 OUTPUT 3 (1)']);
    expect(tie(where, udp({ spt: 53, dpt: 40577 }))).toEqual(['stopped: 53 OUTPUT 4 (1)']);
  });

  test('though another packet with the same prefix is one', () => {
    const where = site('-A OUTPUT -j LOG\n-A OUTPUT -p tcp --dport 25 -j DROP');
    expect(tie(where, tcp(), tcp({ dpt: 80 })).sort()).toEqual(['passed: 80 OUTPUT 0 (1)', 'stopped: 25 OUTPUT 2 (1)']);
  });
});

test("a line of lo-doctor's own rule counts as a drop by the rule that it reports, numbered without lo-doctor's", () => {
  const where = site(
    '-A OUTPUT -p tcp -m recent --name x --rcheck -j DROP\n-A OUTPUT -m owner --uid-owner 0 -j ACCEPT',
  );
  const reports: RulePlace = {
    layer: 'iptables',
    variant: 'nft',
    family: 'ip',
    table: 'filter',
    chain: 'OUTPUT',
    number: 1,
    text: '-A OUTPUT -p tcp -m recent --name x --rcheck -j DROP',
    handle: null,
    line: null,
  };
  const own = { prefix: 'lo-doctor c1 ', changes: [{ prefix: 'lo-doctor c1 4 ', reports }] };
  expect(tie({ ...where, own }, tcp({ prefix: 'lo-doctor c1 4 ' }))).toEqual(['stopped: 25 OUTPUT 1 (1)']);
  expect(tie(where, tcp({ prefix: 'lo-doctor c1 4 ' }))).toEqual(['unexplained: 25 null (1)']);
});

test('a packet that two rules and two logs show counts once, and the line of the drop is the sample', () => {
  const where = site(
    '-A OUTPUT -j LOG --log-prefix "[AUDIT] "\n-A OUTPUT -j LOG --log-prefix "[BLOCK] "\n-A OUTPUT -j DROP',
  );
  const lines = ['[AUDIT] ', '[BLOCK] '].flatMap((prefix) => [
    tcp({ prefix }),
    tcp({ prefix, source: 'kernel log' }),
    tcp({ prefix, id: 2 }),
  ]);
  const [tied, ...others] = tieEntries(where, lines);
  expect(others).toEqual([]);
  expect(tied).toMatchObject({ packets: 2, sample: { entry: { prefix: '[BLOCK]' } } });
});

test('what is not on lo, and what is no TCP, UDP or ICMP, is tied to nothing', () => {
  const where = site('-A OUTPUT -j LOG\n-A OUTPUT -j DROP');
  const igmp = seen(
    'kernel: IN= OUT=lo SRC=127.0.0.1 DST=224.0.0.22 LEN=40 TOS=0x00 PREC=0xC0 TTL=1 ID=0 DF OPT (94040000) PROTO=2 ',
  );
  expect(tie(where, tcp({ device: 'IN= OUT=eth0', to: '198.51.100.1' }), igmp)).toEqual([]);
});

test("of a packet that stands in several logs, a file's line is the sample", () => {
  const where = site('-A OUTPUT -j LOG\n-A OUTPUT -j DROP');
  const { line } = tcp();
  const inFile = { ...line, text: `Nov 22 18:00:01 web1 kernel: ${line.text}` };
  const [tied] = tieEntries(where, [
    { source: 'kernel log', line },
    { source: '/var/log/syslog', line: inFile },
  ]);
  expect(tied?.sample.text).toBe(inFile.text);
  expect(tied?.packets).toBe(1);
});
