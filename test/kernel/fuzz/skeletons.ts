// Policies in the shape that ufw, firewalld and Docker give theirs, with something that stops loopback built in.
import { eitherWay, type Random } from './random.ts';
import type { Layer, Variant } from './rulesets.ts';
import { type Family, ports } from './server.ts';

/** The chains of ufw, without its permits for lo on the way out, or with rules of the user's that come before them. */
export function likeUfw(random: Random, prefix: string): Layer[] {
  return (['ip', 'ip6'] as const).map((family) => {
    const u = family === 'ip' ? 'ufw' : 'ufw6';
    const lo = random.weighted([
      [5, []],
      [2, [`-A ${u}-before-output -o lo -j ACCEPT`]],
      [2, [`-A ${u}-before-output -o lo -p tcp -m tcp --dport ${random.pick(ports)} -j ACCEPT`]],
    ] as const);
    const early = random.chance(0.4) ? [`-A ${u}-before-output -p ${random.pick(['tcp', 'udp'])} -j DROP`] : [];
    const state = random.chance(0.7)
      ? [`-A ${u}-before-output -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`]
      : [];
    const user = random
      .some(ports, 0, 4)
      .map(
        (port) =>
          `-A ${u}-user-output -p ${random.pick(['tcp', 'udp'])} --dport ${port} -j ${random.pick(['ACCEPT', 'DROP', 'REJECT'])}`,
      );
    const chains = ['before-logging', 'before', 'after', 'after-logging', 'reject', 'track'];
    const names = [...chains.map((name) => `${u}-${name}-output`), `${u}-user-output`, `${u}-logging-deny`];
    const input = random.chance(0.5);
    return layer('nft', family, [
      `:INPUT ${input ? 'DROP' : 'ACCEPT'} [0:0]`,
      `:OUTPUT ${random.chance(0.8) ? 'DROP' : 'ACCEPT'} [0:0]`,
      ...names.map((name) => `:${name} - [0:0]`),
      ...(input
        ? [
            `-A INPUT ${random.pick(['-i lo -j ACCEPT', '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', '-p tcp -j ACCEPT'])}`,
          ]
        : []),
      ...chains.map((name) => `-A OUTPUT -j ${u}-${name}-output`),
      ...eitherWay(random, [...lo, ...early]),
      ...state,
      `-A ${u}-before-output -j ${u}-user-output`,
      ...user,
      `-A ${u}-after-logging-output -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "${prefix} "`,
      `-A ${u}-logging-deny -m conntrack --ctstate INVALID -m limit --limit 3/min --limit-burst 10 -j RETURN`,
      `-A ${u}-logging-deny -m limit --limit 3/min -j LOG --log-prefix "${prefix} "`,
      ...(random.chance(0.4)
        ? [`-A ${u}-reject-output -j ${random.pick(['REJECT', 'DROP', `${u}-logging-deny`])}`]
        : []),
      ...(random.chance(0.5) ? [`-A ${u}-track-output -p tcp -m conntrack --ctstate NEW -j ACCEPT`] : []),
    ]);
  });
}

/** firewalld's tables and chains, with a policy for HOST to ANY that rejects and a permit of lo that stands late or is gone; direct rules beside it. */
export function likeFirewalld(random: Random, _prefix: string): Layer[] {
  const rejects = ['reject with icmpx type admin-prohibited', 'drop'];
  const chains = ['filter_OUTPUT_POLICIES_pre', 'filter_OUTPUT_POLICIES_post', 'filter_OUT_policy_lock'];
  const parts = ['log', 'deny', 'allow'].map((part) => `filter_OUT_policy_lock_${part}`);
  const table = 'inet like_firewalld';
  const rule = (chain: string, text: string) => `add rule ${table} ${chain} ${text}`;
  const lines = [
    `add table ${table}`,
    `add chain ${table} filter_OUTPUT { type filter hook output priority 10; policy accept; }`,
    `add chain ${table} filter_INPUT { type filter hook input priority 10; policy accept; }`,
    ...[...chains, ...parts].map((chain) => `add chain ${table} ${chain}`),
    rule('filter_OUTPUT', 'ct state { established, related } accept'),
    ...(random.chance(0.3) ? [rule('filter_OUTPUT', 'ip6 daddr ::1 accept')] : []),
    ...(random.chance(0.15) ? [rule('filter_OUTPUT', 'oifname "lo" accept')] : []),
    ...chains.slice(0, 1).map((chain) => rule('filter_OUTPUT', `jump ${chain}`)),
    rule('filter_OUTPUT_POLICIES_pre', 'jump filter_OUT_policy_lock'),
    ...parts.map((chain) => rule('filter_OUT_policy_lock', `jump ${chain}`)),
    rule('filter_OUT_policy_lock', random.pick([...rejects, 'return'])),
    rule('filter_OUTPUT', 'jump filter_OUTPUT_POLICIES_post'),
    ...(random.chance(0.5) ? [rule('filter_OUTPUT_POLICIES_post', random.pick(rejects))] : []),
    ...random
      .some(ports, 1, 3)
      .map((port) =>
        rule(
          random.pick(parts),
          `${random.pick(['tcp', 'udp'])} dport ${port} ${random.pick(['ct state { new, untracked } accept', 'drop'])}`,
        ),
      ),
    ...(random.chance(0.5) ? [rule('filter_INPUT', 'ct state { established, related } accept')] : []),
    ...(random.chance(0.3) ? [rule('filter_INPUT', random.pick(['ct state invalid drop', random.pick(rejects)]))] : []),
  ];
  const direct = (family: Family) =>
    layer('nft', family, [
      ...(random.chance(0.5) ? [`-A OUTPUT -p tcp -m tcp --dport ${random.pick(ports)} -j ACCEPT`] : []),
      `-A OUTPUT ${random.pick(['', '-p udp ', '-p tcp -m tcp --dport 25 '])}-j DROP`,
    ]);
  return [{ tool: 'nft', lines }, ...(random.chance(0.4) ? [direct('ip'), direct('ip6')] : [])];
}

/** Docker's chains in nat and filter, a published port, and an outbound policy beside them. */
export function likeDocker(random: Random, policy: (family: Family) => readonly string[]): Layer[] {
  const published = random.pick(ports);
  const inner = random.pick(ports);
  const nat = [
    '*nat',
    ':DOCKER - [0:0]',
    '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
    `-A OUTPUT ${random.chance(0.7) ? '! -d 127.0.0.0/8 ' : ''}-m addrtype --dst-type LOCAL -j DOCKER`,
    '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
    '-A DOCKER -i docker0 -j RETURN',
    // A container that answers at another port of this host: what the proxy of a published port does.
    ...(random.chance(0.5)
      ? [
          `-A DOCKER ! -i docker0 -p tcp -m tcp --dport ${published} -j ${random.pick([`REDIRECT --to-ports ${inner}`, `DNAT --to-destination 192.0.2.10:${inner}`])}`,
        ]
      : []),
    'COMMIT',
    '*filter',
    ':DOCKER-USER - [0:0]',
    ':DOCKER-ISOLATION-STAGE-1 - [0:0]',
    '-A FORWARD -j DOCKER-USER',
    '-A FORWARD -j DOCKER-ISOLATION-STAGE-1',
    '-A DOCKER-USER -j RETURN',
  ];
  return [
    { tool: 'iptables', variant: 'nft', family: 'ip', lines: [...nat, ...policy('ip').slice(1)] },
    { tool: 'iptables', variant: 'nft', family: 'ip6', lines: policy('ip6') },
  ];
}

function layer(variant: Variant, family: Family, lines: readonly string[]): Layer {
  return { tool: 'iptables', variant, family, lines: ['*filter', ...lines, 'COMMIT'] };
}
