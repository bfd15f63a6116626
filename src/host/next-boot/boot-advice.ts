// What is to be done by hand so that a fix outlives the next boot.

import type { Host } from '../host.ts';
import type { BootPlace } from './find-boot-place.ts';

/** How rules are made to last where nothing loads any, by the kind of distribution (os-release, `ID` and `ID_LIKE`). */
export async function adviseBootPlace(host: Host, family: 'ip' | 'ip6'): Promise<string> {
  const { stdout } = await host.run(['cat', '/etc/os-release']);
  const ids = [...stdout.matchAll(/^ID(?:_LIKE)?="?(.*?)"?$/gm)].flatMap(([, words = '']) => words.split(' '));
  return `Nothing on this server loads ${family}tables rules at boot, so the fix lasts until the next one. To keep it: ${wayOf(ids, family)}`;
}

function wayOf(ids: readonly string[], family: 'ip' | 'ip6'): string {
  if (ids.includes('debian')) return 'apt install iptables-persistent saves the rules in force and loads them at boot.';
  if (ids.some((id) => ['fedora', 'rhel', 'centos'].includes(id))) {
    const file = `/etc/sysconfig/${family}tables`;
    return `dnf install iptables-services, ${family}tables-save > ${file}, and systemctl enable ${family}tables.`;
  }
  return `let the boot run ${family}tables-restore on a file that ${family}tables-save wrote.`;
}

/** For a file that holds the rules now, and that nothing loads. */
export function adviseLoading({ path, loader, enable }: BootPlace): string {
  return `Nothing loads ${path} at boot yet: ${loader} is not installed or not enabled (${enable}).`;
}
