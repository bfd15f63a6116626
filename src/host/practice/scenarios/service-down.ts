// A decoy: loopback passes. The database is not running.
import type { Scenario } from '../scenario.ts';
import { NGINX, NGINX_TLS, OPEN6, PERMITS_LO, SSHD } from './common.ts';

export const serviceDown: Scenario = {
  id: 'service-down',
  title: 'The database does not answer',
  command: 'mysqladmin -h 127.0.0.1 ping',
  symptom: '"mysqladmin -h 127.0.0.1 ping" ends with: Can\'t connect to MySQL server (111)',
  story:
    'The policy went onto web1 on Monday, the memory ran out on Tuesday. On Wednesday everybody blames the policy.',
  level: 'easy',
  lesson: 'Nobody at home: a service that is not running',
  isDecoy: true,
  cause: 'Loopback passes. The database is not running, so nobody listens at port 3306.',
  hints: [
    '111 is a refusal. Who refuses where nobody listens?',
    'ss -ltn shows who listens. Is 3306 among them?',
    'systemctl status mariadb tells why it ended.',
  ],
  byHand: ['ss -ltn', 'systemctl status mariadb', 'systemctl start mariadb'],
  rules: PERMITS_LO,
  rules6: OPEN6,
  services: [SSHD, NGINX, NGINX_TLS],
  hosts: { localhost: ['127.0.0.1'] },
};
