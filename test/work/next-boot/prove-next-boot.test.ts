import { expect, test } from 'vitest';
import type { ServerFacts } from '../../../src/diagnosis/inspect/inspect.ts';
import { parseIpsetSave } from '../../../src/firewall/facts/parse/parse-ipset-save.ts';
import { parseIptablesSave } from '../../../src/firewall/iptables/read/parse-iptables-save.ts';
import { judgeSameDirect } from '../../../src/work/next-boot/prove-next-boot.ts';

const SET = '-A OUTPUT -o lo -m set --match-set locals dst -j ACCEPT';
const PERMIT = '-A OUTPUT -o lo -m comment --comment "lo-doctor k1: permit loopback" -j ACCEPT';

const server = (...lines: readonly string[]): ServerFacts => ({
  host: 'web1',
  ruleset: {
    tables: parseIptablesSave(`*filter\n:OUTPUT DROP [0:0]\n${lines.join('\n')}\nCOMMIT\n`, {
      file: 'x',
      family: 'ip',
    }),
  },
  ownAddresses: ['192.0.2.10'],
  listeners: [],
  iptables: 'nft',
  ownerFacts: null,
  logs: null,
  way: null,
  dump: null,
  facts: {
    sets: parseIpsetSave('create locals hash:net family inet\nadd locals 127.0.0.0/8\nadd locals 192.0.2.10\n'),
    recent: new Map(),
    rates: new Map(),
    queues: null,
    connections: null,
    sockets: null,
    hasClasses: null,
    devices: null,
    isLive: true,
  },
});
const kept = { caseId: 'k1', repaired: [], bootInsertions: [], nftInsertions: [], bootCommands: [] };

test('what passes now by a set is not told to pass after the boot by the same rules', () => {
  const proved = judgeSameDirect(server(SET), kept, 'lo-doctor k1: ');
  expect(proved).toMatchObject({ nextBoot: 'unknown', proof: null });
  expect(proved.advice.join()).toContain('without what the server keeps beside them');
});

test('a permit that asks for nothing beside the rules passes then as well', () => {
  expect(judgeSameDirect(server(PERMIT, SET), kept, 'lo-doctor k1: ')).toEqual({
    nextBoot: 'passes',
    proof: "firewalld's permanent direct rules are those in force now, and loopback passes with them",
    advice: [],
  });
});

test('direct rules without the fix prove nothing', () => {
  expect(judgeSameDirect(server(PERMIT), kept, '')).toMatchObject({ nextBoot: 'unknown', proof: null });
});
