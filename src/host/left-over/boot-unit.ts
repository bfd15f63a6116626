// What takes a case back that a power cut has left in force: a unit of systemd's, there only while the case waits.
import type { Host } from '../host.ts';

const UNITS = '/etc/systemd/system';
const WANTS = `${UNITS}/multi-user.target.wants`;

/** Whatever may put rules in force at boot comes before it. */
const LOADERS = ['netfilter-persistent', 'nftables', 'iptables', 'ip6tables', 'ufw', 'firewalld', 'ferm', 'shorewall'];

const nameOf = (id: string): string => `lo-doctor-at-boot-${id}.service`;

/** The unit's file, and what has the next boot start it. */
export const unitFiles = (id: string): string[] => [`${UNITS}/${nameOf(id)}`, `${WANTS}/${nameOf(id)}`];

/** The unit: it starts the script in the directory that remembers the case. */
export const unitText = (
  id: string,
  record: string,
): string => `# lo-doctor: takes back what nobody had confirmed when this server went down. Removed with its case.
[Unit]
Description=lo-doctor: take back the unconfirmed case ${id}
After=${LOADERS.map((name) => `${name}.service`).join(' ')}

[Service]
ExecStart=/bin/sh ${record}/at-boot
`;

/**
 * Puts it where only a boot looks: systemd is told nothing now. True where it lies there; a server whose /etc can't be written, or that has
 * no systemd, has only the look of the next start.
 */
export async function installBootUnit(host: Host, id: string, record: string): Promise<boolean> {
  const [unit = '', want = ''] = unitFiles(id);
  if ((await host.run(['mkdir', '-p', WANTS])).code !== 0) return false;
  if ((await host.run(['tee', unit], { input: unitText(id, record) })).code !== 0) return false;
  const linked = await host.run(['ln', '-sfn', `../${nameOf(id)}`, want]);
  await host.run(['sync', unit, UNITS, WANTS]);
  return linked.code === 0;
}
