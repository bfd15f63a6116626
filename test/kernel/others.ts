// What other programs do to a server's rules while lo-doctor is at work: the real fail2ban, and Docker's own iptables calls.
import type { Host } from '../../src/host/host.ts';
import type { Command, Lab } from './lab.ts';

/** How fail2ban bans. */
export type Banning = 'iptables-multiport' | 'nftables-multiport';

/** Makes plain iptables the other variant in the lab, as update-alternatives does. */
export async function useVariant(lab: Lab, variant: 'nft' | 'legacy'): Promise<void> {
  for (const name of ['iptables', 'ip6tables'])
    await lab.run(['update-alternatives', '--quiet', '--set', name, `/usr/sbin/${name}-${variant}`]);
}

/** Starts fail2ban with a jail for each of the chains; the first ban in a jail makes its chain and the jump to it. */
export async function startFail2ban(lab: Lab, banning: Banning): Promise<void> {
  const jails = ['INPUT', 'OUTPUT'].map(
    (chain) => `[${jailOf(chain)}]
enabled = true
filter = sshd
port = ssh
backend = polling
logpath = /var/log/auth.log
banaction = ${banning}
chain = ${chain}
`,
  );
  const script = 'rm -f /etc/fail2ban/jail.d/*; cat > /etc/fail2ban/jail.local; touch /var/log/auth.log';
  await lab.run(['sh', '-ec', script], { input: jails.join('') });
  await lab.run(['fail2ban-client', '-x', 'start']);
}

const jailOf = (chain: string) => `lab-${chain.toLowerCase()}`;

export async function ban(lab: Lab, chain: 'INPUT' | 'OUTPUT', address: string): Promise<void> {
  await lab.run(['fail2ban-client', 'set', jailOf(chain), 'banip', address]);
}

export async function unban(lab: Lab, chain: 'INPUT' | 'OUTPUT', address: string): Promise<void> {
  await lab.run(['fail2ban-client', 'set', jailOf(chain), 'unbanip', address]);
}

/** What dockerd 20.10 calls when it starts with its default bridge (libnetwork: setup_ip_tables, firewall_linux). */
const DOCKER_STARTS = `-t nat -N DOCKER
-t filter -N DOCKER
-t filter -N DOCKER-ISOLATION-STAGE-1
-t filter -N DOCKER-ISOLATION-STAGE-2
-t filter -A DOCKER-ISOLATION-STAGE-1 -j RETURN
-t filter -A DOCKER-ISOLATION-STAGE-2 -j RETURN
-t nat -I POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-t nat -I DOCKER -i docker0 -j RETURN
-I FORWARD -i docker0 -o docker0 -j ACCEPT
-I FORWARD -i docker0 ! -o docker0 -j ACCEPT
-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-t nat -A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER ! --dst 127.0.0.0/8
-I FORWARD -o docker0 -j DOCKER
-I FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-t filter -I FORWARD -j DOCKER-ISOLATION-STAGE-1
-t filter -I DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-t filter -I DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-t filter -N DOCKER-USER
-t filter -A DOCKER-USER -j RETURN
-I FORWARD -j DOCKER-USER
-P FORWARD DROP`;

/** What it calls for a container with a published port (libnetwork: portmapper, iptables.Forward). */
const containerRules = (address: string, port: number) => [
  `-t nat -A DOCKER -p tcp -d 0/0 --dport ${port} -j DNAT --to-destination ${address}:80 ! -i docker0`,
  `-t filter -A DOCKER ! -i docker0 -o docker0 -p tcp -d ${address} --dport 80 -j ACCEPT`,
  `-t nat -A POSTROUTING -p tcp -s ${address} -d ${address} --dport 80 -j MASQUERADE`,
];

/** Docker's rules as it makes them, and its socket, by which it is known to be at work. */
export async function startDocker(lab: Lab): Promise<void> {
  for (const line of DOCKER_STARTS.split('\n')) await lab.run(iptables(line));
  const listen = 'import socket; socket.socket(socket.AF_UNIX).bind("/run/docker.sock")';
  await lab.run(['python3', '-c', listen]);
}

export async function startContainer(lab: Lab, address: string, port: number): Promise<void> {
  for (const line of containerRules(address, port)) await lab.run(iptables(line));
}

export async function stopContainer(lab: Lab, address: string, port: number): Promise<void> {
  for (const line of containerRules(address, port)) await lab.run(iptables(line.replace(' -A ', ' -D ')));
}

const iptables = (line: string): Command => ['iptables', '--wait', ...line.split(' ')];

/** A host on which something else happens right before the first command of each kind: once, and to its end. */
export function interruptedHost(
  host: Host,
  moments: readonly { readonly before: (command: string) => boolean; readonly act: () => Promise<void> }[],
): Host & { readonly happened: () => number } {
  const waiting = [...moments];
  return {
    ...host,
    happened: () => moments.length - waiting.length,
    run: async (command, options) => {
      const at = waiting.findIndex(({ before }) => before(command.join(' ')));
      const [moment] = at < 0 ? [] : waiting.splice(at, 1);
      await moment?.act();
      return host.run(command, options);
    },
  };
}
