// What the next boot will have in force, found out by loading it now: into a network namespace that is gone at once.

import { at } from '../../at.ts';
import type { Host } from '../host.ts';
import { type FirewallDump, holdsAnything } from '../rules/read-firewall.ts';
import { whyFailed } from '../why-failed.ts';
import { findBootPlace } from './find-boot-place.ts';
import { findNftScript } from './nft-script.ts';

/**
 * `loaded`: what boot loads, and the rules that come of it, more than once where it may be loaded in one order or in the other. `nothing`: boot
 * loads nothing that is known here. `failed`: it can't be loaded aside (no namespace, or what only a real boot has); `why` as the tools say it.
 */
export type BootRules =
  | {
      readonly kind: 'loaded';
      readonly files: readonly string[];
      readonly outcomes: readonly (readonly FirewallDump[])[];
    }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'failed'; readonly files: readonly string[]; readonly why: string };

/** A kind of file that boot may load: rules of iptables, of ip6tables, a script of nft. */
export type BootFile = 'ip' | 'ip6' | 'nft';

const MARK = '# lo-doctor: ';

/** `$1`, `$2`: rules files of iptables and ip6tables, `$3`: a script of nft; empty where boot loads none. */
const LOAD_TABLES = `{ [ -z "$1" ] || iptables-restore <"$1"; } &&
{ [ -z "$2" ] || ip6tables-restore <"$2"; }`;
const LOAD_SCRIPT = `{ [ -z "$3" ] || nft -f "$3"; }`;

/**
 * ufw's own loader on a copy of its configuration, in memory that is gone with the namespace. Not with sysctls and modules, which are no
 * rules; where somebody's hooks are to run at boot as well, only a boot can tell what comes of it.
 */
const LOAD_UFW = `unshare -m sh -ec '
  for init in /lib/ufw/ufw-init /usr/lib/ufw/ufw-init /usr/libexec/ufw/ufw-init; do [ ! -x $init ] || break; done
  for hook in before after; do [ ! -x /etc/ufw/$hook.init ]; done
  mount -n -t tmpfs -o mode=0700 ufw /tmp
  mkdir -p /tmp/etc/ufw /tmp/etc/default
  cp /etc/ufw/*.rules /etc/ufw/ufw.conf /tmp/etc/ufw
  cp /etc/default/ufw /tmp/etc/default
  for file in /tmp/etc/ufw/ufw.conf /tmp/etc/default/ufw; do printf "\\nIPT_SYSCTL=\\nIPT_MODULES=\\n" >>$file; done
  export XTABLES_LOCKFILE=/tmp/lock
  $init --datadir /tmp start' >&2`;

const DUMP = `for save in iptables-save ip6tables-save; do
  ! command -v $save >/dev/null || { echo '${MARK}'$save; $save; }
done
! command -v nft >/dev/null || { echo '${MARK}nft'; nft -j list ruleset; }`;

/**
 * `withUfw`: boot starts ufw, too. Files `evenIfUnused` are loaded where they are there,
 * although nothing loads them yet.
 */
export async function loadBootRules(
  host: Host,
  {
    variant,
    withUfw,
    evenIfUnused = [],
  }: {
    readonly variant: 'nft' | 'legacy';
    readonly withUfw: boolean;
    readonly evenIfUnused?: readonly BootFile[];
  },
): Promise<BootRules> {
  const [ip, ip6, nft] = await Promise.all([
    findBootPlace(host, 'ip'),
    findBootPlace(host, 'ip6'),
    findNftScript(host),
  ]);
  const fileOf = (kind: BootFile, place: { path: string; isLoaded: boolean; exists: boolean } | null) =>
    place?.exists && (place.isLoaded || evenIfUnused.includes(kind)) ? place.path : '';
  const places = [fileOf('ip', ip), fileOf('ip6', ip6), fileOf('nft', nft && { ...nft, exists: true })];
  const saved = places.filter((file) => file !== '');
  const files = [...(withUfw ? ['/etc/ufw'] : []), ...saved];
  const outcomes: (readonly FirewallDump[])[] = [];
  const services = [
    ...(withUfw ? [LOAD_UFW] : []),
    ...(places[0] !== '' || places[1] !== '' ? [LOAD_TABLES] : []),
    ...(places[2] !== '' ? [LOAD_SCRIPT] : []),
  ];
  for (const loaders of services.length === 0 ? [] : ordersOf(services)) {
    const script = [...loaders.map((load) => `${load} || exit`), DUMP].join('\n');
    const loaded = await host.run(['unshare', '-n', 'sh', '-c', script, 'sh', ...places]);
    if (loaded.code !== 0) return { kind: 'failed', files, why: at(whyFailed(loaded).split('\n', 1), 0) };
    outcomes.push(splitDumps(loaded.stdout, variant));
  }
  return outcomes.length === 0 ? { kind: 'nothing' } : { kind: 'loaded', files, outcomes };
}

/** Nothing says which of the services starts first, and a script that begins with \`flush ruleset\` takes away what was loaded before it. */
function ordersOf(services: readonly string[]): string[][] {
  if (services.length < 2) return [[...services]];
  return services.flatMap((first) => ordersOf(services.filter((one) => one !== first)).map((rest) => [first, ...rest]));
}

function splitDumps(stdout: string, variant: 'nft' | 'legacy'): FirewallDump[] {
  const dumps = stdout.split(MARK).flatMap((part): FirewallDump[] => {
    const [program = ''] = part.split('\n', 1);
    const text = part.slice(program.length + 1);
    switch (program) {
      case 'iptables-save':
        return [{ layer: 'iptables', variant, family: 'ip', text }];
      case 'ip6tables-save':
        return [{ layer: 'iptables', variant, family: 'ip6', text }];
      case 'nft':
        return [{ layer: 'nftables', text }];
      default:
        return [];
    }
  });
  return dumps.filter(holdsAnything);
}
