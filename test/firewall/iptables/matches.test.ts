// What each match and target of iptables means for a packet on lo, told by what becomes of a conversation with the mail port.
import { expect, test } from 'vitest';
import type { Conversation } from '../../../src/firewall/conversation/trace.ts';
import { HERE, rules, traceMail } from '../rules.ts';

/** Whether the request meets the conditions: it is then dropped, with everything else let through. */
function meets(conditions: string, change: Partial<Conversation> = {}): 'yes' | 'no' | 'unknown' {
  const { stoppedAt, outcome } = traceMail(rules(`-A OUTPUT ${conditions} -j DROP`), change);
  if (outcome === 'unknown') return 'unknown';
  return stoppedAt?.packet === 'request' ? 'yes' : 'no';
}

const UDP = { protocol: 'udp', destinationPort: 53 } as const;
const PING = { protocol: 'icmp', sourcePort: null, destinationPort: null } as const;

test.each<[string, 'yes' | 'no' | 'unknown', Partial<Conversation>?]>([
  ['-o lo', 'yes'],
  ['! -o lo', 'no'],
  ['-o lo+', 'yes'],
  ['-o l+', 'yes'],
  ['-o +', 'yes'],
  ['-o eth+', 'no'],
  ['-o ! eth0', 'yes'],
  ['-i lo', 'no'],
  ['! -i lo', 'yes'],
  ['-s 127.0.0.0/8', 'yes'],
  ['-s 127.0.0.0/255.0.0.0', 'yes'],
  ['-d 127.0.0.2', 'no'],
  ['-d 127.0.0.2/30', 'yes'],
  ['-d 0.0.0.1/0.0.0.255', 'yes'],
  ['! -d 127.0.0.1/32', 'no'],
  ['-d ! 10.0.0.0/8', 'yes'],
  ['--source 127.0.0.1 --destination 127.0.0.1', 'yes'],
  ['-d mail.example.org', 'unknown'],
  ['-p tcp', 'yes'],
  ['-p 6', 'yes'],
  ['-p TCP', 'yes'],
  ['-p all', 'yes'],
  ['! -p tcp', 'no'],
  ['-p udp', 'no'],
  ['-p nonsense', 'unknown'],
  ['-p tcp -m tcp --dport 25', 'yes'],
  ['-p tcp --dport smtp', 'yes'],
  ['-p tcp --destination-port 20:30', 'yes'],
  ['-p tcp -m tcp --dport :24', 'no'],
  ['-p tcp -m tcp --dport 24:', 'yes'],
  ['-p tcp -m tcp ! --dport 25', 'no'],
  ['-p tcp -m tcp --sport 40000', 'yes'],
  ['-p tcp -m tcp --dport banana', 'unknown'],
  ['-p tcp -m tcp --syn', 'yes'],
  ['-p tcp -m tcp ! --syn', 'no'],
  ['-p tcp -m tcp --syn ! --dport 25', 'no'],
  ['-p tcp -m tcp --syn ! --dport 26', 'yes'],
  ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN', 'yes'],
  ['-p tcp -m tcp --tcp-flags ALL NONE', 'no'],
  ['-p tcp -m tcp ! --tcp-flags SYN SYN', 'no'],
  ['-p tcp -m multiport --dports 22,25,80', 'yes'],
  ['-p tcp -m multiport --dports 22,20:30', 'yes'],
  ['-p tcp -m multiport ! --dports 22,25', 'no'],
  ['-p tcp -m multiport --ports 40000', 'yes'],
  ['-p tcp -m multiport ! --ports 1,40000', 'no'],
  ['-p tcp -m multiport --sports 1:1024', 'no'],
  ['-p udp -m udp --dport 53', 'yes', UDP],
  ['-p udp -m udp --dport 53', 'no'],
  ['-p icmp -m icmp --icmp-type 8', 'yes', PING],
  ['-p icmp -m icmp --icmp-type echo-request', 'yes', PING],
  ['-p icmp -m icmp --icmp-type 8/0', 'yes', PING],
  ['-p icmp -m icmp --icmp-type any', 'yes', PING],
  ['-p icmp -m icmp ! --icmp-type 8', 'no', PING],
  ['-p icmp -m icmp --icmp-type 3/1', 'no', PING],
  ['-m state --state NEW', 'yes'],
  ['-m state ! --state NEW', 'no'],
  ['-m conntrack --ctstate NEW,RELATED', 'yes'],
  ['-m conntrack --ctstate ESTABLISHED', 'no'],
  ['-m conntrack --ctdir ORIGINAL', 'yes'],
  ['-m conntrack --ctproto 6 --ctorigdstport 25', 'yes'],
  ['-m conntrack --ctorigsrc 127.0.0.0/8', 'yes'],
  ['-m conntrack --ctstatus CONFIRMED', 'no'],
  ['-m mark --mark 0x0', 'yes'],
  ['-m mark --mark 0x1/0xff', 'no'],
  ['-m owner --uid-owner 0', 'yes'],
  ['-m owner --uid-owner root', 'yes'],
  ['-m owner --uid-owner 0-99', 'yes'],
  ['-m owner ! --uid-owner 0', 'no'],
  ['-m owner --uid-owner 33', 'yes', { uid: 33 }],
  ['-m owner --uid-owner www-data', 'unknown'],
  ['-m owner --gid-owner 0', 'yes'],
  ['-m owner --socket-exists', 'yes'],
  ['-m addrtype --dst-type LOCAL', 'yes'],
  ['-m addrtype --src-type LOCAL --dst-type UNICAST', 'no'],
  ['-m addrtype ! --dst-type LOCAL', 'no'],
  ['-m addrtype --dst-type LOCAL --limit-iface-out', 'yes'],
  ['-m length --length 40:100', 'yes'],
  ['-m length --length 0:20', 'no'],
  ['-m length --length 52', 'unknown'],
  ['-p tcp -m tcp --syn -m tcpmss ! --mss 536:65535', 'no'],
  ['-p tcp -m tcp --syn -m tcpmss --mss 1:535', 'no'],
  ['-p tcp -m tcp --syn -m tcpmss --mss 1461:65535', 'unknown'],
  ['-m ttl --ttl-eq 64', 'yes'],
  ['-m ttl --ttl-lt 64', 'no'],
  ['-m ttl --ttl-gt 10', 'yes'],
  ['-m dscp --dscp 0x00', 'yes'],
  ['-m dscp --dscp-class EF', 'no'],
  ['-m tos --tos 0x10/0x3f', 'no'],
  ['-m pkttype --pkt-type unicast', 'yes'],
  ['-m pkttype ! --pkt-type broadcast', 'yes'],
  ['-m iprange --src-range 127.0.0.1-127.0.0.9', 'yes'],
  ['-m iprange ! --dst-range 10.0.0.0-10.0.0.9', 'yes'],
  ['-m physdev --physdev-in eth0', 'no'],
  ['-m physdev ! --physdev-is-bridged', 'yes'],
  ['-m policy --dir out --pol none', 'yes'],
  ['-m policy --dir out --pol ipsec', 'no'],
  ['-m helper --helper ftp', 'no'],
  ['-m mac --mac-source 00:00:00:00:00:00', 'no'],
  ['-m recent --set --name x --rsource', 'yes'],
  ['-m comment --comment "-o eth0"', 'yes'],
  ['-f', 'no'],
  ['! -f', 'yes'],
  ['-m limit --limit 1/sec', 'unknown'],
  ['-m hashlimit --hashlimit-upto 1/sec --hashlimit-mode srcip --hashlimit-name x', 'unknown'],
  ['-m recent --update --seconds 60 --name x --rsource', 'unknown'],
  ['-m statistic --mode random --probability 0.5', 'unknown'],
  ['-m set --match-set blocked dst', 'unknown'],
  ['-m string --string "x" --algo bm', 'unknown'],
  ['-m time --timestart 10:00', 'unknown'],
  ['-m nosuch --thing 1 --other', 'unknown'],
  ['-p tcp -m tcp --nosuch 5', 'unknown'],
  ['-o eth0 -m nosuch --thing', 'no'],
])('%s: %s', (conditions, expected, change) => {
  expect(meets(conditions, change)).toBe(expected);
});

test.each([
  ['-j ACCEPT', 'works'],
  ['-j DROP', 'blocked'],
  ['-j REJECT', 'blocked'],
  ['-p tcp -j REJECT --reject-with tcp-reset', 'blocked'],
  ['-j RETURN', 'works'],
  ['', 'works'],
  ['-j LOG', 'works'],
  ['-j NFLOG --nflog-group 1', 'works'],
  ['-j MARK --set-mark 1', 'works'],
  ['-j TOS --set-tos 0x10/0x3f', 'works'],
  ['-j CT --helper ftp', 'works'],
  ['-j NFQUEUE --queue-num 1', 'unknown'],
  ['-j NOSUCH --with this', 'unknown'],
  ['-j TPROXY --on-port 1', 'unknown'],
])('a rule "%s" makes that the conversation %s', (rule, expected) => {
  expect(traceMail(rules(`-A OUTPUT ${rule}`)).outcome).toBe(expected);
});

test('what can not be known is named with its rule and what would settle it', () => {
  const { unknown } = traceMail(rules('-A OUTPUT -o lo -m set ! --match-set good dst -j DROP'));
  expect(unknown).toMatchObject([
    {
      rule: { chain: 'OUTPUT', number: 1 },
      what: '-m set ! --match-set good dst',
      settledBy: 'what "ipset list good" shows',
    },
  ]);
});

test('an unknown condition matters only where its answer does', () => {
  expect(traceMail(rules('-A OUTPUT -m nosuch -j DROP', '-A OUTPUT -j DROP')).outcome).toBe('blocked');
  expect(traceMail(rules('-A OUTPUT -m nosuch -j ACCEPT')).outcome).toBe('works');
  expect(traceMail(rules('-A OUTPUT -m nosuch -j LOG')).logged).toBe('maybe');
});

test('a user that listens as nobody knows whom leaves only his own rules open', () => {
  const unknownServer = { ...HERE, serverUid: null };
  const policy = rules('-A OUTPUT -m owner --uid-owner 0 -j ACCEPT', '-A OUTPUT -j DROP');
  expect(traceMail(policy, {}, unknownServer)).toMatchObject({
    outcome: 'unknown',
    unknown: [{ settledBy: 'which user the server runs as' }],
  });
  expect(traceMail(policy).outcome).toBe('works');
});
