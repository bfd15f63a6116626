import { expect, test } from 'vitest';
import { findRuleFindings } from '../../../src/diagnosis/inspect/find-rule-findings.ts';
import { inspect } from '../../../src/diagnosis/inspect/inspect.ts';
import { parseIptablesSave } from '../../../src/firewall/iptables/read/parse-iptables-save.ts';

const findings = (rule: string, queues: readonly number[]) => {
  const tables = parseIptablesSave(`*filter\n:OUTPUT ACCEPT [0:0]\n${rule}\nCOMMIT\n`, { file: 'x', family: 'ip' });
  const facts = {
    sets: new Map(),
    recent: new Map(),
    rates: new Map(),
    connections: null,
    sockets: null,
    hasClasses: null,
    devices: null,
    isLive: true,
  };
  const inspection = inspect(
    {
      host: 'web1',
      ruleset: { tables },
      ownAddresses: [],
      listeners: [],
      iptables: 'nft',
      ownerFacts: null,
      logs: null,
      way: null,
      dump: null,
      facts: { ...facts, queues: new Set(queues) },
    },
    'a1',
  );
  return findRuleFindings(inspection);
};

test('a queue that nobody reads is told with both ways out', () => {
  const [, found] = findings('-A OUTPUT -m conntrack --ctstate NEW -j NFQUEUE --queue-num 4', [9]);
  expect(found).toMatchObject({
    id: 'queue-without-reader',
    severity: 'problem',
    title: 'No program reads queue 4, to which a rule hands packets: the kernel drops them.',
    advice: expect.stringMatching(/Start the program .*add --queue-bypass to the rule.*permit for loopback/),
  });
});

test('a queue that is read, or has a bypass, is none of it', () => {
  const ids = (rule: string, queues: readonly number[]) => findings(rule, queues).map(({ id }) => id);
  expect(ids('-A OUTPUT -j NFQUEUE --queue-num 4', [4])).toEqual(['loopback-unknown']);
  expect(ids('-A OUTPUT -j NFQUEUE --queue-num 4 --queue-bypass', [])).toEqual([]);
});
