// How full the kernel's table of connections is.
import type { Host } from '../host.ts';

const FILES = ['nf_conntrack_count', 'nf_conntrack_max'] as const;

/** Null where connections are not tracked, or nobody may look. */
export async function readConntrack(host: Host): Promise<{ count: number; most: number } | null> {
  const read = (name: string) => host.run(['cat', `/proc/sys/net/netfilter/${name}`]);
  const [count, most] = await Promise.all(FILES.map(read));
  if (count?.code !== 0 || most?.code !== 0) return null;
  return { count: Number(count.stdout), most: Number(most.stdout) };
}
