// The whole walk on real servers: the wizard, answered with Enter alone except for applying, ends with the mail port answering.
import { expect, it, vi } from 'vitest';
import { describeKernel } from '../kernel/available.ts';
import { type Lab, ownAddresses } from '../kernel/lab.ts';
import { type Filter, type MailServer, openDoctor, printFilter, startMailServer } from './mail-server.ts';
import { type Answer, answer, readMarks, toTheEnd } from './walk.ts';

const permit = '-A OUTPUT -o lo -m comment --comment "lo-doctor CASE: permit loopback" -j ACCEPT';
const permitIn = permit.replace('OUTPUT -o', 'INPUT -i');
/** Where a rule guards the port, the port alone is permitted before it, and its replies before the final rule. */
const permitPort =
  '-A OUTPUT -o lo -p tcp -m tcp --dport 25 -m comment --comment "lo-doctor CASE: permit tcp/25 on loopback" -j ACCEPT';
const permitReplies =
  '-A OUTPUT -o lo -p tcp -m tcp --sport 25 -m conntrack --ctstate ESTABLISHED -m comment --comment "lo-doctor CASE: permit replies of tcp/25 on loopback" -j ACCEPT';
const https = '-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT';

type Fixed = MailServer & {
  readonly title: string;
  /** What has to be in force, and in the saved files, when the walk has ended. */
  readonly fixed: { readonly ip?: Filter; readonly ip6?: Filter; readonly nft?: string };
  /** What the page of the plan is called, where it is not all of loopback that Enter permits. */
  readonly plan?: string;
  /** The choice that Enter takes on the first page. */
  readonly first: string;
  /** The fields of the log line that are marked, as they stand in it. */
  readonly marks: readonly string[];
};

const REPEAT = '> 1. Prove it: repeat what fails, and read the log';
const LOGGING = '> 1. Prove it: turn logging on (';

const marksOf = (address: string, device = 'OUT=lo') => [device, `SRC=${address}`, `DST=${address}`, 'DPT=25'];
const MARKS = marksOf('127.0.0.1');

/** nft's own table, as it prints it. */
const nftTable = (...rules: string[]): string =>
  `table inet filter {
\tchain output {
\t\ttype filter hook output priority filter; policy drop;
${rules.map((rule) => `\t\t${rule}\n`).join('')}\t}
}
`;

/** Logs that have the lines of all labs: these walks wait until they are alone. */
const exclusive: readonly Fixed[] = [
  {
    title: 'the journal as the only log',
    log: 'journal',
    ip: { output: ['-A OUTPUT -j LOG', '-A OUTPUT -j DROP'] },
    fixed: { ip: { output: [permit, '-A OUTPUT -j LOG', '-A OUTPUT -j DROP'] } },
    first: REPEAT,
    marks: MARKS,
  },
  {
    title: 'the kernel’s ring buffer as the only log',
    log: 'kernel',
    ip: { output: ['-A OUTPUT -j DROP'] },
    fixed: { ip: { output: [permit, '-A OUTPUT -j DROP'] } },
    first: LOGGING,
    marks: MARKS,
  },
];

const shared: readonly Fixed[] = [
  {
    title: 'a final LOG and DROP, as in the article, and a syslog file',
    ip: { output: [https, '-A OUTPUT -j LOG', '-A OUTPUT -j DROP'] },
    fixed: { ip: { output: [https, permit, '-A OUTPUT -j LOG', '-A OUTPUT -j DROP'] } },
    first: REPEAT,
    marks: MARKS,
  },
  {
    title: 'iptables-legacy',
    variant: 'legacy',
    ip: { output: [https, '-A OUTPUT -j LOG', '-A OUTPUT -j DROP'] },
    fixed: { ip: { output: [https, permit, '-A OUTPUT -j LOG', '-A OUTPUT -j DROP'] } },
    first: REPEAT,
    marks: MARKS,
  },
  {
    title: 'a final rule that does not log',
    ip: { output: [https, '-A OUTPUT -j DROP'] },
    fixed: { ip: { output: [https, permit, '-A OUTPUT -j DROP'] } },
    first: LOGGING,
    marks: MARKS,
  },
  {
    title: 'a LOG rule behind the final rule, where it is never reached',
    ip: { output: [https, '-A OUTPUT -j DROP', '-A OUTPUT -j LOG'] },
    fixed: { ip: { output: [https, permit, '-A OUTPUT -j DROP', '-A OUTPUT -j LOG'] } },
    first: LOGGING,
    marks: MARKS,
  },
  {
    title: 'policy DROP alone',
    ip: { output: [https], outputPolicy: 'DROP' },
    fixed: { ip: { output: [https, permit], outputPolicy: 'DROP' } },
    first: LOGGING,
    marks: MARKS,
  },
  {
    title: 'IPv6: the service on ::1 alone',
    address: '::1',
    ip: { output: [https] },
    ip6: { output: [https, '-A OUTPUT -j DROP'] },
    fixed: { ip: { output: [https] }, ip6: { output: [https, permit, '-A OUTPUT -j DROP'] } },
    first: LOGGING,
    marks: marksOf('0000:0000:0000:0000:0000:0000:0000:0001'),
  },
  {
    title: 'IPv4 and IPv6 with iptables-legacy and policy DROP',
    variant: 'legacy',
    ip: { outputPolicy: 'DROP' },
    ip6: { outputPolicy: 'DROP' },
    fixed: { ip: { output: [permit], outputPolicy: 'DROP' }, ip6: { output: [permit], outputPolicy: 'DROP' } },
    first: LOGGING,
    marks: MARKS,
  },
  {
    title: 'REJECT instead of DROP',
    ip: { output: ['-A OUTPUT -j LOG', '-A OUTPUT -j REJECT --reject-with icmp-port-unreachable'] },
    fixed: {
      ip: { output: [permit, '-A OUTPUT -j LOG', '-A OUTPUT -j REJECT --reject-with icmp-port-unreachable'] },
    },
    first: REPEAT,
    marks: MARKS,
  },
  {
    title: 'an earlier rule that drops port 25',
    ip: { output: ['-A OUTPUT -p tcp -m tcp --dport 25 -j DROP', https, '-A OUTPUT -j LOG', '-A OUTPUT -j DROP'] },
    fixed: {
      ip: {
        output: [
          permitPort,
          '-A OUTPUT -p tcp -m tcp --dport 25 -j DROP',
          https,
          permitReplies,
          '-A OUTPUT -j LOG',
          '-A OUTPUT -j DROP',
        ],
      },
    },
    plan: 'Permit tcp/25: ',
    first: LOGGING,
    marks: MARKS,
  },
  {
    title: 'a drop on the way in',
    ip: { input: ['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', '-A INPUT -j DROP'] },
    fixed: { ip: { input: ['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', permitIn, '-A INPUT -j DROP'] } },
    first: LOGGING,
    marks: marksOf('127.0.0.1', 'IN=lo'),
  },
  {
    title: 'a permit for 127.0.0.0/8 alone, the service on an own address',
    address: ownAddresses.ip,
    ip: { output: ['-A OUTPUT -d 127.0.0.0/8 -j ACCEPT', '-A OUTPUT -j LOG', '-A OUTPUT -j DROP'] },
    fixed: { ip: { output: ['-A OUTPUT -d 127.0.0.0/8 -j ACCEPT', permit, '-A OUTPUT -j LOG', '-A OUTPUT -j DROP'] } },
    first: REPEAT,
    marks: marksOf(ownAddresses.ip),
  },
  {
    title: 'a table of nft’s own with policy drop',
    nft: nftTable('tcp dport 443 accept', 'ct state established accept'),
    fixed: {
      nft: nftTable(
        'tcp dport 443 accept',
        'ct state established accept',
        'oifname "lo" counter packets 0 bytes 0 accept comment "lo-doctor CASE: permit loopback"',
      ),
    },
    first: LOGGING,
    marks: MARKS,
  },
];

/** A dump without comments and counters, the case's name left out. */
const withoutNames = (dump: string): string =>
  dump
    .replace(/^#.*\n/gm, '')
    .replace(/\[\d+:\d+\]/g, '[0:0]')
    .replace(/packets \d+ bytes \d+/g, 'packets 0 bytes 0')
    .replace(/lo-doctor \w+: /g, 'lo-doctor CASE: ');

/** What runs in the lab, tmux and what looks at it left out. */
async function listProcesses(lab: Lab): Promise<string[]> {
  const list = await lab.run(['ps', '-eo', 'args']);
  return list
    .split('\n')
    .filter((line) => !/^ps |^tmux /.test(line))
    .sort();
}

async function walkToTheEnd(server: Fixed, kernelLog?: 'own'): Promise<void> {
  await using lab = await startMailServer(server, kernelLog === undefined ? {} : { kernelLog });
  const { address = '127.0.0.1', variant = 'nft', fixed } = server;
  expect(await lab.probe(address, 25, { deadline: 300 })).not.toMatchObject({ outcome: 'works' });
  const before = await listProcesses(lab);

  await using wizard = await openDoctor([], { lab });
  const { plan } = server;
  const pages = toTheEnd.map(([page, ...keys]): Answer => [plan && page instanceof RegExp ? plan : page, ...keys]);
  const screens = await answer(wizard, pages);
  const end = await wizard.waitFor('Fixed, verified and kept', 120_000);
  expect(await wizard.exitCode()).toBe(0);
  expect(wizard.countKeys()).toBeLessThanOrEqual(6);
  expect(screens[0]).toContain(server.first);
  expect(readMarks(screens[2] ?? '')).toEqual(server.marks);

  expect(await lab.probe(address, 25)).toMatchObject({
    outcome: 'works',
    answer: expect.stringContaining('220 web1 ESMTP\r\n'),
  });
  for (const [family, file] of [['ip', 'rules.v4'] as const, ['ip6', 'rules.v6'] as const]) {
    const filter = fixed[family];
    if (filter === undefined) continue;
    expect(withoutNames(await lab.run([`${family}tables-${variant}-save`, '-t', 'filter']))).toBe(printFilter(filter));
    expect(withoutNames(await lab.run(['cat', `/etc/iptables/${file}`]))).toBe(printFilter(filter));
  }
  if (fixed.nft !== undefined) expect(withoutNames(await lab.run(['nft', 'list', 'ruleset']))).toBe(fixed.nft);
  const [report = ''] = /\/var\/lib\/lo-doctor\/\w+\/report\.md/.exec(end) ?? [];
  expect(await lab.run(['cat', report])).toMatch(
    /^# lo-doctor on web1: Fixed, verified and kept\n[\s\S]*=lo .* DPT=25 /,
  );
  expect(await lab.run(['ls', '/run/lo-doctor'])).toBe('');
  await vi.waitFor(async () => expect(await listProcesses(lab)).toEqual(before), 5000);
}

describeKernel('the walk on a real server', () => {
  it.concurrent.each(shared)('fixes $title', (server) => walkToTheEnd(server), 480_000);
});

describeKernel('the walk on a real server with nobody else’s lines in the kernel’s log', () => {
  it.each(exclusive)('fixes $title', (server) => walkToTheEnd(server, 'own'), 480_000);
});
