// Random rulesets of all kinds: which layers a server has, each in its own language.
import { randomIptables } from './iptables-rules.ts';
import { randomNft } from './nft-rules.ts';
import type { Random } from './random.ts';
import type { Family } from './server.ts';

export type Kind = 'iptables' | 'nft' | 'both';
export type Variant = 'nft' | 'legacy';

/** What one tool loads: the lines of an iptables-save text, or nft commands. */
export type Layer =
  | { readonly tool: 'iptables'; readonly variant: Variant; readonly family: Family; readonly lines: readonly string[] }
  | { readonly tool: 'nft'; readonly lines: readonly string[] };

/** Whether a layer is iptables-legacy's. */
export function isLegacy(layer: Layer): boolean {
  return layer.tool === 'iptables' && layer.variant === 'legacy';
}

/** A random ruleset, in the order in which its layers are loaded. */
export function randomRuleset(random: Random, kind: Kind, prefix: string): Layer[] {
  const nft = (): Layer[] => [{ tool: 'nft', lines: randomNft(random, prefix) }];
  switch (kind) {
    case 'iptables':
      return iptables(random, prefix, 0.5);
    case 'nft':
      return nft();
    case 'both':
      return random.chance(0.5)
        ? [...iptables(random, prefix, 0.2), ...nft()]
        : [...nft(), ...iptables(random, prefix, 0.2)];
  }
}

/** IPv4 and IPv6, mostly in one variant, `legacy` being the chance of that one; now and then both variants are in force at once. */
function iptables(random: Random, prefix: string, legacy: number): Layer[] {
  const layer = (variant: Variant, family: Family): Layer => {
    return { tool: 'iptables', variant, family, lines: randomIptables(random, family, prefix) };
  };
  const variant = random.chance(legacy) ? 'legacy' : 'nft';
  const layers = [layer(variant, 'ip'), layer(variant, 'ip6')];
  if (random.chance(0.06)) layers.push(layer(variant === 'nft' ? 'legacy' : 'nft', random.pick(['ip', 'ip6'])));
  return layers;
}
