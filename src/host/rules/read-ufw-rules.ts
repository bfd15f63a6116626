// What ufw shows of its rules: the files that it makes them from, and its own numbered list.
import type { UfwShown } from '../../firewall/ufw/find-ufw-rules.ts';
import type { Host } from '../host.ts';

const FILES = ['user', 'before', 'after'].flatMap((part) => [`/etc/ufw/${part}.rules`, `/etc/ufw/${part}6.rules`]);

/** Changes nothing; files that can't be read are left out. */
export async function readUfwRules(host: Host): Promise<UfwShown> {
  const [status, ...texts] = await Promise.all([
    host.run(['ufw', 'status', 'numbered']),
    ...FILES.map((path) => host.run(['cat', path])),
  ]);
  const files = FILES.map((path, at) => ({ path, text: texts[at]?.code === 0 ? texts[at].stdout : '' }));
  return { status: status.code === 0 ? status.stdout : '', files };
}
