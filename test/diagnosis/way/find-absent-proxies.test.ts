import { expect, test } from 'vitest';
import { findRuleFindings } from '../../../src/diagnosis/inspect/find-rule-findings.ts';
import { inspect } from '../../../src/diagnosis/inspect/inspect.ts';
import type { OpenSocket } from '../../../src/firewall/facts/facts.ts';
import { parseIptablesSave } from '../../../src/firewall/iptables/read/parse-iptables-save.ts';

const findings = (sockets: readonly OpenSocket[]) => {
  const text =
    '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -j TPROXY --on-port 3129 --on-ip 0.0.0.0\nCOMMIT\n';
  const facts = {
    sets: new Map(),
    recent: new Map(),
    rates: new Map(),
    queues: null,
    connections: null,
    sockets,
    hasClasses: null,
    devices: null,
    isLive: true,
  };
  const ruleset = { tables: parseIptablesSave(text, { file: 'x', family: 'ip' }) };
  const known = { host: 'web1', ruleset, ownAddresses: [], listeners: [], iptables: 'nft' } as const;
  return findRuleFindings(inspect({ ...known, ownerFacts: null, logs: null, way: null, dump: null, facts }, 'a1'));
};

test('a proxy that is not there is told with both ways out', () => {
  expect(findings([]).find(({ id }) => id === 'proxy-without-socket')).toMatchObject({
    severity: 'problem',
    evidence: [expect.stringContaining('TPROXY'), expect.stringContaining('port 3129')],
    advice: expect.stringMatching(/Start the proxy.*permit for loopback/),
  });
});

test('where no rule stops loopback by it, nothing is said', () => {
  const plain = parseIptablesSave('*filter\n:OUTPUT DROP [0:0]\nCOMMIT\n', { file: 'x', family: 'ip' });
  const known = { host: 'web1', ruleset: { tables: plain }, ownAddresses: [], listeners: [], iptables: 'nft' } as const;
  const told = findRuleFindings(inspect({ ...known, ownerFacts: null, logs: null, way: null, dump: null }, 'a1'));
  expect(told.map(({ id }) => id)).not.toContain('proxy-without-socket');
});
