// What the scenarios' servers have in common: their usual services and addresses.
import type { PracticeService } from '../server.ts';

/** The addresses of eth0, from the ranges that are kept for examples (RFC 5737, RFC 3849). */
export const OWN = { ip: '192.0.2.10', ip6: '2001:db8::10' } as const;

const service = (
  program: string,
  pid: number,
  port: number,
  address: string,
  uid: number,
  banner = '',
): PracticeService => ({
  program,
  pid,
  protocol: 'tcp',
  address,
  port,
  uid,
  banner,
});

export const SSHD = service('sshd', 588, 22, '0.0.0.0', 0, 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n');
export const NGINX = service('nginx', 701, 80, '0.0.0.0', 33);
export const NGINX_TLS = service('nginx', 701, 443, '0.0.0.0', 33);
export const MARIADB = service('mariadbd', 745, 3306, '127.0.0.1', 106, '5.5.5-10.11.6-MariaDB-0+deb12u1\0');
export const VSFTPD = service('vsftpd', 612, 21, '0.0.0.0', 0, '220 (vsFTPd 3.0.3)\r\n');
export const POSTFIX = service(
  'master',
  911,
  25,
  '127.0.0.1',
  0,
  '220 web1.example.org ESMTP Postfix (Debian/GNU)\r\n',
);

export const DOCKER_PROXY = service('docker-proxy', 1180, 8080, '0.0.0.0', 0);
export const RESOLVED: PracticeService = { ...service('systemd-resolve', 377, 53, '127.0.0.53', 101), protocol: 'udp' };

/** The same service at another address. */
export const listeningAt = (one: PracticeService, address: string): PracticeService => ({ ...one, address });

/** ip6tables with nothing in it. */
export const OPEN6 = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
`;

/** How the filter table of most begins: what comes in by lo, and what belongs to a connection, may. */
export const INBOUND = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
`;

/** A sound policy: it permits loopback, and logs what it drops. */
export const PERMITS_LO = `${INBOUND}-A INPUT -p tcp -m multiport --dports 22,80,443 -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -p tcp -m multiport --dports 80,443 -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -j LOG --log-prefix "OUT-DROP: "
-A OUTPUT -j DROP
COMMIT
`;
