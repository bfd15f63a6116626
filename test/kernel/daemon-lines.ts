// Lines as real daemons and tools write them about one packet that the real kernel logged.
import type { DaemonLine, ExpectedPacket } from '../log/own-lines.ts';
import { type Lab, startLab } from './lab.ts';
import { packets } from './log-packets.ts';
import { markPackets } from './mark-packets.ts';

type Writer = {
  readonly name: string;
  /** Prints the log, this line of it among others. */
  readonly read: string;
  readonly host: string | null;
  readonly timed: boolean;
};

const journal = (output: string, host: string | null, timed = true): Writer => {
  return { name: `journalctl -o ${output}`, read: `journalctl -q -k -n 2000 --no-pager -o ${output}`, host, timed };
};
const dmesg = (options: string, timed: boolean): Writer => {
  return { name: `dmesg ${options}`.trim(), read: `dmesg ${options}`, host: null, timed };
};

const ofKernel: readonly Writer[] = [
  { name: 'rsyslogd', read: 'cat /var/log/syslog', host: 'web1', timed: true },
  journal('short', 'web1'),
  journal('short-precise', 'web1'),
  journal('short-iso', 'web1'),
  journal('short-iso-precise', 'web1'),
  journal('short-full', 'web1'),
  journal('short-unix', 'web1'),
  journal('short-monotonic', 'web1', false),
  journal('with-unit', 'web1'),
  journal('json', 'web1'),
  journal('json-sse', 'web1'),
  journal('cat', null, false),
  dmesg('', false),
  dmesg('-T', true),
  dmesg('-x', false),
  dmesg('-r', false),
  dmesg('--time-format iso', true),
];

/** What each of them writes about a SYN of www-data; journald also takes in what the ring buffer holds, so the lab is closed to no other. */
export async function writeDaemonLines(): Promise<DaemonLine[]> {
  return [...(await linesOf(ofKernel, 'traditional')), ...(await linesOf([iso], 'iso')), await ulogdLine()];
}

const iso: Writer = { name: 'rsyslogd, RFC 3339', read: 'cat /var/log/syslog', host: 'web1', timed: true };

async function linesOf(writers: readonly Writer[], format: 'traditional' | 'iso'): Promise<DaemonLine[]> {
  await using lab = await startLab();
  const mark = await markPackets(lab);
  await lab.startRsyslog({ only: mark, format });
  if (format === 'traditional') await lab.startJournald();
  const between = await sendOne(lab, mark, null);
  const lines: DaemonLine[] = [];
  for (const writer of writers)
    lines.push(daemonLine(writer, await findLine(lab, writer.read, mark), between, expectedOf(mark)));
  return lines;
}

/** ulogd writes packets of NFLOG rules, and who sent them only as a number that it may not know. */
async function ulogdLine(): Promise<DaemonLine> {
  await using lab = await startLab();
  const mark = await markPackets(lab);
  const plugins = (await lab.run(['sh', '-c', 'ls -d /usr/lib/*/ulogd'])).trim();
  const names = [
    'inppkt_NFLOG',
    'raw2packet_BASE',
    'filter_IFINDEX',
    'filter_IP2STR',
    'filter_PRINTPKT',
    'output_LOGEMU',
  ];
  const input = `[global]
${names.map((name) => `plugin="${plugins}/ulogd_${name}.so"`).join('\n')}
stack=log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,print1:PRINTPKT,emu1:LOGEMU
[log1]
group=7
[emu1]
file="/run/ulogd.log"
sync=1
`;
  await lab.run(['sh', '-c', 'cat > /run/ulogd.conf'], { input });
  await lab.spawn(['ulogd', '-c', '/run/ulogd.conf']);
  await lab.run(['sh', '-c', 'for i in $(seq 100); do [ -e /run/ulogd.log ] && break; sleep 0.1; done; sleep 0.5']);
  const rule = "iptables -A OUTPUT -p tcp --dport 25 --syn -j NFLOG --nflog-group 7 --nflog-prefix 'FINAL_REJECT: '";
  const between = await sendOne(lab, mark, rule);
  const writer = { name: 'ulogd', read: 'cat /run/ulogd.log', host: 'web1', timed: true };
  const { uid: _uid, gid: _gid, mark: _mark, mac: _mac, ...packet } = expectedOf(mark);
  return daemonLine(writer, await findLine(lab, writer.read, mark), between, packet);
}

function onePacket(mark: string) {
  const [first] = packets(hopsOf(mark));
  if (first === undefined) throw new Error('no packets');
  return first;
}

const hopsOf = (mark: string): string => /\d+/.exec(mark)?.[0] ?? '';
const expectedOf = (mark: string): ExpectedPacket => ({ ...onePacket(mark).expected, ttl: Number(hopsOf(mark)) });

/** Sends it under its own rule or the one given; between which times (whole seconds around it) it was sent. */
async function sendOne(lab: Lab, mark: string, rule: string | null): Promise<readonly [Date, Date]> {
  const { rules, send } = onePacket(mark);
  await lab.startTcpServer(25);
  await lab.run(['sh', '-ec', rule ?? rules]);
  const from = new Date(Math.floor(Date.now() / 1000 - 1) * 1000);
  await lab.exec(['sh', '-c', send]);
  return [from, new Date(Math.ceil(Date.now() / 1000 + 1) * 1000)];
}

async function findLine(lab: Lab, read: string, mark: string): Promise<string> {
  const end = Date.now() + 20_000;
  for (;;) {
    const { stdout } = await lab.exec(['sh', '-c', read]);
    const line = stdout.split('\n').find((one) => one.includes(`TTL=${hopsOf(mark)} `) && one.includes('SPT=41001 '));
    if (line !== undefined) return line;
    if (Date.now() > end) throw new Error(`no line: ${read}`);
  }
}

function daemonLine(
  { name, host, timed }: Writer,
  line: string,
  [from, to]: readonly [Date, Date],
  packet: ExpectedPacket,
): DaemonLine {
  const zoneless = !/(Z|[+-]\d\d:?\d\d|UTC) |^[\d.]+ |^(data: )?\{/.test(line.slice(0, 40));
  const told = (date: Date) => (zoneless ? local(date) : date.toISOString());
  return {
    writer: name,
    line: withoutIdentity(line),
    expected: { between: timed ? [told(from), told(to)] : null, host, packet },
  };
}

/** As the clock on the wall shows it: `2026-06-20T18:11:21`. */
function local(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** The journal tells which machine and which boot of it wrote a line: nobody's business. */
function withoutIdentity(line: string): string {
  return line.replace(/[0-9a-f]{32}/g, '0f3c'.repeat(8));
}
