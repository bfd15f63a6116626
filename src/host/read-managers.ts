// Raw facts about who looks after the firewall of this server.
import type { Host } from './host.ts';

/** `active`: its rules are in force and it will write them again; `inactive`: installed, without effect. */
export type Managers = {
  readonly ufw: 'active' | 'inactive' | 'absent';
  readonly firewalld: 'active' | 'inactive' | 'absent';
  readonly docker: 'active' | 'absent';
};

const NOT_FOUND = 127;

/** Asks nothing that could change anything: ufw by its configuration, firewalld by its state, Docker by its socket. */
export async function readManagers(host: Host): Promise<Managers> {
  const [ufw, firewalld, docker] = await Promise.all([
    host.run(['cat', '/etc/ufw/ufw.conf']),
    host.run(['firewall-cmd', '--state']),
    host.run(['test', '-S', '/var/run/docker.sock']),
  ]);
  return {
    ufw: ufw.code !== 0 ? 'absent' : /^ENABLED=yes/im.test(ufw.stdout) ? 'active' : 'inactive',
    firewalld: firewalld.code === NOT_FOUND ? 'absent' : firewalld.code === 0 ? 'active' : 'inactive',
    docker: docker.code === 0 ? 'active' : 'absent',
  };
}
