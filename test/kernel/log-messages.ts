// Netfilter messages of all shapes, printed by the real kernel about packets that were sent for them.
import type { KernelMessage } from '../log/own-lines.ts';
import { openKernelLog } from './fuzz/kernel-log.ts';
import { type Lab, startLab } from './lab.ts';
import { packets } from './log-packets.ts';
import { markPackets } from './mark-packets.ts';

/** Sends each packet of the table and takes what the kernel printed of it. Throws where a packet left no line. */
export async function printMessages(): Promise<KernelMessage[]> {
  await using log = await openKernelLog(/ (?:TTL|HOPLIMIT)=(6[5-9]|[7-9]\d|[12]\d\d) /);
  await using lab = await startLab();
  const hops = /\d+/.exec(await markPackets(lab))?.[0] ?? '';
  await prepare(lab);
  const messages: KernelMessage[] = [];
  for (const { name, rules, send, expected } of packets(hops)) {
    await lab.run(['sh', '-ec', `nft flush ruleset; ${rules}`]);
    await log.take(hops);
    // What is blocked fails, as it should.
    await lab.exec(['sh', '-c', send]);
    const [message] = await waitForLine(log, hops, expected.prefix);
    if (message === undefined) throw new Error(`${name}: no line`);
    messages.push({ name, message, expected: { ...expected, ttl: Number(hops) } });
  }
  return messages;
}

async function waitForLine(log: Awaited<ReturnType<typeof openKernelLog>>, hops: string, prefix: string | null) {
  const end = Date.now() + 5000;
  for (;;) {
    const { lines } = await log.take(hops);
    const own = lines.map(unescaped).filter((line) => line.startsWith(prefix ?? 'IN='));
    if (own.length > 0 || Date.now() > end) return own;
  }
}

/** /dev/kmsg writes bytes beyond ASCII and backslashes as \x2a; its readers undo that. */
function unescaped(line: string): string {
  const bytes = line.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** A mail server, and a bridge whose port `tap` is fed from outside. */
async function prepare(lab: Lab): Promise<void> {
  await lab.startTcpServer(25);
  await lab.run(['sh', '-ec', bridge]);
}

const bridge = `
ip link add br0 type bridge
ip link add tap type veth peer name far
ip link set tap address 02:00:00:00:00:21
ip link set far address 02:00:00:00:00:22
ip link set br0 address 02:00:00:00:00:20
ip link set tap master br0
for device in br0 tap far; do ip link set $device addrgenmode none up; done
ip addr add 198.51.100.1/24 dev br0
sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || true`;
