import { expect, test } from 'vitest';
import { findLostAtBoot } from '../../../src/diagnosis/inspect/find-lost-at-boot.ts';
import { parseIpsetSave } from '../../../src/firewall/facts/parse/parse-ipset-save.ts';
import { parseIptablesSave } from '../../../src/firewall/iptables/read/parse-iptables-save.ts';
import type { Ruleset } from '../../../src/firewall/model/model.ts';

const rules = (...lines: readonly string[]): Ruleset => ({
  tables: parseIptablesSave(`*filter\n:OUTPUT ACCEPT [0:0]\n${lines.join('\n')}\nCOMMIT\n`, {
    file: 'x',
    family: 'ip',
  }),
});

const SET = '-A OUTPUT -m set --match-set banned dst -j DROP';

const lost = (now: Ruleset, atBoot: Ruleset) =>
  findLostAtBoot(
    {
      host: 'web1',
      ruleset: now,
      ownAddresses: [],
      listeners: [],
      iptables: 'nft',
      ownerFacts: null,
      logs: null,
      way: null,
      dump: null,
      facts: {
        sets: parseIpsetSave('create banned hash:net family inet\n'),
        recent: new Map(),
        rates: new Map(),
        queues: null,
        connections: null,
        sockets: null,
        hasClasses: null,
        devices: null,
        isLive: true,
      },
    },
    atBoot,
  );

test('what is in the sets now is not what they have after the boot', () => {
  const [first] = lost(rules(SET), rules(SET));
  expect(first).toMatchObject({ outcome: 'unknown', conversation: { destination: '127.0.0.1' } });
  expect(lost(rules(SET), rules('-A OUTPUT -o lo -j ACCEPT', SET))).toEqual([]);
});

test('what boot stops for sure comes first', () => {
  const [first] = lost(rules(), rules('-A OUTPUT -p udp -m limit --limit 1/min -j DROP', '-A OUTPUT -p tcp -j DROP'));
  expect(first).toMatchObject({ outcome: 'blocked', conversation: { protocol: 'tcp' } });
});
