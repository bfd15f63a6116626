// What the next boot will have in force, found out by loading its files now: into a network namespace that is gone at once.
import { findBootPlace } from './find-boot-place.ts';
import type { Command, Host } from './host.ts';
import { findNftScript } from './nft-script.ts';
import { type FirewallDump, holdsAnything } from './read-firewall.ts';

/** The files that boot loads, and the rules that come of them. */
export type BootRules = { readonly files: readonly string[]; readonly dumps: readonly FirewallDump[] };

const MARK = '# lo-doctor: ';

/** `$1`, `$2`: rules files of iptables and ip6tables, `$3`: a script of nft; empty where boot loads none. */
const LOAD = `[ -z "$1" ] || iptables-restore <"$1" || exit
[ -z "$2" ] || ip6tables-restore <"$2" || exit
[ -z "$3" ] || nft -f "$3" || exit
for save in iptables-save ip6tables-save; do
  ! command -v $save >/dev/null || { echo '${MARK}'$save; $save; }
done
! command -v nft >/dev/null || { echo '${MARK}nft'; nft -j list ruleset; }`;

/** Null where boot loads no file known here, or where they can't be loaded aside (no namespace, or what only a real boot has). */
export async function loadBootRules(host: Host, variant: 'nft' | 'legacy'): Promise<BootRules | null> {
  const [ip, ip6, nft] = await Promise.all([
    findBootPlace(host, 'ip'),
    findBootPlace(host, 'ip6'),
    findNftScript(host),
  ]);
  const saved = [ip, ip6].map((place) => (place?.exists && place.isLoaded ? place.path : ''));
  const files = [...saved, nft?.isLoaded ? nft.path : ''];
  if (files.every((file) => file === '')) return null;
  const command: Command = ['unshare', '-n', 'sh', '-c', LOAD, 'sh', ...files];
  const { code, stdout } = await host.run(command);
  if (code !== 0) return null;
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
  return { files: files.filter((file) => file !== ''), dumps: dumps.filter(holdsAnything) };
}
