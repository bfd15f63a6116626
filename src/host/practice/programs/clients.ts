// The programs with which one repeats what fails: WordPress' updater, mail, curl, nc, ping, php, mysql.
import { connect } from '../network/connect.ts';
import { WORDS } from '../network/end-words.ts';
import { lookUp } from '../network/look-up.ts';
import type { TalkEnd } from '../network/talk.ts';
import { type Call, type Ended, failed, type Program, printed } from '../program.ts';

/** How long these clients wait for an answer at most; a practice drop shows sooner. */
const PATIENCE = 5;

/** `wp plugin update --all` and the like: fetches the package, then writes it over FTP to its own server. */
export const wp: Program = async (call) => {
  const [object = '', verb = ''] = call.args;
  if (object === 'cron' || verb === 'test') return selfRequest(call);
  if (!['plugin', 'theme', 'core'].includes(object) || !['update', 'install'].includes(verb)) {
    return failed(
      1,
      `Error: '${call.args.join(' ')}' is not a registered wp command. See 'wp help' for available commands.`,
    );
  }
  const start =
    'Enabling Maintenance mode...\nDownloading update from https://downloads.wordpress.org/plugin/akismet.5.3.5.zip...\n';
  const download = await reach(call, 'downloads.wordpress.org', 443);
  if (download.end !== 'connected') return wordPressError(start, curlWords(download, 'downloads.wordpress.org', 443));
  const { ftpHost } = call.server.site;
  const ftp = await reach({ ...call, uid: call.server.users.get('www-data') ?? call.uid }, ftpHost, 21);
  if (ftp.end !== 'connected' || ftp.banner === '')
    return wordPressError(start, `Failed to connect to FTP Server ${ftpHost}:21`);
  const done =
    'Unpacking the update...\nInstalling the latest version...\nRemoving the old version of the plugin...\nPlugin updated successfully.\n';
  return printed(`${start}${done}Disabling Maintenance mode...\nSuccess: Updated 1 of 1 plugins.\n`);
};

function wordPressError(start: string, why: string): Ended {
  return {
    code: 1,
    stdout: `${start}Disabling Maintenance mode...\n`,
    stderr: `Warning: ${why}\nError: No plugins updated (1 failed).\n`,
  };
}

/** `wp cron test`: the site calls itself by its own address. */
async function selfRequest(call: Call): Promise<Ended> {
  const { url } = call.server.site;
  const { hostname, port } = new URL(url);
  const target = Number(port) || (url.startsWith('https') ? 443 : 80);
  const asked = await reach({ ...call, uid: call.server.users.get('www-data') ?? call.uid }, hostname, target);
  if (asked.end === 'connected') return printed('Success: WP-Cron spawning is working as expected.\n');
  return failed(1, `Error: WP-Cron spawn failed with error: ${curlWords(asked, hostname, target)}`);
}

/** `mail -s SUBJECT ADDRESS`, `sendmail ADDRESS`, `msmtp`: hands the letter to the mail server on localhost. */
export const mail: Program = async (call) => {
  const { end, banner } = await reach(call, 'localhost', 25);
  if (end === 'connected' && banner !== '') return printed();
  const why = end === 'connected' ? 'Connection timed out' : WORDS[end];
  call.server.log.write(
    `${call.name}[${call.server.random(4000, 9000)}]`,
    `cannot connect to localhost, port 25: ${why}`,
    { priority: 3 },
  );
  return failed(75, `${call.name}: cannot connect to localhost, port 25: ${why}\n${call.name}: could not send mail`);
};

/** `curl [OPTION…] URL` */
export const curl: Program = async (call) => {
  const words = call.args.filter(
    (word, index) => !word.startsWith('-') && !TAKES_VALUE.includes(call.args[index - 1] ?? ''),
  );
  const [address] = words;
  if (address === undefined) return failed(2, "curl: try 'curl --help' for more information");
  const url = parseUrl(address);
  if (url === null) return failed(3, 'curl: (3) URL using bad/illegal format or missing URL');
  const port = Number(url.port) || (DEFAULT_PORTS[url.protocol] ?? 80);
  const host = url.hostname.replaceAll(/[[\]]/g, '');
  const asked = await reach(call, host, port);
  if (asked.end !== 'connected')
    return failed(asked.end === 'timed-out' ? 28 : 7, `curl: ${curlWords(asked, host, port)}`);
  if (call.args.some((word) => /^-[a-zA-Z]*[Io]/.test(word) || word === '--head'))
    return printed('HTTP/1.1 200 OK\nServer: nginx\n');
  return printed(port === 80 || port === 443 ? '<!doctype html>\n<title>It works</title>\n' : asked.banner);
};

/** `nc [-z] [-v] [-w SECONDS] HOST PORT`, `telnet HOST PORT` */
export const nc: Program = async (call) => {
  const [host = '', portText = ''] = call.args.filter(
    (word, index) => !word.startsWith('-') && call.args[index - 1] !== '-w',
  );
  const port = Number(portText);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return failed(1, `nc: invalid port: ${portText}`);
  const { end, banner } = await reach(call, host, port);
  const isVerbose = call.args.some((word) => /^-[a-z]*v/.test(word));
  if (end === 'connected') {
    const said = isVerbose ? `Connection to ${host} ${port} port [tcp/*] succeeded!\n` : '';
    return { code: 0, stdout: banner, stderr: said };
  }
  return failed(1, isVerbose ? `nc: connect to ${host} port ${port} (tcp) failed: ${WORDS[end]}` : '');
};

/** `ping [-c COUNT] HOST`: one packet, whatever the count. */
export const ping: Program = async (call) => {
  const host = call.args.findLast((word) => !word.startsWith('-')) ?? '';
  const [address] = await lookUp(call, host);
  if (address === undefined) return failed(2, `ping: ${host}: Name or service not known`);
  const { end } = await connect(
    call.server,
    { protocol: 'icmp', destination: address, port: null, uid: call.uid },
    call.signal,
  );
  const start = `PING ${host} (${address}) 56(84) bytes of data.\n`;
  const summary = (received: number) =>
    `\n--- ${host} ping statistics ---\n1 packets transmitted, ${received} received, ${received ? 0 : 100}% packet loss, time 0ms\n`;
  if (end === 'connected')
    return printed(`${start}64 bytes from ${address}: icmp_seq=1 ttl=64 time=0.031 ms\n${summary(1)}`);
  const complaint = end === 'not-permitted' ? 'ping: sendmsg: Operation not permitted\n' : '';
  return { code: 1, stdout: `${start}${summary(0)}`, stderr: complaint };
};

/** `php -r 'mail(…)'`, `php -r 'fsockopen("localhost", 25);'` */
export const php: Program = async (call) => {
  const [option, code = ''] = call.args;
  if (option !== '-r') return failed(1, `Could not open input file: ${option ?? ''}`);
  if (/\bmail\s*\(/.test(code)) return mail({ ...call, name: 'sendmail' });
  const [, host = '', port = ''] =
    /\b(?:p?fsockopen|ftp_connect|stream_socket_client)\s*\(\s*["'](?:tcp:\/\/)?([^"':]+)(?:["']\s*,\s*|:)?(\d*)/.exec(
      code,
    ) ?? [];
  if (host === '') return printed();
  const { end } = await reach(call, host, Number(port) || 21);
  if (end === 'connected') return printed();
  return {
    code: 255,
    stdout: '',
    stderr: `PHP Warning:  fsockopen(): Unable to connect to ${host}:${port} (${WORDS[end]}) in Command line code on line 1\n`,
  };
};

/** `mysql [-h HOST]`, `mysqladmin ping` */
export const mysql: Program = async (call) => {
  const at = call.args.findIndex((word) => word === '-h' || word === '--host');
  const host = at < 0 ? '127.0.0.1' : (call.args[at + 1] ?? '');
  const { end } = await reach(call, host, 3306);
  if (end === 'connected')
    return call.server.denied === null ? printed('mysqld is alive\n') : failed(1, call.server.denied);
  return failed(
    1,
    `ERROR 2003 (HY000): Can't connect to MySQL server on '${host}:3306' (${end === 'refused' ? '111' : '110'})`,
  );
};

const TAKES_VALUE = ['-o', '-m', '-d', '-H', '-X', '-u', '-A', '-w', '--max-time', '--connect-timeout', '--resolve'];
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'ftp:': 21,
  'smtp:': 25,
  'telnet:': 23,
};

function parseUrl(text: string): URL | null {
  return URL.parse(/^[a-z]+:\/\//.test(text) ? text : `http://${text}`);
}

function curlWords({ end }: TalkEnd, host: string, port: number): string {
  if (end === 'timed-out')
    return `(28) Failed to connect to ${host} port ${port} after ${PATIENCE * 1000} ms: Timeout was reached`;
  return `(7) Failed to connect to ${host} port ${port} after 0 ms: ${end === 'unreachable' ? 'No route to host' : "Couldn't connect to server"}`;
}

/** Tries the addresses of the name one after the other, as clients do. */
async function reach({ server, uid, signal }: Call, host: string, port: number): Promise<TalkEnd> {
  let last: TalkEnd = { end: 'unreachable', banner: '' };
  for (const destination of await lookUp({ server, uid, signal }, host)) {
    last = await connect(server, { protocol: 'tcp', destination, port, uid }, signal, PATIENCE);
    if (last.end === 'connected') return last;
  }
  return last;
}
