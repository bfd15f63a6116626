// Faults of the device lo itself: down, without its addresses, or with something hooked into it that drops packets.
import { type CommandAnswer, type LoopbackKind, type LoopbackWay, quoteAnswer, type WayFault } from './loopback-way.ts';

const ALL: readonly LoopbackKind[] = ['ip', 'ip6', 'own'];

/** `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 xdpgeneric qdisc noqueue state UNKNOWN …` */
const flagsOf = ({ stdout }: CommandAnswer): readonly string[] | null =>
  /<([^>]*)>/.exec(stdout)?.[1]?.split(',') ?? null;

export const isDown = ({ link }: LoopbackWay): boolean => {
  const flags = link === null ? null : flagsOf(link);
  return flags !== null && !flags.includes('UP');
};

export const findDown = (way: LoopbackWay): WayFault | null => {
  if (way.link === null || !isDown(way)) return null;
  return {
    kinds: ALL,
    outcome: 'blocked',
    finding: {
      id: 'lo-down',
      severity: 'problem',
      title: 'The loopback interface lo is down: nothing gets through it, whatever the firewall permits.',
      evidence: [quoteAnswer(way.link)],
      advice:
        'No firewall rule stops this, and none cures it. Bring lo up; then find out who takes it down: a network configuration without lo, or a namespace whose lo nobody has brought up.',
      commands: [['ip', 'link', 'set', 'lo', 'up']],
    },
  };
};

/** `1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever` */
const listAddresses = ({ stdout }: CommandAnswer): string[] =>
  [...stdout.matchAll(/\binet6? ([\da-f.:]+)(?:\/\d+)?/gi)].map(([, address]) => address ?? '');

const NEEDED = { ip: '127.0.0.1', ip6: '::1' } as const;
const AS_ADDED = { ip: '127.0.0.1/8', ip6: '::1/128' } as const;

/** Addresses that lo should have and has not. A missing ::1 is its own kind of fault where IPv6 is off, or lo is down. */
export const findMissingAddress = (way: LoopbackWay, family: 'ip' | 'ip6'): WayFault | null => {
  const { addresses } = way;
  if (addresses === null || listAddresses(addresses).includes(NEEDED[family])) return null;
  if (family === 'ip6' && (way.isIp6Off !== false || isDown(way))) return null;
  // Brought up, a lo without any IPv4 address gets 127.0.0.1 by itself (inetdev_event in net/ipv4/devinet.c).
  if (isDown(way) && !addresses.stdout.includes('inet ')) return null;
  const told = listAddresses(addresses);
  return {
    kinds: [family],
    outcome: 'blocked',
    finding: {
      id: 'lo-without-address',
      severity: 'problem',
      title: `lo has no address ${NEEDED[family]}: what is sent there does not come back to this server.`,
      evidence: [
        `${addresses.command.join(' ')}: ${told.length === 0 ? 'no address' : told.join(', ')}`,
        ...way.routes.filter(({ destination }) => destination === NEEDED[family]).map(quoteAnswer),
      ],
      advice: 'No firewall rule stops this. Give lo its address again, and look for who takes it away.',
      commands: [['ip', 'address', 'add', AS_ADDED[family], 'dev', 'lo']],
    },
  };
};

export const findIp6Off = (way: LoopbackWay): WayFault | null =>
  way.isIp6Off !== true
    ? null
    : {
        kinds: ['ip6'],
        outcome: 'absent',
        finding: {
          id: 'ip6-off',
          severity: 'notice',
          title: 'IPv6 is switched off on lo: there is no ::1 on this server.',
          evidence: [
            'net.ipv6.conf.lo.disable_ipv6 or net.ipv6.conf.all.disable_ipv6 is 1',
            ...way.routes.filter(({ destination }) => destination === '::1').map(quoteAnswer),
          ],
          advice:
            'That is no fault where nothing uses ::1. A program that is told to use ::1, or a name in /etc/hosts that means ::1 alone, fails.',
          commands: [
            ['getent', 'ahosts', 'localhost'],
            ['sysctl', '-w', 'net.ipv6.conf.all.disable_ipv6=0', 'net.ipv6.conf.lo.disable_ipv6=0'],
          ],
        },
      };

/** One queueing discipline with its counters (null: not told), as `tc -s qdisc` prints it: `qdisc netem 8001: root refcnt 2 limit 1000 loss 100%` and two lines more. */
type Queue = {
  readonly kind: string;
  readonly line: string;
  readonly counters: string | null;
  readonly dropped: number | null;
  /** Packets that wait in it now. */
  readonly waiting: number | null;
};

const numberIn = (found: RegExpExecArray | null): number | null => (found === null ? null : Number(found[1]));

const listQueues = ({ stdout }: CommandAnswer): Queue[] =>
  [...stdout.matchAll(/^qdisc (\S+) .*\n(?: .*\n?)*/gm)].map(([text, kind = '']) => {
    const [line = '', ...rest] = text.trimEnd().split('\n');
    return {
      kind,
      line: line.trim(),
      counters: rest[0]?.trim() ?? null,
      dropped: numberIn(/dropped (\d+)/.exec(text)),
      waiting: numberIn(/backlog \S+ (\d+)p\b/.exec(text)),
    };
  });

/** Share a rate among classes of their own, of which their own line says nothing. */
const SHAPERS: readonly string[] = ['htb', 'hfsc', 'cbq'];
/** Hold no packets themselves. */
const HARMLESS: readonly string[] = ['noqueue', 'clsact', 'ingress'];

type Judged = Pick<WayFault, 'outcome'> & { readonly queue: Queue; readonly says: string };

/** What a queue does to packets: all lost, some lost, or none so far. */
const judgeQueue = (queue: Queue): Judged | null => {
  const { kind, line, dropped, waiting } = queue;
  if (HARMLESS.includes(kind)) return null;
  const loss = /\bloss (?:random )?([\d.]+)%/.exec(line)?.[1];
  if (kind === 'blackhole' || (loss !== undefined && Number(loss) >= 100))
    return { outcome: 'blocked', queue, says: 'drops every packet' };
  if (loss !== undefined) return { outcome: 'unknown', queue, says: `drops ${loss} % of the packets at random` };
  if (dropped !== null && dropped > 0) return { outcome: 'unknown', queue, says: `has dropped ${dropped} packets` };
  if (waiting !== null && waiting > 0)
    return { outcome: 'unknown', queue, says: `holds back ${waiting} packets at this moment` };
  return SHAPERS.includes(kind) || /\b(delay|corrupt|gap|rate)\b/.test(line)
    ? { outcome: 'works', queue, says: 'holds packets back' }
    : null;
};

export const findQueue = ({ queues }: LoopbackWay): WayFault | null => {
  const judged = (queues === null ? [] : listQueues(queues)).map(judgeQueue).filter((one) => one !== null);
  const [worst] = judged.toSorted((a, b) => RANK[b.outcome] - RANK[a.outcome]);
  if (worst === undefined || queues === null) return null;
  const { outcome, queue, says } = worst;
  return {
    kinds: ALL,
    outcome,
    finding: {
      id: 'lo-queue',
      severity: outcome === 'works' ? 'warning' : 'problem',
      title: `A queueing discipline on lo (${queue.kind}) ${says}, behind all rules of the firewall.`,
      evidence: [
        `${queues.command.join(' ')}: ${queue.line}`,
        ...(queue.counters === null ? [] : [queue.counters]),
        ...(queue.waiting !== null && queue.waiting > 0 ? [`${queue.waiting} packets wait in it (backlog)`] : []),
      ],
      advice:
        'lo has none by itself (noqueue): somebody has put it there, for a test perhaps. No firewall rule cures it; take it away if nobody needs it.',
      commands: [['tc', 'qdisc', 'del', 'dev', 'lo', 'root']],
    },
  };
};

const RANK: Record<WayFault['outcome'], number> = { works: 0, absent: 1, unknown: 2, partly: 3, blocked: 4 };

/** `filter protocol all pref 49152 bpf chain 0 handle 0x1 x direct-action … id 31 tag …`: what it does is not to be read in it. */
export const findFilter = ({ filters }: LoopbackWay): WayFault | null => {
  const holding = filters.filter(({ stdout }) => /^filter /m.test(stdout));
  const [first] = holding;
  if (first === undefined) return null;
  return {
    kinds: ALL,
    outcome: 'unknown',
    finding: {
      id: 'lo-tc-filter',
      severity: 'warning',
      title: "Filters of tc are hooked into lo: they may drop packets, and what they do can't be told from here.",
      evidence: holding.flatMap(({ command, stdout }) =>
        stdout
          .split('\n')
          .filter((line) => /^filter .*(handle|fh)|action|Sent/.test(line))
          .slice(0, 6)
          .map((line) => `${command.join(' ')}: ${line.trim()}`),
      ),
      advice:
        'They stand before or behind all rules of the firewall. Ask whoever put them there; without clsact on lo they are gone.',
      commands: [first.command, ['tc', 'qdisc', 'show', 'dev', 'lo']],
    },
  };
};

/** `… mtu 65536 xdpgeneric qdisc noqueue …`, and `    prog/xdp id 12 name … tag … jited` */
export const findXdp = ({ link }: LoopbackWay): WayFault | null => {
  if (link === null || !/\bxdp(generic|drv|offload|multi)?\b/.test(link.stdout)) return null;
  const program = /^.*prog\/xdp.*$/m.exec(link.stdout)?.[0]?.trim();
  return {
    kinds: ALL,
    outcome: 'unknown',
    finding: {
      id: 'lo-xdp',
      severity: 'warning',
      title:
        "An XDP program is hooked into lo: it sees every packet before the firewall, and what it drops can't be told from here.",
      evidence: [quoteAnswer(link), ...(program === undefined ? [] : [program])],
      advice: 'Ask whoever put it there. Without it, loopback is judged by the rules alone.',
      commands: [
        ['ip', '-d', 'link', 'show', 'dev', 'lo'],
        ['ip', 'link', 'set', 'dev', 'lo', 'xdp', 'off'],
      ],
    },
  };
};
