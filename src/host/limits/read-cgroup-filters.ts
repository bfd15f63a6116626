// Programs on control groups, which see packets and connections beside all rules: by bpftool, where it is.
import type { Host } from '../host.ts';

/** Kinds of programs that can refuse something of the network. */
const KINDS =
  /\b(cgroup_inet\w*|(?:inet_)?(?:ingress|egress)|sock_(?:create|release)|(?:bind|post_bind|connect|sendmsg|recvmsg)[46])\b/;

/** `/sys/fs/cgroup/system.slice/x.service: 31 cgroup_inet_egress …`, one line for each program; null where nobody could look. */
export async function readCgroupFilters(host: Host): Promise<string[] | null> {
  const { code, stdout } = await host.run(['bpftool', 'cgroup', 'tree']);
  if (code !== 0) return null;
  let group = '';
  return stdout.split('\n').flatMap((line) => {
    if (line.startsWith('/')) group = line.trim();
    return KINDS.test(line) && !line.startsWith('/') ? [`${group}: ${line.trim().replace(/\s+/g, ' ')}`] : [];
  });
}

/** The control group that lo-doctor itself is in; null where the kernel has none. */
export async function readOwnGroup(host: Host): Promise<string | null> {
  const { stdout } = await host.run(['cat', '/proc/self/cgroup']);
  return /^0::(\S+)$/m.exec(stdout)?.[1] ?? null;
}
