// Random rulesets that stop some of what goes over lo: the shapes that are found on servers, and those that the evaluator's fuzzer makes up.

import { randomEarlyTable, randomPolicy, randomRedirects, type Shape } from './iptables-policies.ts';
import { randomIptables } from './iptables-rules.ts';
import { randomNftPolicy } from './nft-policies.ts';
import { eitherWay, type Random } from './random.ts';
import { type Layer, randomRuleset, type Variant } from './rulesets.ts';
import type { Family } from './server.ts';
import { likeDocker, likeFirewalld, likeUfw } from './skeletons.ts';

const makers = {
  policy: (random, prefix) => iptables(random, prefix, 'usual', random.chance(0.3) ? 'legacy' : 'nft'),
  deep: (random, prefix) => iptables(random, prefix, 'deep', 'nft'),
  long: (random, prefix) => iptables(random, prefix, 'long', 'nft'),
  guarded: (random, prefix) => iptables(random, prefix, 'guarded', 'nft'),
  nft: (random, prefix) => [nft(random, prefix)],
  'iptables and nft': (random, prefix) =>
    eitherWay(random, [...iptables(random, prefix, 'usual', 'nft'), nft(random, prefix)]),
  'legacy and nft': (random, prefix) =>
    eitherWay(random, [...iptables(random, prefix, 'usual', 'legacy'), nft(random, prefix)]),
  'several tables': (random, prefix) => severalTables(random, prefix),
  'early tables': (random, prefix) => earlyTables(random, prefix),
  redirects: (random, prefix) => redirects(random, prefix),
  ufw: likeUfw,
  firewalld: likeFirewalld,
  docker: (random, prefix) => likeDocker(random, (family) => randomPolicy(random, family, prefix, 'usual')),
  anything: (random, prefix) => anything(random, prefix),
} as const satisfies Record<string, (random: Random, prefix: string) => Layer[]>;

export type FailingKind = keyof typeof makers;

const weights: readonly (readonly [weight: number, kind: FailingKind])[] = [
  [14, 'policy'],
  [6, 'deep'],
  [3, 'long'],
  [6, 'guarded'],
  [16, 'nft'],
  [9, 'iptables and nft'],
  [5, 'legacy and nft'],
  [12, 'several tables'],
  [12, 'early tables'],
  [5, 'redirects'],
  [6, 'ufw'],
  [5, 'firewalld'],
  [5, 'docker'],
  [13, 'anything'],
];

/** A random ruleset with the kind that it is of; nearly all stop something. */
export function randomFailingRuleset(random: Random, prefix: string): { kind: FailingKind; layers: readonly Layer[] } {
  const kind = random.weighted(weights);
  return { kind, layers: makers[kind](random, prefix) };
}

function iptables(random: Random, prefix: string, shape: Shape, variant: Variant): Layer[] {
  const of = (family: Family): Layer => ({
    tool: 'iptables',
    variant,
    family,
    lines: randomPolicy(random, family, prefix, shape),
  });
  const families = random.pick<readonly Family[]>([['ip', 'ip6'], ['ip', 'ip6'], ['ip', 'ip6'], ['ip'], ['ip6']]);
  return families.map(of);
}

const nft = (random: Random, prefix: string): Layer => ({ tool: 'nft', lines: randomNftPolicy(random, prefix) });

/** A policy in filter, with random rules in raw, mangle, nat and security around it. */
function severalTables(random: Random, prefix: string): Layer[] {
  const variant = random.chance(0.2) ? 'legacy' : 'nft';
  return (['ip', 'ip6'] as const).map((family) => {
    const around = tablesOf(randomIptables(random, family, prefix)).filter(([head]) => head !== '*filter');
    return {
      tool: 'iptables',
      variant,
      family,
      lines: [...around.flat(), ...randomPolicy(random, family, prefix, 'usual')],
    };
  });
}

/** Drops and marks in raw and mangle in front of a policy that may ask for them. */
function earlyTables(random: Random, prefix: string): Layer[] {
  return (['ip', 'ip6'] as const).map((family) => {
    const raw = random.chance(0.7) ? randomEarlyTable(random, family, prefix, 'raw') : [];
    const mangle = random.chance(0.7) ? randomEarlyTable(random, family, prefix, 'mangle') : [];
    const policy = random.chance(0.7) ? randomPolicy(random, family, prefix, 'usual') : [];
    return { tool: 'iptables', variant: 'nft', family, lines: [...raw, ...mangle, ...policy] };
  });
}

/** Some of what fails here no filter rule stops. */
function redirects(random: Random, prefix: string): Layer[] {
  return (['ip', 'ip6'] as const).map((family) => {
    const policy = random.chance(0.6) ? randomPolicy(random, family, prefix, 'usual') : [];
    return { tool: 'iptables', variant: 'nft', family, lines: [...randomRedirects(random, family), ...policy] };
  });
}

function tablesOf(lines: readonly string[]): string[][] {
  const tables: string[][] = [];
  for (const line of lines) {
    if (line.startsWith('*')) tables.push([]);
    tables.at(-1)?.push(line);
  }
  return tables;
}

/** The evaluator's own rulesets; half of them with a policy of nft's behind. */
function anything(random: Random, prefix: string): Layer[] {
  const layers = randomRuleset(random, random.pick(['iptables', 'nft', 'both'] as const), prefix);
  return random.chance(0.5) ? layers : [...layers, { tool: 'nft', lines: randomNftPolicy(random, prefix) }];
}
