// A container's published port is answered by docker-proxy on lo, and the outbound policy permits web on eth0 alone.
import type { Scenario } from '../scenario.ts';
import { DOCKER_PROXY, OPEN6, SSHD } from './common.ts';

export const container: Scenario = {
  id: 'container',
  title: 'The application in the container is not reached from its own server',
  command: 'curl -s http://127.0.0.1:8080/',
  symptom: '"curl -s http://127.0.0.1:8080/" times out; from outside the application answers',
  story:
    'The application moved into a container; its port is published on 8080. Visitors come in by eth0 and are forwarded. The health check of web1 asks 127.0.0.1.',
  level: 'hard',
  lesson: "A container's published port is a program on lo too",
  isDecoy: false,
  cause:
    'Visitors are forwarded to the container; what asks 127.0.0.1:8080 talks to docker-proxy over lo, and the outbound policy drops that.',
  hints: [
    'Who listens at port 8080? ss -ltnp',
    'docker-proxy does, on this server: a packet to it goes over lo, not through FORWARD.',
    'The chains of Docker are not in its way. OUTPUT is.',
  ],
  byHand: ['ss -ltnp', 'iptables -I OUTPUT 2 -o lo -j ACCEPT', 'iptables-save > /etc/iptables/rules.v4'],
  rules: `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m multiport --dports 22,8080 -j ACCEPT
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -o eth0 -p tcp -m multiport --dports 80,443 -j ACCEPT
-A OUTPUT -o docker0 -j ACCEPT
-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT
-A OUTPUT -m limit --limit 10/min --limit-burst 20 -j LOG --log-prefix "OUT-DROP: "
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 8080 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
`,
  rules6: OPEN6,
  services: [SSHD, DOCKER_PROXY],
  hosts: { localhost: ['127.0.0.1'] },
};
