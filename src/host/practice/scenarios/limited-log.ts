// The final rule logs within a limit that other traffic uses up: the entry that matters is missing.
import { exchangeOnEth0 } from '../network/exchange-on-eth0.ts';
import { startTalk } from '../network/talk.ts';
import type { Scenario } from '../scenario.ts';
import { INBOUND, MARIADB, NGINX, NGINX_TLS, OPEN6, POSTFIX, SSHD } from './common.ts';

const KNOCK = { protocol: 'tcp', destination: '198.51.100.90', port: 6667, uid: 0 } as const;

export const limitedLog: Scenario = {
  id: 'limited-log',
  title: 'Alert mails fail, and the log is full of something else',
  command: 'mail -s test root@example.org',
  symptom: '"mail -s test root@example.org" times out; the log is full of drops, none of them about mail',
  story:
    'Something on web1 knocks at a host out there all day long, and is dropped. The log says so, three times an hour.',
  level: 'hard',
  lesson: 'A limit on LOG hides what matters',
  isDecoy: false,
  cause:
    'The final rule drops the mails to localhost. Its LOG rule writes three lines an hour, and other traffic uses them up.',
  hints: [
    'The log has entries, but how many may there be? Look for -m limit.',
    'A limit is shared by everything that the rule meets.',
    'Give the packets on lo a LOG rule of their own, before the limited one.',
  ],
  byHand: [
    'iptables -I OUTPUT 4 -o lo -j LOG --log-prefix "lo: "',
    'iptables -R OUTPUT 4 -o lo -j ACCEPT',
    'iptables-save > /etc/iptables/rules.v4',
  ],
  rules: `${INBOUND}-A INPUT -p tcp -m multiport --dports 22,80,443 -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p tcp -m multiport --dports 80,443 -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -m limit --limit 3/hour --limit-burst 1 -j LOG --log-prefix "OUT-DROP: "
-A OUTPUT -j DROP
COMMIT
`,
  rules6: OPEN6,
  services: [SSHD, NGINX, NGINX_TLS, MARIADB, POSTFIX],
  hosts: { localhost: ['127.0.0.1'] },
  // The one entry that the limit lets through is written before anybody looks.
  justNow: (server) => void exchangeOnEth0(startTalk(server, KNOCK), 0),
  habits: [{ every: 4, act: ({ run }) => void run(['nc', '-w', '1', '198.51.100.90', '6667']) }],
};
