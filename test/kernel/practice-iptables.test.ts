// The practice server's iptables says and does what the real one says and does, command by command.
import { expect, it } from 'vitest';
import type { Command, Host } from '../../src/host/host.ts';
import { practiceHost } from '../../src/host/practice/practice-host.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { startLab } from './lab.ts';
import { retellIptables } from './retell-iptables.ts';

/** Rules as people type them, each appended to an empty chain. */
const RULES = [
  '-o lo -j ACCEPT',
  '-j ACCEPT -o lo -p tcp --dport 25',
  '-m comment --comment lo-doctor -o lo -j ACCEPT',
  `-m comment --comment "say \\"hi\\" it's" -j ACCEPT`,
  '-m comment --comment=x -j ACCEPT',
  '-p tcp --dport smtp -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT',
  '-p tcp -m conntrack --ctstate ESTABLISHED,NEW,RELATED --dport 25:30 -j ACCEPT',
  '-p tcp --syn -j DROP',
  '-p tcp ! --syn -j DROP',
  '-p tcp --tcp-flags ALL NONE -j DROP',
  '-p tcp --tcp-flags SYN,ACK SYN -j DROP',
  '-p 6 -j ACCEPT',
  '-p icmp --icmp-type echo-request -j ACCEPT',
  '-p icmp --icmp-type any -j ACCEPT',
  '-p icmp --icmp-type 3/4 -j ACCEPT',
  '-p udp -m udp --dport domain --sport 1024: -j ACCEPT',
  '! -o lo -j DROP',
  '-s 10.0.0.1/24 -d 127.0.0.0/8 -j ACCEPT',
  '! -d 127.0.0.1 -j ACCEPT',
  '-d localhost -j ACCEPT',
  '-d 10.0.0.1,10.0.0.2 -j ACCEPT',
  '-d 0/0 -j ACCEPT',
  '-d 127/8 -j ACCEPT',
  '-d 10.0.0.0/255.0.255.0 -j ACCEPT',
  '-j LOG',
  '-j LOG --log-prefix OUT: --log-level 4',
  '-j LOG --log-prefix "OUT drop: " --log-level warning --log-uid',
  '-j LOG --log-level debug --log-tcp-options --log-ip-options',
  '-j REJECT',
  '-j REJECT --reject-with icmp-admin-prohibited',
  '-p tcp -j REJECT --reject-with tcp-reset',
  '-j REJECT --reject-with port-unreach',
  '-m limit --limit 5/min -j LOG',
  '-m limit --limit 5/minute --limit-burst 5 -j LOG',
  '-m limit --limit 10/second --limit-burst 20 -j LOG',
  '-m limit --limit 3/day -j LOG',
  '-m limit -j LOG',
  '-p tcp -m multiport --dports 80,443,smtp,1000:2000 -j ACCEPT',
  '-p tcp -m multiport --ports 80 -j ACCEPT',
  '-m owner --uid-owner root -j ACCEPT',
  '-m owner ! --uid-owner www-data --gid-owner 33 -j ACCEPT',
  '-m owner --uid-owner 0-99 -j ACCEPT',
  '-m mark --mark 1 -j ACCEPT',
  '-m mark --mark 0x10/0xff -j ACCEPT',
  '-m addrtype --dst-type LOCAL -j ACCEPT',
  '-m state --state RELATED,ESTABLISHED -j ACCEPT',
  '-m state --state NEW -p tcp --dport 22 -j ACCEPT',
  '-m pkttype --pkt-type broadcast -j DROP',
  '-p tcp -j NFLOG --nflog-group 3 --nflog-prefix "x y"',
  '-j RETURN',
  '-o eth+ -j ACCEPT',
  '-f -j DROP',
  '-p all -j ACCEPT',
  '-p esp -j ACCEPT',
  '-m tcp -p tcp -j ACCEPT',
  '-p tcp --dport :1024 -j ACCEPT',
  '-p tcp ! --dport 25 -j ACCEPT',
  '-o lo',
  '--protocol tcp --out-interface lo --destination 127.0.0.1 --destination-port 21 --jump ACCEPT',
  '--proto tcp --out-int lo --dport 21 --jump ACCEPT',
];

/** Lines that are refused, and why: usage, or what is not there. */
const REFUSED = [
  'iptables',
  'iptables -A',
  'iptables -A OUTPUT -j',
  'iptables -A OUTPUT -o',
  'iptables -A FOO -j ACCEPT',
  'iptables -A OUTPUT -j FOO',
  'iptables -A OUTPUT -g FOO',
  'iptables -D OUTPUT -o lo -j ACCEPT',
  'iptables -D OUTPUT 3',
  'iptables -I OUTPUT 5 -j ACCEPT',
  'iptables -I OUTPUT 0 -j ACCEPT',
  'iptables -I OUTPUT x -j ACCEPT',
  'iptables -C OUTPUT -o lo -j ACCEPT',
  'iptables -R OUTPUT 9 -j ACCEPT',
  'iptables -A OUTPUT --dport 25 -j ACCEPT',
  'iptables -A OUTPUT -p tcp --dport 99999 -j ACCEPT',
  'iptables -A OUTPUT -p tcp --dport foo -j ACCEPT',
  'iptables -A OUTPUT -p foo -j ACCEPT',
  'iptables -A OUTPUT -m foo -j ACCEPT',
  'iptables -A OUTPUT -i lo -j ACCEPT',
  'iptables -A INPUT -o lo -j ACCEPT',
  'iptables -A OUTPUT -d 1.2.3.4.5 -j ACCEPT',
  'iptables -A OUTPUT -d ::1 -j ACCEPT',
  'ip6tables -A OUTPUT -d 127.0.0.1 -j ACCEPT',
  'iptables -A OUTPUT -d 10.0.0.0/33 -j ACCEPT',
  'iptables -A OUTPUT -m conntrack --ctstate FOO -j ACCEPT',
  'iptables -A OUTPUT -m state --state FOO -j ACCEPT',
  'iptables -A OUTPUT --foo',
  'iptables -A OUTPUT bar',
  'iptables -A OUTPUT -p tcp --foo -j ACCEPT',
  'iptables -A OUTPUT -p tcp --dport ! 25 -j ACCEPT',
  'iptables -A OUTPUT -j LOG --log-level 9',
  'iptables -A OUTPUT -j LOG --log-level crazy',
  'iptables -A OUTPUT -j REJECT --reject-with foo',
  'iptables -A OUTPUT -j REJECT --reject-with tcp-reset',
  'iptables -A OUTPUT -m limit --limit 5/x -j ACCEPT',
  'iptables -A OUTPUT -m multiport --dports 80,443 -j ACCEPT',
  'iptables -A OUTPUT -p tcp -m multiport --dports 80,foo -j ACCEPT',
  'iptables -A OUTPUT -m owner --uid-owner nobodyx -j ACCEPT',
  'iptables -A INPUT -m owner --uid-owner 33 -j ACCEPT',
  'iptables -A OUTPUT -o averyveryverylonginterface -j ACCEPT',
  'iptables -A OUTPUT -j ACCEPT -j DROP',
  'iptables -A OUTPUT -A INPUT',
  'iptables -E foo bar',
  'iptables -m state --state NEW',
  'iptables -A OUTPUT -m comment -j ACCEPT',
  'iptables -A OUTPUT -m conntrack -j ACCEPT',
  'iptables -F nochain',
  'iptables -X nochain',
  'iptables -P OUTPUT REJECT',
  'iptables -P foo DROP',
  'iptables -L nochain',
  'iptables -S nochain',
  'iptables -t foo -S',
  'iptables -w x -S OUTPUT',
  'iptables-restore /nowhere',
];

/** A session: what is done in one line is there in the next. */
const SESSION = [
  'iptables -V',
  'ip6tables -V',
  'iptables-save -V',
  'iptables -S',
  'iptables -N web',
  'iptables -N web',
  'iptables -A web -p tcp --dport 80 -j RETURN',
  'iptables -A OUTPUT -j web',
  'iptables -X web',
  'iptables -A OUTPUT -p tcp --dport 25 -m comment --comment "no spam from here" -j DROP',
  'iptables -I OUTPUT 2 -o lo -j ACCEPT',
  'iptables -I OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  'iptables -A OUTPUT -m limit --limit 5/min --limit-burst 10 -j LOG --log-prefix "OUT: "',
  'iptables -A OUTPUT -j REJECT',
  'iptables -P OUTPUT DROP',
  'iptables -S',
  'iptables -S OUTPUT 3',
  'iptables -S -v',
  'iptables-save',
  'iptables-save -c -t filter',
  'iptables -C OUTPUT -o lo -j ACCEPT',
  'iptables -D OUTPUT 2',
  'iptables -R OUTPUT 1 -m state --state ESTABLISHED -j ACCEPT',
  'iptables -E web www',
  'iptables-save',
  'iptables -L -n',
  'iptables -L OUTPUT -v -n -x',
  'iptables -L OUTPUT -n --line-numbers',
  'iptables -D OUTPUT -j www',
  'iptables -F',
  'iptables -X',
  'iptables -t nat -A OUTPUT -o lo -p tcp --dport 8080 -j REDIRECT --to-ports 80',
  'iptables -t nat -S OUTPUT',
  'iptables-save',
  'ip6tables -A OUTPUT -d ::1 -j REJECT',
  'ip6tables -A OUTPUT -p icmpv6 --icmpv6-type echo-request -j ACCEPT',
  'ip6tables -A OUTPUT -s fe80::/10 -j ACCEPT',
  'ip6tables-save',
];

/** Dumps for iptables-restore, good and bad. */
const DUMPS = [
  { options: ['--test'], text: '*filter\n:OUTPUT DROP [0:0]\n-A OUTPUT -o lo -j ACCEPT\nCOMMIT\n' },
  { options: [], text: '*filter\n:OUTPUT DROP [0:0]\n:w - [0:0]\n-A w -j RETURN\n-A OUTPUT -o lo -j w\nCOMMIT\n' },
  { options: ['-n'], text: '*filter\n-A OUTPUT -j ACCEPT\nCOMMIT\n' },
  { options: ['--test'], text: '*filter\n-A OUTPUT -p tcp --dport x -j ACCEPT\nCOMMIT\n' },
  { options: ['--test'], text: '*filter\n-A OUTPUT -o lo -j ACCEPT\n' },
];

type Both = { readonly real: Host; readonly practice: Host; readonly version: string };

/** Both servers, each with nothing but open chains and knowing the same names; `version` is the real iptables'. */
const bothHosts = async (): Promise<Both & AsyncDisposable> => {
  const lab = await startLab();
  const real = hostInLab(lab);
  const practice = practiceHost('wordpress', { speed: 20 });
  const input = '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n';
  for (const host of [real, practice]) {
    for (const family of ['ip', 'ip6']) await host.run([`${family}tables-restore`], { input });
  }
  await lab.run(['tee', '/etc/hosts'], { input: (await practice.run(['cat', '/etc/hosts'])).stdout });
  const version = await lab.run(['iptables', '-V']);
  return { real, practice, version, [Symbol.asyncDispose]: () => lab.close() };
};

/** What a line came to; times and the years in comments of iptables-save may differ. */
const resultOf = async (host: Host, command: Command, input?: string) => {
  const { code, stdout, stderr } = await host.run(command, { input });
  return { code, stdout: stdout.replaceAll(/ on \w{3} \w{3} .*/g, ''), stderr };
};

const compare = async ({ real, practice, version }: Both, command: Command, input?: string) => {
  const expected = await resultOf(real, command, input);
  const { code, stdout, stderr } = await resultOf(practice, command, input);
  const told = { code, stdout: retellIptables(stdout, version), stderr: retellIptables(stderr, version) };
  expect.soft(told, command.join(' ')).toEqual(expected);
};

const line = (text: string): Command => ['sh', '-c', text];

describeKernel('iptables on the practice server', () => {
  it('prints rules as the real one does, however they were typed', async () => {
    await using hosts = await bothHosts();
    for (const rule of RULES) {
      await compare(hosts, line(`iptables -A OUTPUT ${rule}`));
      await compare(hosts, line('iptables -S OUTPUT; iptables -L OUTPUT -n; iptables -F OUTPUT'));
    }
  });

  it('complains as the real one does', async () => {
    await using hosts = await bothHosts();
    for (const text of REFUSED) await compare(hosts, line(text));
  });

  it('goes through a session as the real one does', async () => {
    await using hosts = await bothHosts();
    for (const text of SESSION) await compare(hosts, line(text));
  });

  it('restores dumps as the real one does', async () => {
    await using hosts = await bothHosts();
    for (const { options, text } of DUMPS) {
      await compare(hosts, ['iptables-restore', ...options], text);
      await compare(hosts, ['iptables-save']);
    }
  });
});
