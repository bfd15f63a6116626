// What nft's finer points mean, asked of the real kernel: the evaluator has to predict each conversation.
import { expect, it } from 'vitest';
import type { Surroundings } from '../../src/firewall/conversation/trace.ts';
import { traceConversation } from '../../src/firewall/conversation/trace-conversation.ts';
import { combineLayers } from '../../src/firewall/model/combine-layers.ts';
import { parseNftRuleset } from '../../src/firewall/nftables/read/parse-nft-ruleset.ts';
import type { Attempt, Service } from './agent.ts';
import { describeKernel } from './available.ts';
import { type Lab, ownAddresses, startLab } from './lab.ts';

const addresses = ['127.0.0.1', '127.0.0.5', '::1', ownAddresses.ip] as const;
const ports = [25, 80];
const services = addresses.flatMap((address) =>
  ports.flatMap((port) =>
    (['tcp', 'udp'] as const).map((protocol): Service => ({ protocol, address, port, kind: 'echo', banner: '' })),
  ),
);
const here: Surroundings = {
  ownAddresses: ['127.0.0.1', '127.0.0.5', '::1', ownAddresses.ip, ownAddresses.ip6],
  serverUid: 0,
  serverGid: 0,
};

let port = 20000;

/** `tcp 127.0.0.1 25` by root, or by another user: `udp ::1 80 33`. */
function attemptOf(words: string): Attempt {
  const [protocol = '', destination = '', destinationPort = '', uid = '0'] = words.split(' ');
  if (protocol !== 'tcp' && protocol !== 'udp') throw new Error(`no such protocol: ${words}`);
  port++;
  const source = destination === '127.0.0.5' ? '127.0.0.1' : destination;
  return {
    protocol,
    source,
    destination,
    sourcePort: port,
    destinationPort: Number(destinationPort),
    uid: Number(uid),
  };
}

const everywhere = addresses.flatMap((address) =>
  ports.flatMap((each) => [`tcp ${address} ${each}`, `udp ${address} ${each}`]),
);

/** Which of the conversations are blocked, by the kernel and by the evaluator; the two must not differ. */
async function blocked(lab: Lab, rules: string, conversations: readonly string[] = everywhere): Promise<string[]> {
  await lab.loadNft(`flush ruleset\n${rules}`);
  await lab.exec(['conntrack', '-F']);
  const ruleset = combineLayers({
    iptables: [],
    nft: parseNftRuleset(await lab.run(['nft', '-j', 'list', 'ruleset']), { file: 'nft' }),
  });
  const attempts = conversations.map(attemptOf);
  const attempted = await lab.talk(attempts, 300);
  const unanswered = conversations.filter((_, index) => attempted[index]?.outcome !== 'works');
  const evaluator = conversations.filter((_, index) => {
    const { protocol, source, destination, sourcePort, destinationPort, uid } = attempts[index] ?? attemptOf('');
    const conversation = {
      protocol,
      source: source ?? destination,
      destination,
      sourcePort,
      destinationPort,
      uid,
      gid: uid,
    };
    const { outcome, unknown } = traceConversation(ruleset, conversation, here);
    expect(outcome, `${conversations[index]}: ${unknown.map(({ what }) => what).join(', ')}`).not.toBe('unknown');
    return outcome === 'blocked';
  });
  const kernel = await stillUnanswered(lab, unanswered, evaluator);
  expect(evaluator).toEqual(kernel);
  return kernel;
}

/** On a busy machine an answer may be late: what should have worked gets a second, longer chance. */
async function stillUnanswered(
  lab: Lab,
  unanswered: readonly string[],
  expected: readonly string[],
): Promise<string[]> {
  const late = unanswered.filter((one) => !expected.includes(one));
  const attempted = await lab.talk(late.map(attemptOf), 5000);
  const answered = late.filter((_, index) => attempted[index]?.outcome === 'works');
  return unanswered.filter((one) => !answered.includes(one));
}

const out = (...rules: readonly string[]) =>
  `table inet t { chain out { type filter hook output priority 0; ${rules.join('; ')}; }; }`;
const only = (...words: readonly string[]) =>
  everywhere.filter((one) => words.every((word) => one.split(' ').includes(word)));

/** Each ruleset with what it blocks of `everywhere`. */
const cases: readonly (readonly [title: string, rules: string, blocked: readonly string[]])[] = [
  [
    'accept ends only its own base chain',
    'table inet a { chain out { type filter hook output priority -5; tcp dport 25 accept; }; }\n' +
      'table ip b { chain out { type filter hook output priority 5; tcp dport 25 drop; }; }',
    everywhere.filter((one) => /^tcp \d.* 25$/.test(one)),
  ],
  [
    'drop is final whatever comes later',
    `table inet a { chain out { type filter hook output priority 5; accept; }; }\n${out('udp dport 80 drop')}`,
    only('udp', '80'),
  ],
  [
    'a concatenation matches pairs',
    out('ip daddr . tcp dport { 127.0.0.1 . 25, 127.0.0.5 . 80 } drop'),
    ['tcp 127.0.0.1 25', 'tcp 127.0.0.5 80'],
  ],
  [
    'a concatenation may hold prefixes and ranges',
    out('ip daddr . th dport { 127.0.0.0/30 . 1-79 } drop'),
    ['tcp 127.0.0.1 25', 'udp 127.0.0.1 25'],
  ],
  [
    'a concatenation of protocol and port',
    out('meta l4proto . th dport { tcp . 25, udp . 80 } drop'),
    [...only('tcp', '25'), ...only('udp', '80')].sort(byPlace),
  ],
  [
    'a verdict map jumps, and its misses go on',
    `table inet t { chain mail { ip daddr 127.0.0.5 drop; }; chain out { type filter hook output priority 0; tcp dport vmap { 25 : jump mail, 443 : drop }; }; }`,
    ['tcp 127.0.0.5 25'],
  ],
  [
    'the catch-all of a map is for all other keys',
    out('tcp dport vmap { 25 : accept, 1024-65535 : accept, * : drop }'),
    only('tcp', '80'),
  ],
  [
    'a named verdict map',
    'table inet t { map verdicts { type ipv4_addr . inet_service : verdict; elements = { 127.0.0.1 . 25 : drop }; }; chain out { type filter hook output priority 0; ip daddr . tcp dport vmap @verdicts; }; }',
    ['tcp 127.0.0.1 25'],
  ],
  [
    'an interval set',
    'table inet t { set s { type inet_service; flags interval; elements = { 20-30, 500 }; }; chain out { type filter hook output priority 0; udp dport @s drop; }; }',
    only('udp', '25'),
  ],
  ['a negated set is for packets that have the field', out('tcp dport != { 25, 1024-65535 } drop'), only('tcp', '80')],
  [
    'a negated address is for packets of its family',
    out('ip daddr != 127.0.0.1 ip saddr != 127.0.0.1 drop'),
    everywhere.filter((one) => one.includes(ownAddresses.ip)),
  ],
  [
    'the states in a verdict map are single ones',
    out('ct state vmap { new : continue, established : accept, related : accept }', 'tcp dport 80 drop'),
    only('tcp', '80'),
  ],
  ['replies meet the output chain too', out('ct state established,related drop'), everywhere],
  [
    'oif is the number of the device, oifname its name',
    out('oif lo oifname "l*" tcp dport 25 drop', 'oifname != "lo" drop'),
    only('tcp', '25'),
  ],
  [
    'there is no output device on input',
    'table inet t { chain in { type filter hook input priority 0; oifname != "lo" tcp dport 25 drop; oif lo drop; iif != lo drop; }; }',
    only('tcp', '25'),
  ],
  [
    'all addresses of the host are local',
    out('fib daddr type != local drop', 'fib daddr type local udp dport 25 drop'),
    only('udp', '25'),
  ],
  ['reject with a reset is for TCP', out('reject with tcp reset'), everywhere.filter((one) => one.startsWith('tcp'))],
  [
    'an ICMP error in an inet table is for IPv4',
    out('th dport 25 reject with icmp type host-unreachable'),
    everywhere.filter((one) => one.endsWith(' 25') && !one.includes('::1')),
  ],
  [
    'a chain inside of a rule',
    out(
      'tcp dport 25 jump { ip daddr 127.0.0.5 drop; }',
      'ip6 daddr ::1 jump { udp dport 80 return; meta l4proto udp drop; }',
    ),
    ['tcp 127.0.0.5 25', 'udp ::1 25', 'udp ::1 80'],
  ],
  [
    'goto does not come back',
    'table inet t { chain own { return; }; chain out { type filter hook output priority 0; tcp dport 25 goto own; tcp dport 25 drop; tcp dport 80 drop; }; }',
    only('tcp', '80'),
  ],
  [
    'a mark that is set is matched later, on input too',
    'table inet t { chain out { type filter hook output priority 0; tcp dport 25 meta mark set 0x15; udp dport 80 meta mark set meta mark | 0x4; }; chain in { type filter hook input priority 0; meta mark & 0x5 == 0x5 drop; meta mark & 0x5 == 0x4 drop; }; }',
    [...only('tcp', '25'), ...only('udp', '80')].sort(byPlace),
  ],
  [
    'a connection mark reaches the reply',
    'table inet t { chain out { type filter hook output priority 0; tcp dport 80 ct mark set 7; ct direction reply ct mark 7 drop; }; }',
    only('tcp', '80'),
  ],
  ['a mark out of a map', out('meta mark set tcp dport map { 25 : 3, 80 : 4 }', 'meta mark 4 drop'), only('tcp', '80')],
  [
    'untracked packets have no connection',
    'table inet t { chain raw { type filter hook output priority raw; tcp dport 25 notrack; }; chain out { type filter hook output priority 0; ct state untracked drop; }; }',
    only('tcp', '25'),
  ],
  [
    'ip tables see IPv4 only',
    'table ip t { chain out { type filter hook output priority 0; tcp dport 25 drop; }; }',
    everywhere.filter((one) => /^tcp \d.* 25$/.test(one)),
  ],
  [
    'a dropping policy',
    'table ip6 t { chain out { type filter hook output priority 0; policy drop; udp dport 80 accept; }; }',
    ['tcp ::1 25', 'udp ::1 25', 'tcp ::1 80', 'udp ::1 80'],
  ],
  [
    'flags behind a mask',
    out(
      'tcp dport 80 tcp flags & (fin | syn | rst | ack) == syn drop',
      'tcp flags syn / fin,syn ip daddr 127.0.0.5 drop',
    ),
    [...only('tcp', '80'), 'tcp 127.0.0.5 25'].sort(byPlace),
  ],
  [
    'an address behind a mask',
    out('ip daddr & 255.0.0.255 == 127.0.0.5 drop'),
    everywhere.filter((one) => one.includes('127.0.0.5')),
  ],
  [
    'a destination that is redirected',
    'table inet nat { chain out { type nat hook output priority -100; tcp dport 25 redirect to :80; }; }\n' +
      out('tcp dport 80 drop'),
    only('tcp'),
  ],
  [
    'Ethernet is no part of loopback',
    out('ether type ip drop', 'ip ttl 64 th dport 80 drop'),
    everywhere.filter((one) => one.endsWith(' 80') && !one.includes('::1')),
  ],
  [
    'what continues goes on in the same rule',
    out('ct state vmap { new : continue } tcp dport 25 drop'),
    only('tcp', '25'),
  ],
];

function byPlace(one: string, other: string): number {
  return everywhere.indexOf(one) - everywhere.indexOf(other);
}

describeKernel('nft rules on loopback', () => {
  it.each(cases)('%s', async (_title, rules, expected) => {
    await using lab = await startLab();
    await lab.listen(services);
    expect(await blocked(lab, rules)).toEqual(expected);
  });

  it('knows that UDP has none of the options of TCP', async () => {
    await using lab = await startLab();
    await lab.listen(services);
    const rule = out('th dport 25 tcp option timestamp missing drop', 'th dport 80 tcp option timestamp exists drop');
    expect(await blocked(lab, rule, ['udp ::1 25', 'udp ::1 80'])).toEqual(['udp ::1 25']);
  });

  it('knows the user who sends', async () => {
    await using lab = await startLab();
    await lab.listen(services);
    const users = ['tcp 127.0.0.1 25', 'tcp 127.0.0.1 25 33', 'udp 127.0.0.1 80', 'udp 127.0.0.1 80 33'];
    expect(
      await blocked(lab, out('tcp dport 25 meta skuid 33 drop', 'udp dport 80 meta skuid != { 33, 34 } drop'), users),
    ).toEqual(['tcp 127.0.0.1 25 33', 'udp 127.0.0.1 80']);
  });
});
