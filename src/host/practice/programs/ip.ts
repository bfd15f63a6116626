// `ip` and `tc` of the practice server: its devices, addresses and routes; lo is as it should be there.
import { failed, type Program, printed } from '../program.ts';
import type { Server } from '../server.ts';

/** `ip -j address`, `ip -o address show dev lo`, `ip link show lo`, `ip route`, `ip route get ADDRESS`, `ip rule`. */
export const ip: Program = ({ args, server }) => {
  const words = args.filter((word) => !word.startsWith('-'));
  const [object = '', ...rest] = words;
  const isIp6 = args.includes('-6');
  if (object === '') return failed(255, 'Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }');
  if ('rule'.startsWith(object) && object.length > 1) return printed(showRules(isIp6));
  if ('route'.startsWith(object)) return route(rest, server, isIp6);
  if ('link'.startsWith(object)) return printed(devicesOf(server, deviceIn(rest)).map(showLink).join(''));
  if (!'address'.startsWith(object)) return failed(255, `Object "${object}" is unknown, try "ip help".`);
  const devices = devicesOf(server, deviceIn(rest));
  if (args.some((word) => /^-j(son)?$/.test(word))) return printed(`${JSON.stringify(devices)}\n`);
  return printed(devices.map(args.includes('-o') ? showOnLines : showAddresses).join(''));
};

/** `tc -s qdisc show dev lo`: lo has no queue. */
export const tc: Program = ({ args }) =>
  printed(
    args.includes('qdisc')
      ? 'qdisc noqueue 0: root refcnt 2 \n Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0) \n backlog 0b 0p requeues 0\n'
      : '',
  );

type Device = ReturnType<typeof devicesOf>[number];

const deviceIn = (words: readonly string[]): string | null =>
  words.find((word) => word !== 'show' && word !== 'list' && word !== 'dev') ?? null;

const showLink = ({ ifindex, ifname, flags }: Device): string =>
  `${ifindex}: ${ifname}: <${flags.join(',')}> mtu ${ifname === 'lo' ? '65536 qdisc noqueue state UNKNOWN' : '1500 qdisc fq_codel state UP'} mode DEFAULT group default qlen 1000\n`;

const showOnLines = ({ ifindex, ifname, addr_info }: Device): string =>
  addr_info
    .map(
      ({ family, local, prefixlen, scope }) =>
        `${ifindex}: ${ifname}    ${family} ${local}/${prefixlen} scope ${scope} ${ifname}\\       valid_lft forever preferred_lft forever\n`,
    )
    .join('');

const showAddresses = ({ ifindex, ifname, flags, addr_info }: Device): string => {
  const lines = addr_info.map(
    ({ family, local, prefixlen, scope }) => `    ${family} ${local}/${prefixlen} scope ${scope} ${ifname}\n`,
  );
  return `${ifindex}: ${ifname}: <${flags.join(',')}> state UP\n${lines.join('')}`;
};

const showRules = (isIp6: boolean): string =>
  `0:\tfrom all lookup local\n32766:\tfrom all lookup main\n${isIp6 ? '' : '32767:\tfrom all lookup default\n'}`;

function route([verb, destination = '', ...more]: readonly string[], server: Server, isIp6: boolean) {
  if (verb === 'get') return printed(getRoute(server, destination));
  if (destination === 'table' && more[0] === 'local') return printed(showLocalTable(server, isIp6));
  return printed(isIp6 ? 'default via fd00::1 dev eth0 metric 1024 pref medium\n' : 'default via 192.0.2.1 dev eth0\n');
}

function getRoute({ addresses }: Server, destination: string): string {
  const isOwn = destination.startsWith('127.') || destination === '::1' || addresses.includes(destination);
  if (destination.includes(':'))
    return isOwn
      ? `local ${destination} from :: dev lo table local proto kernel src ${destination} metric 0 pref medium\n`
      : `${destination} from :: via fd00::1 dev eth0 metric 1024 pref medium\n`;
  return isOwn
    ? `local ${destination} dev lo src ${destination.startsWith('127.') ? '127.0.0.1' : destination} uid 0 \n    cache <local> \n`
    : `${destination} via 192.0.2.1 dev eth0 src ${addresses.find((own) => !own.includes(':'))} uid 0 \n    cache \n`;
}

function showLocalTable({ addresses }: Server, isIp6: boolean): string {
  const own = addresses.filter((address) => address.includes(':') === isIp6);
  const lines = isIp6
    ? [
        'local ::1 dev lo proto kernel metric 0 pref medium',
        ...own.map((a) => `local ${a} dev eth0 proto kernel metric 0 pref medium`),
      ]
    : [
        'local 127.0.0.0/8 dev lo proto kernel scope host src 127.0.0.1 ',
        'local 127.0.0.1 dev lo proto kernel scope host src 127.0.0.1 ',
        ...own.map((a) => `local ${a} dev eth0 proto kernel scope host src ${a} `),
      ];
  return lines.map((line) => `${line}\n`).join('');
}

function devicesOf({ addresses }: Server, wanted: string | null) {
  const info = (local: string, scope: string) => {
    const isIp6 = local.includes(':');
    const prefixlen = scope === 'host' ? (isIp6 ? 128 : 8) : isIp6 ? 64 : 24;
    return { family: isIp6 ? 'inet6' : 'inet', local, prefixlen, scope };
  };
  const lo = ['127.0.0.1', '::1'].map((address) => info(address, 'host'));
  const eth0 = addresses.map((address) => info(address, 'global'));
  const all = [
    { ifindex: 1, ifname: 'lo', flags: ['LOOPBACK', 'UP', 'LOWER_UP'], addr_info: lo },
    { ifindex: 2, ifname: 'eth0', flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'], addr_info: eth0 },
  ];
  return all.filter(({ ifname }) => wanted === null || ifname === wanted);
}
