// The programs that tell about the practice server: who one is, how it is called, its addresses, who listens, its services.
import { parseAddress } from '../../../firewall/model/address.ts';
import { lookUp } from '../network/look-up.ts';
import { type Call, failed, type Program, printed, splitOptions } from '../program.ts';
import type { PracticeService } from '../server.ts';
import { runCaseScript } from './case-scripts.ts';

export const id: Program = ({ args, uid, server }) => {
  const name = [...server.users].find(([, number]) => number === uid)?.[0] ?? `${uid}`;
  if (args.includes('-u')) return printed(`${args.includes('-n') ? name : uid}\n`);
  if (args.includes('-un')) return printed(`${name}\n`);
  return printed(`uid=${uid}(${name}) gid=${uid}(${name}) groups=${uid}(${name})\n`);
};

export const whoami: Program = (call) => id({ ...call, args: ['-un'] });

export const hostname: Program = ({ args, server }) =>
  printed(`${args.includes('-I') ? `${server.addresses.join(' ')} ` : server.name}\n`);

export const uname: Program = ({ args, server }) => {
  const release = '6.1.0-28-amd64';
  if (args.includes('-r')) return printed(`${release}\n`);
  if (args.includes('-n')) return printed(`${server.name}\n`);
  if (!args.includes('-a')) return printed('Linux\n');
  return printed(`Linux ${server.name} ${release} #1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 x86_64 GNU/Linux\n`);
};

export const date: Program = ({ args, server }) => {
  const now = server.clock.now();
  if (args[0] === '+%s') return printed(`${Math.floor(now.getTime() / 1000)}\n`);
  return printed(`${now.toString().replace(/ GMT.*/, '')}\n`);
};

export const uptime: Program = ({ server }) =>
  printed(` up ${Math.floor(server.clock.uptime() / 3600)} hours, 1 user\n`);

/** `systemd-detect-virt --container`: it is none. */
export const detectVirt: Program = () => ({ code: 1, stdout: 'none\n', stderr: '' });

/** `sysctl -n NAME…` reads from /proc/sys. */
export const sysctl: Program = ({ args, server }) => {
  const { options, operands } = splitOptions(args);
  const [name = ''] = operands;
  const value = server.files.read(`/proc/sys/${name.replaceAll('.', '/')}`);
  if (value === null)
    return failed(255, `sysctl: cannot stat /proc/sys/${name.replaceAll('.', '/')}: No such file or directory`);
  return printed(options.has('n') ? value : `${name} = ${value}`);
};

/** `ss -H -ltnup`: who listens, one line a socket. */
export const ss: Program = ({ args, server }) => {
  const letters = args.filter((word) => /^-[A-Za-z]+$/.test(word)).join('');
  const wanted = (['tcp', 'udp'] as const).filter(
    (protocol) => letters.includes(protocol[0] ?? '') || !/[tu]/.test(letters),
  );
  if (!letters.includes('l')) return printed();
  const heading = 'Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n';
  const rows = server.services
    .filter(({ protocol }) => wanted.includes(protocol))
    .map((one) => showSocket(one, wanted.length > 1));
  return printed(`${letters.includes('H') ? '' : heading}${rows.join('')}`);
};

/** `tcp   LISTEN 0      100        127.0.0.1:25        0.0.0.0:*    users:(("master",pid=911,fd=13))` */
function showSocket({ protocol, address, port, program, pid }: PracticeService, withProtocol: boolean): string {
  const isIp6 = address.includes(':');
  const local = `${isIp6 ? `[${address}]` : address}:${port}`;
  const state = protocol === 'tcp' ? 'LISTEN' : 'UNCONN';
  const start = `${withProtocol ? `${protocol}   ` : ''}${state} 0      ${protocol === 'tcp' ? '100' : '0  '}`;
  return `${start} ${local.padStart(24)} ${(isIp6 ? '[::]:*' : '0.0.0.0:*').padStart(18)}    users:(("${program}",pid=${pid},fd=3))\n`;
}

/** `getent hosts NAME`, `getent ahosts NAME`. */
export const getent: Program = async (call) => {
  const { args, server } = call;
  const [database, name = ''] = args;
  if (database === 'passwd')
    return printed([...server.users].map(([user, uid]) => `${user}:x:${uid}:${uid}::/:/bin/sh\n`).join(''));
  const addresses = await lookUp(call, name);
  if (addresses.length === 0) return failed(2, '');
  const shown = database === 'ahosts' ? addresses : addresses.slice(0, 1);
  return printed(shown.map((address) => `${address.padEnd(15)} ${name}\n`).join(''));
};

/** `systemctl is-active|is-enabled|status|stop|start UNIT`: only the units that are there, and lo-doctor's own timer. */
export const systemctl: Program = (call) => {
  const { server } = call;
  const [verb = '', unit = ''] = splitOptions(call.args).operands;
  const name = unit.replace(/\.service$/, '');
  const state = isOwnTimer(call, unit) ? 'active' : (server.units.get(name) ?? null);
  switch (verb) {
    case 'is-active':
      return { code: state === 'active' ? 0 : 3, stdout: state === 'active' ? 'active\n' : 'inactive\n', stderr: '' };
    case 'is-enabled':
      if (state !== null) return printed('enabled\n');
      return failed(1, `Failed to get unit file state for ${unit}: No such file or directory`);
    case 'is-system-running':
      return printed('running\n');
    case 'show':
      return printed([...server.units.keys()].map(showUnit).join('\n'));
    case 'stop':
    case 'start':
    case 'restart':
    case 'reload':
    case 'daemon-reload':
    case 'status':
      if (verb === 'daemon-reload' || state !== null) return printed();
      return failed(5, `Failed to ${verb} ${unit}: Unit ${unit} not loaded.`);
    default:
      return failed(1, `Unknown command verb ${verb}.`);
  }
};

/** What `systemctl show` tells of a service that is kept from nothing. */
const showUnit = (name: string): string =>
  `Id=${name}.service\nControlGroup=/system.slice/${name}.service\nIPAddressDeny=\nPrivateNetwork=no\n`;

/** The timer of a case is there as long as its watchdog waits. */
function isOwnTimer({ server }: Call, unit: string): boolean {
  const [, found] = /^lo-doctor-(.+)\.timer$/.exec(unit) ?? [];
  return found !== undefined && server.files.node(`/run/lo-doctor/${found}/watching`) !== null;
}

/** `systemd-run --on-active=60 … sh DIRECTORY/watch`: the watchdog waits by itself until the case's deadline. */
export const systemdRun: Program = async (call) => {
  const at = call.args.indexOf('sh');
  const started = at < 0 ? null : await runCaseScript(call.server, call.args[at + 1] ?? '', []);
  return started ?? failed(1, 'systemd-run: the practice server runs only what it knows');
};

/** `host NAME`, `dig NAME`: the answers of the practice server's own resolver. */
export const lookup: Program = async (call) => {
  const { args } = call;
  const name = args.find((word) => !word.startsWith('-') && !word.startsWith('+') && !word.startsWith('@')) ?? '';
  const addresses = await lookUp(call, name);
  if (addresses.length === 0) return failed(1, `Host ${name} not found: 3(NXDOMAIN)`);
  const shown = addresses.map(
    (address) => `${name} has ${typeof parseAddress(address) === 'bigint' ? 'IPv6 ' : ''}address ${address}\n`,
  );
  return printed(shown.join(''));
};
