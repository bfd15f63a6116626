// The well-known ports: the one home of their names, and what a local program wants from them.

import type { Direction, EntryPacket } from '../packet/entry.ts';

/** A service behind a port: its name as in /etc/services, the name people say, and who calls it on loopback. */
export type WellKnownService = { port: number; name: string; label: string; use: string };

const TABLE: readonly (readonly [port: number, name: string, label: string, use: string])[] = [
  [20, 'ftp-data', 'FTP data', 'file transfers that an FTP session on port 21 opens'],
  [21, 'ftp', 'FTP', 'WordPress, when it updates plugins, themes or itself over FTP'],
  [22, 'ssh', 'SSH', 'backup and deployment scripts, SFTP, WordPress updates over SSH'],
  [23, 'telnet', 'Telnet', 'old appliances and tests by hand'],
  [25, 'smtp', 'SMTP', 'programs that hand e-mail to the local mail server: cron, monitoring, PHP mail, WordPress'],
  [37, 'time', 'Time', 'very old clock synchronisation'],
  [42, 'nameserver', 'WINS', 'old Windows name replication'],
  [43, 'whois', 'WHOIS', 'domain and address look-ups'],
  [49, 'tacacs', 'TACACS+', 'logins to network devices'],
  [53, 'domain', 'DNS', 'every program that looks up a name, where a resolver such as systemd-resolved runs here'],
  [67, 'bootps', 'DHCP server', 'machines that ask for an address'],
  [68, 'bootpc', 'DHCP client', 'answers to a request for an address'],
  [69, 'tftp', 'TFTP', 'machines that boot from the network'],
  [80, 'http', 'HTTP', 'sites that call themselves (wp-cron, REST), health checks, reverse proxies'],
  [88, 'kerberos', 'Kerberos', 'logins in a domain'],
  [110, 'pop3', 'POP3', 'webmail and programs that fetch mail'],
  [111, 'sunrpc', 'RPC portmapper', 'NFS, to find its own daemons'],
  [113, 'ident', 'Ident', 'mail and IRC servers that ask who opened a connection'],
  [119, 'nntp', 'NNTP', 'news readers'],
  [123, 'ntp', 'NTP', 'clock synchronisation; ntpq and chronyc ask the local daemon'],
  [135, 'epmap', 'Windows RPC', 'Windows machines'],
  [137, 'netbios-ns', 'NetBIOS names', 'Samba and Windows machines'],
  [138, 'netbios-dgm', 'NetBIOS datagrams', 'Samba and Windows machines'],
  [139, 'netbios-ssn', 'NetBIOS sessions', 'Samba and Windows machines'],
  [143, 'imap', 'IMAP', 'webmail that reads mailboxes on the same server'],
  [161, 'snmp', 'SNMP', 'monitoring that asks the local agent'],
  [162, 'snmptrap', 'SNMP traps', 'devices that report to monitoring'],
  [179, 'bgp', 'BGP', 'routing daemons'],
  [194, 'irc', 'IRC', 'chat clients'],
  [323, 'chrony', 'chrony control', 'chronyc, which asks chronyd about the clock'],
  [389, 'ldap', 'LDAP', 'logins and address books from a directory'],
  [443, 'https', 'HTTPS', 'sites that call themselves by their public name, health checks, local APIs'],
  [445, 'microsoft-ds', 'SMB', 'Samba and Windows file shares'],
  [464, 'kpasswd', 'Kerberos passwords', 'password changes in a domain'],
  [465, 'submissions', 'SMTP over TLS', 'programs that send mail with a login'],
  [500, 'isakmp', 'IPsec IKE', 'VPN gateways'],
  [514, 'syslog', 'Syslog', 'programs that log over the network to the local syslog daemon'],
  [515, 'printer', 'LPD', 'printing'],
  [520, 'rip', 'RIP', 'routing daemons'],
  [546, 'dhcpv6-client', 'DHCPv6 client', 'answers to a request for an address'],
  [547, 'dhcpv6-server', 'DHCPv6 server', 'machines that ask for an address'],
  [548, 'afp', 'AFP', 'file shares of Apple machines'],
  [554, 'rtsp', 'RTSP', 'video streams'],
  [587, 'submission', 'SMTP submission', 'webmail, WordPress plugins and scripts that send mail with a login'],
  [623, 'ipmi', 'IPMI', 'server management boards'],
  [631, 'ipp', 'CUPS', 'printing through the local print server'],
  [636, 'ldaps', 'LDAP over TLS', 'logins and address books from a directory'],
  [783, 'spamd', 'SpamAssassin', 'the mail server, when it has messages checked for spam'],
  [853, 'domain-s', 'DNS over TLS', 'resolvers that ask encrypted'],
  [873, 'rsync', 'rsync', 'backups and mirrors'],
  [953, 'rndc', 'BIND control (rndc)', 'rndc, when the name server is reloaded'],
  [989, 'ftps-data', 'FTP data over TLS', 'file transfers'],
  [990, 'ftps', 'FTP over TLS', 'file transfers'],
  [993, 'imaps', 'IMAP over TLS', 'webmail that reads mailboxes on the same server'],
  [995, 'pop3s', 'POP3 over TLS', 'programs that fetch mail'],
  [1080, 'socks', 'SOCKS', 'programs that go out through a proxy'],
  [1194, 'openvpn', 'OpenVPN', 'VPN clients'],
  [1433, 'ms-sql-s', 'SQL Server', 'applications and their database'],
  [1434, 'ms-sql-m', 'SQL Server browser', 'applications that look for their database'],
  [1521, 'oracle', 'Oracle', 'applications and their database'],
  [1701, 'l2tp', 'L2TP', 'VPN clients'],
  [1723, 'pptp', 'PPTP', 'VPN clients'],
  [1812, 'radius', 'RADIUS', 'logins to networks'],
  [1813, 'radius-acct', 'RADIUS accounting', 'logins to networks'],
  [1883, 'mqtt', 'MQTT', 'home automation and sensors'],
  [1900, 'ssdp', 'SSDP', 'devices that look for each other'],
  [2003, 'graphite', 'Graphite', 'programs that send metrics'],
  [2049, 'nfs', 'NFS', 'network file systems'],
  [2181, 'zookeeper', 'ZooKeeper', 'Kafka and other clusters'],
  [2375, 'docker', 'Docker', 'tools that steer Docker over TCP'],
  [2376, 'docker-s', 'Docker over TLS', 'tools that steer Docker over TCP'],
  [2379, 'etcd-client', 'etcd', 'Kubernetes and other clusters'],
  [2380, 'etcd-server', 'etcd peers', 'Kubernetes and other clusters'],
  [2525, 'smtp-alt', 'SMTP (alternative)', 'programs that hand over e-mail'],
  [3000, 'grafana', 'Grafana or Node.js', 'a reverse proxy in front of an application'],
  [3128, 'squid', 'Squid', 'programs that go out through a proxy'],
  [3260, 'iscsi', 'iSCSI', 'block devices over the network'],
  [3306, 'mysql', 'MySQL or MariaDB', 'WordPress and most PHP applications, where DB_HOST is 127.0.0.1'],
  [3310, 'clamd', 'ClamAV', 'the mail server, when it has messages checked for viruses'],
  [3389, 'rdp', 'Remote Desktop', 'remote desktop clients'],
  [3478, 'stun', 'STUN', 'video calls'],
  [3702, 'ws-discovery', 'WS-Discovery', 'printers and cameras that look for each other'],
  [4190, 'sieve', 'ManageSieve', 'webmail that edits mail filters'],
  [4369, 'epmd', 'Erlang port mapper', 'RabbitMQ and ejabberd, to find their own nodes'],
  [4500, 'ipsec-nat-t', 'IPsec NAT-T', 'VPN gateways'],
  [4505, 'salt-publish', 'Salt', 'configuration management'],
  [4506, 'salt-return', 'Salt', 'configuration management'],
  [5000, 'http-5000', 'a web application', 'a reverse proxy in front of an application'],
  [5060, 'sip', 'SIP', 'telephony'],
  [5061, 'sips', 'SIP over TLS', 'telephony'],
  [5222, 'xmpp-client', 'XMPP', 'chat clients'],
  [5269, 'xmpp-server', 'XMPP servers', 'chat servers'],
  [5353, 'mdns', 'mDNS', 'Avahi and other look-ups of .local names'],
  [5355, 'llmnr', 'LLMNR', 'look-ups of names in the local network'],
  [5432, 'postgresql', 'PostgreSQL', 'applications and their database'],
  [5601, 'kibana', 'Kibana', 'a reverse proxy in front of Kibana'],
  [5666, 'nrpe', 'Nagios NRPE', 'monitoring'],
  [5671, 'amqps', 'AMQP over TLS', 'applications and RabbitMQ'],
  [5672, 'amqp', 'RabbitMQ', 'applications and their message queue'],
  [5683, 'coap', 'CoAP', 'home automation and sensors'],
  [5900, 'vnc', 'VNC', 'VNC viewers'],
  [5984, 'couchdb', 'CouchDB', 'applications and their database'],
  [6010, 'x11-ssh', 'X11 over SSH', 'graphical programs in an SSH session with X forwarding'],
  [6379, 'redis', 'Redis', 'applications and their cache: WordPress object cache, sessions, queues'],
  [6443, 'kubernetes', 'Kubernetes API', 'kubectl and the cluster itself'],
  [6514, 'syslog-tls', 'Syslog over TLS', 'programs that log over the network'],
  [6667, 'ircd', 'IRC', 'chat clients'],
  [7946, 'swarm', 'Docker Swarm', 'cluster nodes'],
  [8000, 'http-8000', 'HTTP (8000)', 'a reverse proxy in front of an application'],
  [8005, 'tomcat-shutdown', 'Tomcat shutdown', "Tomcat's own stop script"],
  [8006, 'proxmox', 'Proxmox', "the virtualisation server's web interface"],
  [8008, 'http-8008', 'HTTP (8008)', 'a reverse proxy in front of an application'],
  [8009, 'ajp', 'AJP', 'Apache in front of Tomcat'],
  [8080, 'http-alt', 'HTTP (8080)', 'a reverse proxy in front of Tomcat or another application'],
  [8081, 'http-8081', 'HTTP (8081)', 'a reverse proxy in front of an application'],
  [8086, 'influxdb', 'InfluxDB', 'programs that send metrics'],
  [8088, 'http-8088', 'HTTP (8088)', 'a reverse proxy in front of an application'],
  [8125, 'statsd', 'StatsD', 'programs that send metrics'],
  [8200, 'vault', 'Vault', 'programs that fetch secrets'],
  [8291, 'winbox', 'Winbox', 'MikroTik routers'],
  [8300, 'consul-rpc', 'Consul', 'cluster nodes'],
  [8333, 'bitcoin', 'Bitcoin', 'Bitcoin nodes'],
  [8443, 'https-alt', 'HTTPS (8443)', 'control panels and applications'],
  [8500, 'consul', 'Consul', 'programs that look for services'],
  [8883, 'mqtts', 'MQTT over TLS', 'home automation and sensors'],
  [8888, 'http-8888', 'HTTP (8888)', 'a reverse proxy in front of an application'],
  [8891, 'opendkim', 'OpenDKIM', 'the mail server, when it signs messages'],
  [8983, 'solr', 'Solr', 'applications and their search'],
  [9000, 'php-fpm', 'PHP-FPM', 'nginx or Apache, for every PHP page'],
  [9042, 'cassandra', 'Cassandra', 'applications and their database'],
  [9090, 'prometheus', 'Prometheus or Cockpit', 'monitoring, or the server console in a browser'],
  [9092, 'kafka', 'Kafka', 'applications and their message queue'],
  [9093, 'alertmanager', 'Alertmanager', 'Prometheus, when it sends alerts'],
  [9100, 'node-exporter', 'node_exporter or printer', 'Prometheus, when it fetches metrics'],
  [9200, 'elasticsearch', 'Elasticsearch', 'applications, log shippers and their search'],
  [9300, 'elasticsearch-nodes', 'Elasticsearch nodes', 'cluster nodes'],
  [9418, 'git', 'Git', 'repositories'],
  [10000, 'webmin', 'Webmin', 'the server console in a browser'],
  [10023, 'postgrey', 'Postgrey', 'Postfix, for greylisting'],
  [10024, 'amavis', 'Amavis', 'Postfix, when it has messages checked'],
  [10025, 'postfix-reinject', 'Postfix re-injection', 'Amavis, when it hands checked messages back'],
  [10050, 'zabbix-agent', 'Zabbix agent', 'monitoring that asks the local agent'],
  [10051, 'zabbix-server', 'Zabbix server', 'the local agent, when it reports'],
  [10250, 'kubelet', 'kubelet', 'the Kubernetes cluster itself'],
  [11211, 'memcached', 'Memcached', 'applications and their cache'],
  [11332, 'rspamd-proxy', 'Rspamd', 'the mail server, when it has messages checked for spam'],
  [11333, 'rspamd', 'Rspamd', 'the mail server, when it has messages checked for spam'],
  [11334, 'rspamd-controller', 'Rspamd controller', "Rspamd's web interface and rspamc"],
  [11434, 'ollama', 'Ollama', 'programs that ask a local language model'],

  [15672, 'rabbitmq-admin', 'RabbitMQ console', 'the message queue in a browser'],
  [19999, 'netdata', 'Netdata', 'monitoring in a browser'],
  [25565, 'minecraft', 'Minecraft', 'game clients'],
  [25672, 'rabbitmq-nodes', 'RabbitMQ nodes', 'rabbitmqctl and cluster nodes'],
  [27017, 'mongodb', 'MongoDB', 'applications and their database'],
  [28017, 'mongodb-http', 'MongoDB console', 'the database in a browser'],
];

const byPort = new Map(TABLE.map(([port, name, label, use]) => [port, { port, name, label, use }]));

/** The service that is known by the port, or null. */
export const findWellKnownService = (port: number): WellKnownService | null => byPort.get(port) ?? null;

const byName = new Map(TABLE.map(([port, name]) => [name, port]));

/** The port of a service by its name as in /etc/services, or null. */
export const findServicePort = (name: string): number | null => byName.get(name) ?? null;

type Ends = Pick<EntryPacket, 'spt' | 'dpt'>;

/** At which end of a packet the server is: a request goes to it, a reply comes from it; else the end with a known port. */
export function serverEnd(direction: Direction, { spt, dpt }: Ends): 'source' | 'destination' {
  if (direction === 'reply') return 'source';
  if (direction === 'request' || (dpt !== null && findWellKnownService(dpt) !== null)) return 'destination';
  return spt !== null && findWellKnownService(spt) !== null ? 'source' : 'destination';
}

/** The port at the server's end of the conversation that a packet belongs to; null where it has none. */
export function servicePort(direction: Direction, packet: Ends, embedded: Ends | null): number | null {
  if (direction === 'error') return embedded === null ? null : servicePort('unknown', embedded, null);
  return serverEnd(direction, packet) === 'source' ? packet.spt : packet.dpt;
}

/** The service that the conversation is with, or null. */
export function serviceOfPacket(direction: Direction, packet: Ends, embedded: Ends | null): WellKnownService | null {
  const port = servicePort(direction, packet, embedded);
  return port === null ? null : findWellKnownService(port);
}
