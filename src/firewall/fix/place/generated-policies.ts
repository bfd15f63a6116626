// Programs that generate the whole policy from their own configuration: what is added to it by hand lasts until they run again.
import type { Family } from '../../model/model.ts';
import { nameLayer } from '../../model/name-layer.ts';
import type { ChainPlace } from '../plan.ts';

/** How each is told to let loopback through, in its own words. Each was followed with the real program, but csf's, which is from its source. */
const WAYS: Readonly<Record<string, string>> = {
  shorewall:
    'put the line "ACCEPT $FW $FW" first into /etc/shorewall/rules, below its "?SECTION NEW" (IPv6: /etc/shorewall6/rules), then shorewall restart (shorewall6 restart)',
  firehol:
    'put the line FIREHOL_TRUST_LOOPBACK="loose" at the head of /etc/firehol/firehol.conf, in place of any other setting of it, then firehol restart',
  csf: 'put "iptables -I OUTPUT -o lo -j ACCEPT" (and the same with ip6tables, and INPUT -i lo) into /usr/local/csf/bin/csfpost.sh where that exists, else into /etc/csf/csfpost.sh, then csf -r',
  ferm: 'put "outerface lo ACCEPT;" first into "chain OUTPUT" in /etc/ferm/ferm.conf ("interface lo ACCEPT;" into "chain INPUT"), then systemctl reload ferm',
  'arno-iptables-firewall':
    'put the line "iptables -I OUTPUT -o lo -j ACCEPT" at the end of /etc/arno-iptables-firewall/custom-rules (its iptables means both families), then arno-iptables-firewall restart',
};

/** A program that generates a policy, and where in force its rules are: layers by name, families in them. */
export type Generator = {
  readonly name: string;
  readonly layers: readonly string[];
  readonly families: readonly Family[];
};

/** What to write into the program's configuration; null for a program that generates nothing. */
export function wayToLast(name: string): string | null {
  return WAYS[name] ?? null;
}

/** Whoever generates the rules in that place, which no saved file keeps then. */
export function generatorOf(place: ChainPlace, generators: readonly Generator[]): Generator | undefined {
  return generators.find(
    ({ layers, families }) => layers.includes(nameLayer(place)) && families.includes(place.family),
  );
}

/** What has to be done by hand so that permits in these places outlast the next run of whoever generates the rules there. */
export function adviseGenerated(places: readonly ChainPlace[], generators: readonly Generator[]): string[] {
  const names = new Set(places.flatMap((place) => generatorOf(place, generators)?.name ?? []));
  return [...names].flatMap((name) => {
    const way = wayToLast(name);
    return way === null
      ? []
      : `${name} generates these rules from its own configuration, so the fix lasts until it runs again, at boot at the latest. To make it last: ${way}.`;
  });
}
