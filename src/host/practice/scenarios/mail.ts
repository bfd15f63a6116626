// Alert mails stay away: a rule against spam, far before the final one, drops everything to port 25.
import type { Scenario } from '../scenario.ts';
import { INBOUND, NGINX, NGINX_TLS, OPEN6, POSTFIX, SSHD } from './common.ts';

export const alertMails: Scenario = {
  id: 'mail',
  title: 'Alert mails no longer arrive',
  command: 'mail -s test root@example.org',
  symptom: '"mail -s test root@example.org" ends with: cannot connect to localhost, port 25: Connection timed out',
  story:
    'After a hacked contact form had sent spam, somebody forbade web1 to speak SMTP. The monitoring hands its alerts to the mail server on localhost, and has been quiet ever since.',
  level: 'easy',
  lesson: 'The rule that stops a packet is the first that matches, not the final one',
  isDecoy: false,
  cause:
    'A rule against spam drops everything to port 25, also to the mail server on localhost; it stands far before the final rule.',
  hints: [
    'Monitoring hands its mails to localhost, port 25.',
    'Read OUTPUT from its top: which rule is the first that matches a packet to port 25?',
    'The comment of rule 2 says what it was meant for. It says nothing of the device.',
  ],
  byHand: [
    'iptables -L OUTPUT -n -v --line-numbers',
    'iptables -I OUTPUT 2 -o lo -p tcp --dport 25 -j ACCEPT',
    'iptables-save > /etc/iptables/rules.v4',
  ],
  rules: `${INBOUND}-A INPUT -p tcp -m multiport --dports 22,80,443 -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p tcp -m tcp --dport 25 -m comment --comment "no spam from here" -j DROP
-A OUTPUT -p tcp -m multiport --dports 80,443,587 -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -m limit --limit 10/min --limit-burst 20 -j LOG --log-prefix "OUT-REJECT: "
-A OUTPUT -j REJECT --reject-with icmp-port-unreachable
COMMIT
`,
  rules6: OPEN6,
  services: [SSHD, NGINX, NGINX_TLS, POSTFIX],
  hosts: { localhost: ['127.0.0.1'] },
  // The monitoring goes on trying, whatever anybody does about it.
  habits: [{ every: 25, act: ({ run }) => void run(['mail', '-s', 'ALERT web1: disk 91 % full', 'root@example.org']) }],
};
