// Which rule a logged packet was stopped by on another device than lo, and when the line says too little for that.
import { expect, test } from 'vitest';
import { judgeLine } from '../../../src/diagnosis/drops/find-elsewhere.ts';
import { parseIptablesSave } from '../../../src/firewall/iptables/read/parse-iptables-save.ts';
import { combineLayers } from '../../../src/firewall/model/combine-layers.ts';
import { parseLine } from '../../../src/log/packet/parse-line.ts';

const now = new Date('2026-11-22T17:00:00Z');
const save = `*filter
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -o eth0 -p icmp -m icmp --icmp-type 0 -j LOG --log-prefix "DROP: "
-A OUTPUT -o eth0 -p icmp -m icmp --icmp-type 0 -j DROP
COMMIT
`;
const iptables = parseIptablesSave(save, { file: 'dump', variant: 'nft', family: 'ip' });
const site = {
  ruleset: combineLayers({ iptables, nft: [] }),
  surroundings: { ownAddresses: ['127.0.0.1'], serverUid: null, serverGid: null },
  own: null,
};

const judge = (packet: string) => {
  const text = `Nov 22 16:59:00 web1 kernel: DROP: IN= OUT=eth0 SRC=192.0.2.10 DST=198.51.100.7 LEN=84 TTL=64 ID=0 PROTO=ICMP${packet}`;
  const { entry, ...line } = parseLine(text, { now });
  if (entry === null) throw new Error('no entry');
  return judgeLine(site, { ...line, entry })?.by;
};

test('an echo reply was stopped by the rule behind the one that logged it', () => {
  expect(judge(' TYPE=0 CODE=0 ID=7 SEQ=1 ')).toContain('rule 2 of OUTPUT');
});

test('a line that ends before the type says too little: its prefix alone tells that it was stopped', () => {
  expect(judge('')).toBeNull();
});
