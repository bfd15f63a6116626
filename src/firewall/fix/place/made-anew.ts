// Chains and tables that a program makes anew whenever it starts: what is put into them is gone then.

import type { Conversation } from '../../conversation/trace.ts';
import { ownerOfChain } from '../../iptables/read/leave-out-passing-rules.ts';
import { isLoopbackAddress, parseAddress } from '../../model/address.ts';
import type { ChainPlace } from '../plan.ts';
import type { StopOnWay, Waypoint } from './find-stops.ts';

/** Tables of nft that are such a program's as a whole. */
const TABLES: readonly (readonly [maker: string, table: RegExp])[] = [
  ['fail2ban', /^f2b-table$/],
  ['crowdsec', /^crowdsec6?(-|$)/],
  ['sshguard', /^sshguard$/],
  ['docker', /^docker-bridges$/],
  ['podman', /^netavark$/],
  ['kubernetes', /^kube-proxy$/],
  ['libvirt', /^libvirt_network$/],
];

/** Who makes the chain, or its whole table, anew; null for one that stays as it is. */
export function makerOf({ layer, table, chain }: ChainPlace): string | null {
  const maker = layer === 'nftables' ? TABLES.find(([, name]) => name.test(table))?.[0] : undefined;
  return maker ?? ownerOfChain(chain);
}

/** The path as far as it leads through chains that stay: a permit goes before the jump out of them. As it is where nothing before it helps. */
export function untilMadeAnew(path: readonly Waypoint[]): readonly Waypoint[] {
  const anew = path.findIndex(({ place }) => makerOf(place) !== null);
  return anew <= 0 ? path : path.slice(0, anew);
}

/** What has to be known of permits that could stand nowhere else. */
export function adviseMadeAnew(places: readonly ChainPlace[]): string[] {
  return distinct(
    places.flatMap((place) => {
      const maker = makerOf(place);
      const name = `${place.family} table ${place.table}, chain ${place.chain}`;
      return maker === null
        ? []
        : `The permit stands in ${name}, which ${maker} makes anew when it starts: nothing outside of it would help, and it lasts until then.`;
    }),
  );
}

/** How each program that bans is told to lift a ban, and not to make it again. */
const LIFT: Readonly<Record<string, (address: string) => string>> = {
  fail2ban: (address) =>
    `To lift the ban: fail2ban-client unban ${address}. So that it does not come again: ignoreip = 127.0.0.0/8 ::1 ${isLoopback(address) ? '' : `${address} `}under [DEFAULT] in /etc/fail2ban/jail.local, then fail2ban-client reload.`,
  crowdsec: (address) =>
    `To lift the ban: cscli decisions delete --ip ${address}. So that it does not come again: whitelist the address in a parser of /etc/crowdsec/parsers/s02-enrich.`,
  sshguard: (address) =>
    `To lift the ban: put ${address} into /etc/sshguard/whitelist, then systemctl restart sshguard.`,
};

/** The words of those who have banned addresses of this server: they come before any permit. */
export function tellBans(stops: readonly StopOnWay[], goalOf: (stop: StopOnWay) => Conversation | undefined): string[] {
  return distinct(
    stops.flatMap((stop) => {
      const { rule } = stop;
      const maker = makerOf(rule) ?? bannerOf(rule.text);
      const lift = maker === null ? undefined : LIFT[maker];
      const address =
        /(?:^| )(?:-s|ip6? saddr) ([0-9a-f.:]+)(?:\/(?:32|128))?(?= |$)/.exec(rule.text)?.[1] ?? goalOf(stop)?.source;
      if (lift === undefined || address === undefined) return [];
      return `${maker} has banned ${address}, an address of this server (chain ${rule.chain}). ${lift(address)} A permit stands before its jump only until ${maker} starts again and puts that first.`;
    }),
  );
}

/** Who bans by a set that a rule of a built-in chain asks. Sample: `-A INPUT -p tcp -m set --match-set f2b-sshd src -j REJECT` */
function bannerOf(text: string): string | null {
  const [, set = ''] = /--match-set (\S+)/.exec(text) ?? [];
  return /^(f2b|fail2ban)-/.test(set) ? 'fail2ban' : /^crowdsec/.test(set) ? 'crowdsec' : null;
}

function isLoopback(text: string): boolean {
  const address = parseAddress(text);
  return address !== null && isLoopbackAddress(address);
}

function distinct(words: readonly string[]): string[] {
  return [...new Set(words)];
}
