// A decoy: loopback passes. The database answers, and refuses the password.
import type { Scenario } from '../scenario.ts';
import { MARIADB, NGINX, NGINX_TLS, OPEN6, PERMITS_LO, SSHD } from './common.ts';

export const wrongPassword: Scenario = {
  id: 'wrong-password',
  title: 'The site cannot log in to its database',
  command: 'mysql -h 127.0.0.1 -u wordpress',
  symptom: '"mysql -h 127.0.0.1 -u wordpress" ends with: Access denied',
  story:
    'The policy and new passwords came in the same change. The site shows: Error establishing a database connection.',
  level: 'medium',
  lesson: 'Whoever says no has been reached',
  isDecoy: true,
  cause: 'Loopback passes: the database was reached, and refused the password.',
  hints: [
    'Read the whole message: who says it?',
    'Access denied is the answer of the database itself. So the way there and back works.',
    'The password in the configuration of the site is the old one.',
  ],
  byHand: ['mysql -h 127.0.0.1 -u wordpress -p', 'grep DB_ /var/www/html/wp-config.php'],
  rules: PERMITS_LO,
  rules6: OPEN6,
  services: [SSHD, NGINX, NGINX_TLS, MARIADB],
  hosts: { localhost: ['127.0.0.1'] },
  denied: "ERROR 1045 (28000): Access denied for user 'wordpress'@'localhost' (using password: NO)",
};
