// What a server keeps beside its rules: what is told of it, by the rules and these facts, is what the real kernel does.
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { inspect } from '../../src/diagnosis/inspect/inspect.ts';
import { traceConversation } from '../../src/firewall/conversation/trace-conversation.ts';
import { rootConversation } from '../../src/firewall/questions/probe-conversations.ts';
import { readServer } from '../../src/work/read-server.ts';
import { describeKernel } from './available.ts';
import { clearRules } from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, ownAddresses, startLab } from './lab.ts';

type Told = 'works' | 'blocked' | 'unknown';

const ports = [25, 5432];

const serve = (lab: Lab) =>
  lab.listen(
    ['127.0.0.1', '::1'].flatMap((address) =>
      ports.map((port) => ({ protocol: 'tcp', address, port, kind: 'banner', banner: 'hello\r\n' }) as const),
    ),
  );

/** What lo-doctor says of a conversation, then what the kernel makes of it. */
const compare = async (lab: Lab, address: string, port: number): Promise<{ told: Told; real: Told }> => {
  const { ruleset, surroundings } = inspect(await readServer(hostInLab(lab)), 'a1');
  const { outcome: judged } = traceConversation(ruleset, rootConversation('tcp', address, port), surroundings);
  const told = judged === 'leaves' ? 'unknown' : judged;
  const { outcome } = await lab.probe(address, port);
  return { told, real: outcome === 'works' ? 'works' : 'blocked' };
};

const FINAL = 'iptables -A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT; iptables -A OUTPUT -j REJECT';
const onlySet = (sides: string, rest = '') =>
  `iptables -A OUTPUT -m set --match-set $s ${sides} ${rest} -j ACCEPT; ${FINAL}`;

/** A server on all addresses, that may stand for others where it is told so. */
const server = (port: number, option: string) => `python3 -c '
import socket
s = socket.socket(); s.setsockopt(1, 2, 1); ${option}s.bind(("0.0.0.0", ${port})); s.listen(9)
while True:
    c = s.accept()[0]; c.sendall(b"hello\\r\\n"); c.close()' >/dev/null 2>&1 &
for i in $(seq 100); do ! ss -Hltn | grep -q :${port} || break; sleep 0.1; done`;
const PROXY = server(3129, 's.setsockopt(0, 19, 1); ');
const WILD = server(3131, '');

/** Name, what sets it up, the port, and what becomes of a conversation with it at 127.0.0.1. */
const SITUATIONS: readonly (readonly [name: string, script: string, port: number, told: Told])[] = [
  ['a set of networks without loopback', `ipset create $s hash:net; ipset add $s 198.51.100.0/24; ${onlySet('dst')}`, 25, 'blocked'],
  ['a set of networks with loopback', `ipset create $s hash:net; ipset add $s 127.0.0.0/8; ${onlySet('dst')}`, 25, 'works'],
  ['an exception in a set', `ipset create $s hash:net; ipset add $s 127.0.0.0/8; ipset add $s 127.0.0.1 nomatch; ${onlySet('dst')}`, 25, 'blocked'],
  ['an exception that is asked for', `ipset create $s hash:net; ipset add $s 127.0.0.0/8; ipset add $s 127.0.0.1 nomatch; ${onlySet('dst', '--return-nomatch')}`, 25, 'works'],
  // Debian 13's ipset falls over every comment.
  ['a set of addresses', `ipset create $s hash:ip timeout 300 counters comment; ipset add $s 127.0.0.1 comment "lo nomatch" || ipset add $s 127.0.0.1; ${onlySet('dst')}`, 25, 'works'],
  ['a set with a netmask', `ipset create $s hash:ip netmask 24; ipset add $s 127.0.0.77; ${onlySet('dst')}`, 25, 'works'],
  ['a negated set', `ipset create $s hash:ip; iptables -A OUTPUT -m set ! --match-set $s dst -j DROP`, 25, 'blocked'],
  ['an address and a port, this one', `ipset create $s hash:ip,port; ipset add $s 127.0.0.1,25; ${onlySet('dst,dst')}`, 25, 'works'],
  ['an address and a port, another one', `ipset create $s hash:ip,port; ipset add $s 127.0.0.1,25; ${onlySet('dst,dst')}`, 5432, 'blocked'],
  ['an address and a port of another protocol', `ipset create $s hash:ip,port; ipset add $s 127.0.0.1,udp:25; ${onlySet('dst,dst')}`, 25, 'blocked'],
  ['a network and a port', `ipset create $s hash:net,port; ipset add $s 127.0.0.0/8,tcp:25; ${onlySet('dst,dst')}`, 25, 'works'],
  ['too few sides for the set', `ipset create $s hash:net,port; ipset add $s 127.0.0.0/8,tcp:25; ${onlySet('dst')}`, 25, 'blocked'],
  ['a network and an interface', `ipset create $s hash:net,iface; ipset add $s 127.0.0.0/8,lo; ${onlySet('dst,dst')}`, 25, 'works'],
  ['a network and the other interface', `ipset create $s hash:net,iface; ipset add $s 127.0.0.0/8,eth0; ${onlySet('dst,dst')}`, 25, 'blocked'],
  ['a network and the interface that there is not', `ipset create $s hash:net,iface; ipset add $s 127.0.0.0/8,lo; ${onlySet('dst,src')}`, 25, 'blocked'],
  ['a bitmap of ports', `ipset create $s bitmap:port range 0-1024; ipset add $s 25; ${onlySet('dst')}`, 25, 'works'],
  ['a bitmap of ports without it', `ipset create $s bitmap:port range 0-65535; ipset add $s 25; ${onlySet('dst')}`, 5432, 'blocked'],
  ['a bitmap of addresses', `ipset create $s bitmap:ip range 127.0.0.0/16; ipset add $s 127.0.0.1; ${onlySet('dst')}`, 25, 'works'],
  ['a list of sets', `ipset create $m hash:ip; ipset add $m 127.0.0.1; ipset create $n hash:ip family inet6; ipset create $s list:set; ipset add $s $n; ipset add $s $m; ${onlySet('dst')}`, 25, 'works'],
  ['a list of sets without it', `ipset create $m hash:ip; ipset create $s list:set; ipset add $s $m; ${onlySet('dst')}`, 25, 'blocked'],
  ['a set that a rule fills first', `ipset create $s hash:ip; iptables -A OUTPUT -p tcp --dport 25 -j SET --add-set $s dst; ${onlySet('dst')}`, 25, 'works'],
  ['a list that is empty', `iptables -A OUTPUT -m recent --name $r --rcheck -j DROP`, 25, 'works'],
  ['an empty list that has to have it', `iptables -A OUTPUT -p tcp --syn -m recent --name $r ! --rcheck --seconds 30 -j DROP`, 25, 'blocked'],
  ['a list with the address', `iptables -A OUTPUT -p tcp --dport 25 -m recent --name $r --rcheck --seconds 600 -j DROP; echo +127.0.0.1 > /proc/net/xt_recent/$r`, 25, 'blocked'],
  ['a list with its network', `iptables -A OUTPUT -p tcp --dport 25 -m recent --name $r --mask 255.255.255.0 --rcheck -j DROP; echo +127.0.0.0 > /proc/net/xt_recent/$r`, 25, 'blocked'],
  ['a list that an earlier rule fills', `iptables -A OUTPUT -m recent --name $r --set; iptables -A OUTPUT -m recent --name $r --rcheck --seconds 60 --hitcount 1 -j DROP`, 25, 'blocked'],
  ['more packets than this conversation has', `iptables -A OUTPUT -p tcp --syn -m recent --name $r --set; iptables -A OUTPUT -p tcp --syn -m recent --name $r --update --seconds 60 --hitcount 4 -j DROP`, 25, 'works'],
  ['as many packets as it takes', `iptables -A OUTPUT -p tcp --syn -m recent --name $r --set; iptables -A OUTPUT -p tcp --syn -m recent --name $r --update --seconds 600 --hitcount 4 -j DROP; for i in 1 2 3; do echo +127.0.0.1 > /proc/net/xt_recent/$r; done`, 25, 'blocked'],
  ['a list of another address', `iptables -A OUTPUT -p tcp --syn -m recent --name $r --rdest --rcheck -j DROP; echo +127.0.0.9 > /proc/net/xt_recent/$r`, 25, 'works'],
  ['a rule that takes it out of the list', `iptables -A OUTPUT -p tcp --syn -m recent --name $r --remove; iptables -A OUTPUT -p tcp --syn -m recent --name $r --rcheck -j DROP; echo +127.0.0.1 > /proc/net/xt_recent/$r`, 25, 'works'],
  ['a queue that nobody reads', 'iptables -t mangle -A OUTPUT -m conntrack --ctstate NEW -j NFQUEUE --queue-num 7', 25, 'blocked'],
  ['queues that nobody reads', 'iptables -A INPUT -p tcp --dport 25 -j NFQUEUE --queue-balance 3:5', 25, 'blocked'],
  ['a queue with a bypass', 'iptables -A OUTPUT -p tcp -j NFQUEUE --queue-num 7 --queue-bypass; iptables -A OUTPUT -p tcp --dport 25 -j DROP', 25, 'works'],
  ['a hashlimit that is used up', 'iptables -A OUTPUT -p tcp --dport 25 -m hashlimit --hashlimit-name $r --hashlimit-mode srcip --hashlimit-upto 1/hour --hashlimit-burst 1 -j ACCEPT; iptables -A OUTPUT -p tcp --dport 25 -j DROP; timeout 1 bash -c "exec 3<>/dev/tcp/127.0.0.1/25; exec 3<>/dev/tcp/127.0.0.1/25"|| true', 25, 'blocked'],
  ['a hashlimit with plenty left', 'iptables -A OUTPUT -p tcp --syn --dport 25 -m hashlimit --hashlimit-name $r --hashlimit-mode srcip,dstip --hashlimit-above 1000/sec --hashlimit-burst 1000 -j DROP; timeout 1 bash -c "exec 3<>/dev/tcp/127.0.0.1/25"|| true', 25, 'works'],
  ['far fewer connections than the limit', 'iptables -A OUTPUT -p tcp --syn --dport 25 -m connlimit --connlimit-above 100 -j REJECT', 25, 'works'],
  ['a dynamic set without it', "nft add table ip t; nft 'add set ip t banned { type ipv4_addr; flags dynamic,timeout; timeout 1h; }'; nft 'add chain ip t o { type filter hook output priority 0; }'; nft add rule ip t o ip saddr @banned drop", 25, 'works'],
  ['a dynamic set with it', "nft add table ip t; nft 'add set ip t banned { type ipv4_addr; flags dynamic,timeout; timeout 1h; }'; nft 'add element ip t banned { 127.0.0.1 }'; nft 'add chain ip t o { type filter hook output priority 0; }'; nft add rule ip t o ip saddr @banned drop", 25, 'blocked'],
  ['a dynamic set that a rule fills first', "nft add table ip t; nft 'add set ip t seen { type ipv4_addr; flags dynamic; }'; nft 'add chain ip t o { type filter hook output priority 0; }'; nft 'add rule ip t o tcp dport 25 add @seen { ip saddr }'; nft add rule ip t o tcp dport 25 ip saddr @seen drop", 25, 'blocked'],
  ['a quota that is used up', "nft add table ip t; nft 'add chain ip t o { type filter hook output priority 0; }'; nft add rule ip t o tcp dport 25 quota over 10 bytes drop; timeout 1 bash -c 'exec 3<>/dev/tcp/127.0.0.1/25' || true", 25, 'blocked'],
  ['a quota of which plenty is left', "nft add table ip t; nft 'add chain ip t o { type filter hook output priority 0; }'; nft add rule ip t o tcp dport 25 quota over 100 mbytes drop", 25, 'works'],
  ['a proxy that is not there', 'iptables -t mangle -A PREROUTING -i lo -p tcp --dport 25 -j TPROXY --on-port 3129 --tproxy-mark 0x1/0x1', 25, 'blocked'],
  ['a proxy that may not stand for others', 'iptables -t mangle -A PREROUTING -i lo -p tcp --dport 25 -j TPROXY --on-port 5432', 25, 'blocked'],
  ['a proxy that stands for others', `iptables -t mangle -A PREROUTING -i lo -p tcp --dport 25 -j TPROXY --on-port 3129; ${PROXY}`, 25, 'works'],
  ["nft's proxy that is not there", "nft add table ip t; nft 'add chain ip t p { type filter hook prerouting priority mangle; }'; nft add rule ip t p tcp dport 25 tproxy to :3199 accept", 25, 'works'],
  ["nft's proxy that is not there, and a drop behind it", "nft add table ip t; nft 'add chain ip t p { type filter hook prerouting priority mangle; }'; nft add rule ip t p tcp dport 25 tproxy to :3199 accept; nft add rule ip t p tcp dport 25 drop", 25, 'blocked'],
  ["nft's proxy that stands for others, and a drop behind it", `nft add table ip t; nft 'add chain ip t p { type filter hook prerouting priority mangle; }'; nft add rule ip t p tcp dport 25 tproxy to :3129 accept; nft add rule ip t p tcp dport 25 drop; ${PROXY}`, 25, 'works'],
  ['what is for a socket', 'iptables -A INPUT -i lo -p tcp -m socket -j ACCEPT; iptables -A INPUT -i lo -p tcp -j DROP', 25, 'works'],
  ['what is for a socket bound to no address', `iptables -A INPUT -i lo -p tcp -m socket -j ACCEPT; iptables -A INPUT -i lo -p tcp --dport 3131 -j DROP; ${WILD}`, 3131, 'blocked'],
  ['what is for any socket, bound or not', `iptables -A INPUT -i lo -p tcp -m socket --nowildcard -j ACCEPT; iptables -A INPUT -i lo -p tcp -j DROP; ${WILD}`, 3131, 'works'],
  ['what is for a transparent socket', 'iptables -A INPUT -i lo -p tcp -m socket --transparent -j ACCEPT; iptables -A INPUT -i lo -p tcp --dport 25 -j DROP', 25, 'blocked'],
  ["nft's transparent sockets", "nft add table ip t; nft 'add chain ip t p { type filter hook prerouting priority mangle; }'; nft add rule ip t p tcp dport 25 socket transparent 1 drop", 25, 'works'],
  ['a class that nobody has', 'iptables -A OUTPUT -m cgroup --cgroup 65538 -j DROP', 25, 'works'],
  ['all but a class that nobody has', 'iptables -A OUTPUT -m cgroup ! --cgroup 65538 -j DROP', 25, 'blocked'],
  ["nft's class that nobody has", "nft add table ip t; nft 'add chain ip t o { type filter hook output priority 0; }'; nft add rule ip t o meta cgroup 65538 drop", 25, 'works'],
  ['a quota that no packet is small enough for', `iptables -A OUTPUT -o lo -p tcp -m quota --quota 20 -j ACCEPT; ${FINAL}`, 25, 'blocked'],
  ['a quota of which nothing tells what is left', `iptables -A OUTPUT -o lo -p tcp -m quota --quota 100000000 -j ACCEPT; ${FINAL}`, 25, 'unknown'],
]; // biome-ignore format: a table

describeKernel('what a server keeps beside its rules', () => {
  let lab: Lab;
  let count = 0;

  beforeAll(async () => {
    lab = await startLab();
    await serve(lab);
  });
  afterAll(() => lab.close());
  afterEach(async () => {
    await clearRules(lab);
  });

  /** What rules held is freed some time after them, so each test has names of its own. */
  const setUp = (script: string) => {
    const at = ++count;
    return lab.run(['sh', '-ec', `s=s${at} m=m${at} n=n${at} r=r${at}; ${script}`]);
  };

  test.each(SITUATIONS)('%s', async (_, script, port, expected) => {
    await setUp(script);
    const { told, real } = await compare(lab, '127.0.0.1', port);
    expect(told).toBe(expected);
    if (expected !== 'unknown') expect(real).toBe(expected);
  });

  test('::1 in a list is found by its own name', async () => {
    const list =
      'ip6tables -A OUTPUT -p tcp --syn -m recent --name $r --rcheck -j DROP; echo +::1 > /proc/net/xt_recent/$r';
    await setUp(list);
    expect(await compare(lab, '::1', 25)).toEqual({ told: 'blocked', real: 'blocked' });
  });

  const spoofed = `nft add table inet t; nft 'add chain inet t p { type filter hook prerouting priority 0; }'
    nft 'add rule inet t p fib daddr . iif type != { local, broadcast, multicast } drop'`;

  test.each(['127.0.0.1', ...Object.values(ownAddresses)])(
    'an address of %s, asked for on the device',
    async (address) => {
      await lab.listen([{ protocol: 'tcp', address, port: 4433, kind: 'banner', banner: 'hello\r\n' }]);
      await setUp(spoofed);
      const expected = address === '127.0.0.1' ? 'works' : 'blocked';
      expect(await compare(lab, address, 4433)).toEqual({ told: expected, real: expected });
      const type = '-m addrtype --dst-type LOCAL --limit-iface-in';
      const save = address.includes(':') ? 'ip6tables' : 'iptables';
      await clearRules(lab);
      await setUp(`${save} -t mangle -A PREROUTING ${type} -j ACCEPT; ${save} -t mangle -A PREROUTING -j DROP`);
      expect(await compare(lab, address, 4433)).toEqual({ told: expected, real: expected });
    },
  );

  test('a program behind a queue may let the packet pass: what it decides is not known', async () => {
    const reader = await lab.spawn(['python3', fileURLToPath(new URL('queue-reader.py', import.meta.url)), '7', '1']);
    await expect.poll(() => reader.stdout(), { timeout: 10_000 }).toContain('ready');
    await lab.run(['iptables', '-A', 'OUTPUT', '-p', 'tcp', '--dport', '25', '-j', 'NFQUEUE', '--queue-num', '7']);
    expect(await compare(lab, '127.0.0.1', 25)).toEqual({ told: 'unknown', real: 'works' });
  });
});
