// Programs that say by options where they go, and where they go when nothing is said.
import type { Endpoint } from './endpoint.ts';

/**
 * `positional`: what words without an option are. `fallback`: where the program goes when no host is named; null: nowhere that is known. `socketHosts`: names
 * that mean a Unix socket, and no network at all. `values`: other letters of options that take a value.
 */
export type Client = {
  readonly port: number | null;
  readonly protocol: Endpoint['protocol'];
  readonly host: readonly string[];
  readonly portOption: readonly string[];
  readonly positional: 'none' | 'host' | 'host-port' | 'user-host' | 'url' | 'at-server';
  readonly fallback: string | null;
  readonly socketHosts: readonly string[];
  readonly values: string;
};

const NOBODY: Client = {
  port: null,
  protocol: 'tcp',
  host: [],
  portOption: [],
  positional: 'none',
  fallback: null,
  socketHosts: [],
  values: '',
};

const mysql: Client = {
  ...NOBODY,
  port: 3306,
  host: ['h', 'host'],
  portOption: ['P', 'port'],
  socketHosts: ['localhost'],
  values: 'ueDS',
};
const postgres: Client = { ...NOBODY, port: 5432, host: ['h', 'host'], portOption: ['p', 'port'], values: 'UdcfvTt' };
const redis: Client = {
  ...NOBODY,
  port: 6379,
  host: ['h'],
  portOption: ['p'],
  fallback: '127.0.0.1',
  values: 'anuirc',
};
const mongo: Client = {
  ...NOBODY,
  port: 27_017,
  host: ['host', 'h'],
  portOption: ['port'],
  fallback: '127.0.0.1',
  values: 'up',
};
const web: Client = { ...NOBODY, port: 80, positional: 'url', values: 'mTtoHXduAebcCwyYzEFxKQrUO' };
const mail: Client = {
  ...NOBODY,
  port: 25,
  host: ['host'],
  portOption: ['port'],
  fallback: 'localhost',
  values: 'sSrafFCobcqt',
};
const raw: Client = { ...NOBODY, positional: 'host-port', values: 'wsipqXx' };
const shell: Client = {
  ...NOBODY,
  port: 22,
  portOption: ['p', 'P'],
  positional: 'user-host',
  values: 'ilFoJLRDbceEmOQSWw',
};
const names: Client = {
  ...NOBODY,
  port: 53,
  protocol: 'udp',
  portOption: ['p'],
  positional: 'at-server',
  values: 'tcbkqxyfRW',
};
const ping: Client = { ...NOBODY, protocol: 'icmp', positional: 'host', values: 'cWwiIstmMQSTplF' };
const ftp: Client = { ...NOBODY, port: 21, portOption: ['p'], positional: 'host-port', values: 'ue' };
const ldap: Client = { ...NOBODY, port: 389, host: ['h'], portOption: ['p'], values: 'HDwbsyf' };

const onLoopback = (port: number, protocol: Endpoint['protocol'] = 'tcp'): Client => ({
  ...NOBODY,
  port,
  protocol,
  host: ['h', 's'],
  portOption: ['p'],
  fallback: '127.0.0.1',
});

const TABLE: readonly (readonly [names: string, client: Client])[] = [
  [
    'mysql mariadb mysqladmin mysqldump mysqlcheck mysqlimport mysqlshow mariadb-admin mariadb-dump mariadb-check',
    mysql,
  ],
  ['psql pg_dump pg_dumpall pg_restore pg_isready createdb dropdb createuser vacuumdb reindexdb pgbench', postgres],
  ['redis-cli valkey-cli redis-benchmark', redis],
  ['mongo mongosh mongodump mongorestore mongostat mongoexport mongoimport', mongo],
  ['curl wget http https ab wrk lynx links w3m elinks siege', web],
  ['mail mailx s-nail bsd-mailx mutt sendmail msmtp ssmtp esmtp nullmailer-inject mail.mailutils', mail],
  ['swaks', { ...mail, host: ['s', 'server'], portOption: ['p', 'port'], values: 'tfaluh' }],
  ['nc ncat netcat nc.openbsd nc.traditional telnet cqlsh', raw],
  ['ssh scp sftp ssh-copy-id sshfs mosh autossh', shell],
  ['dig drill kdig delv nslookup host', names],
  ['ping ping4 ping6 fping arping traceroute tracepath', ping],
  ['ftp lftp ncftp tnftp', ftp],
  ['ldapsearch ldapadd ldapmodify ldapwhoami ldappasswd', ldap],
  ['ntpq ntpdc', onLoopback(123, 'udp')],
  ['chronyc', onLoopback(323, 'udp')],
  ['rndc', onLoopback(953)],
  ['lp lpr lpstat lpq', onLoopback(631)],
];

const CLIENTS: ReadonlyMap<string, Client> = new Map(
  TABLE.flatMap(([names, client]) => names.split(' ').map((name) => [name, client] as const)),
);

/** The program by its name, without its directory; null for one that nothing is known of. */
export const findClient = (program: string): Client | null =>
  CLIENTS.get(program.slice(program.lastIndexOf('/') + 1)) ?? null;
