// What tracing costs, paired with its yardstick in one run: node test/bench/rules.ts [--rounds 5] [--program "node dist/lo-doctor.js"]
// A dump of 10,000 rules against iptables-restore --test of the same file (in a network namespace of its own), and 100,000 against the 10,000.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compare, reportPair } from './compare.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, program: { type: 'string', default: 'node dist/lo-doctor.js' } },
});
const rounds = Number(values.rounds);
/** The trace ends with 1: the last rule drops. */
const CODES = [0, 1];

/** A rule of the kinds that generated policies are made of, different for each number. */
const RULES: readonly ((n: number) => string)[] = [
  (n) =>
    `-A OUTPUT -d 10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}/32 -p tcp -m tcp --dport ${1024 + (n % 60000)} -j ACCEPT`,
  (n) =>
    `-A OUTPUT -s 192.168.${n & 255}.0/24 -o eth${n % 4} -m conntrack --ctstate NEW,ESTABLISHED -m comment --comment "rule ${n}" -j ACCEPT`,
  (n) => `-A OUTPUT -p udp -m multiport --dports 53,123,${1024 + (n % 60000)} -j DROP`,
  (n) =>
    `-A OUTPUT -p tcp -m tcp --dport ${1024 + (n % 60000)} --tcp-flags FIN,SYN,RST,ACK SYN -j REJECT --reject-with tcp-reset`,
];

const dump = (count: number): string => {
  const rules = Array.from({ length: count }, (_, n) => RULES[n % RULES.length]?.(n));
  return [
    '*filter',
    ':INPUT ACCEPT [0:0]',
    ':FORWARD ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ...rules,
    '-A OUTPUT -j DROP',
    'COMMIT',
    '',
  ].join('\n');
};

const trace = (file: string) => [
  ...values.program.split(' '),
  'trace',
  '--to',
  '127.0.0.1',
  '--dport',
  '25',
  '--rules4',
  file,
];

const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-bench-'));
try {
  const small = join(folder, 'small');
  const large = join(folder, 'large');
  writeFileSync(small, dump(10_000));
  writeFileSync(large, dump(100_000));
  const restore = ['unshare', '-n', 'iptables-restore', '--test', small];
  reportPair('10,000 rules against iptables-restore --test', await compare(trace(small), restore, rounds, CODES), 1);
  const start = await compare(trace(small), ['node', '-e', '0'], rounds, CODES);
  reportPair('10,000 rules against an empty start of Node', start, 0);
  const check = [...values.program.split(' '), 'check', '--rules4', small];
  reportPair('check of 10,000 rules against iptables-restore --test', await compare(check, restore, rounds, CODES), 0);
  const growth = await compare(trace(large), trace(small), rounds, CODES);
  const times = (growth.own / growth.yardstick).toFixed(2);
  console.log(
    `100,000 rules cost ${times} times the 10,000 (goal at most 12), peak memory ${growth.peakMegabytes.toFixed(0)} MB`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
