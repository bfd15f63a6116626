import { expect, test } from 'vitest';
import { findUfwRules } from '../../../src/firewall/ufw/find-ufw-rules.ts';

const before = `# a note
*filter
:ufw-before-output - [0:0]
-A ufw-before-output -o lo -p tcp --dport 25 -j DROP
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -o eth0 -j MASQUERADE
COMMIT
`;
const user = `*filter
### RULES ###

### tuple ### allow any 53 0.0.0.0/0 any 0.0.0.0/0 out
-A ufw-user-output -p tcp --dport 53 -j ACCEPT
-A ufw-user-output -p udp --dport 53 -j ACCEPT

### tuple ### allow tcp 80 0.0.0.0/0 any 0.0.0.0/0 Two%20Ports - in
-A ufw-user-input -p tcp --dport 80 -j ACCEPT -m comment --comment 'dapp_Two%20Ports'

### tuple ### allow udp 443 0.0.0.0/0 any 0.0.0.0/0 Two%20Ports - in
-A ufw-user-input -p udp --dport 443 -j ACCEPT -m comment --comment 'dapp_Two%20Ports'

### tuple ### deny tcp 25 0.0.0.0/0 any 0.0.0.0/0 out comment=6e6f
-A ufw-user-output -p tcp --dport 25 -j DROP

### END RULES ###
-A ufw-user-limit -j REJECT
COMMIT
`;
const user6 = '### tuple ### deny tcp 25 ::/0 any ::/0 out\n-A ufw6-user-output -p tcp --dport 25 -j DROP\n';
const status = `Status: active

     To                         Action      From
     --                         ------      ----
[ 1] 53                         ALLOW OUT   Anywhere                   (out)
[ 2] Two Ports                  ALLOW IN    Anywhere
[ 3] 25/tcp                     DENY OUT    Anywhere                   (out) # no
[ 4] 25/tcp (v6)                DENY OUT    Anywhere (v6)              (out)
`;

const files = [
  { path: '/etc/ufw/user.rules', text: user },
  { path: '/etc/ufw/user6.rules', text: user6 },
  { path: '/etc/ufw/before.rules', text: before },
];

const named = (shown: string) =>
  findUfwRules({ files, status: shown })
    .filter(({ text }) => text.startsWith('-A ') && !text.includes('-reject-'))
    .map(({ family, table, text, origin }) => `${family} ${table} ${text.slice(0, 42)} = ${origin}`);

test('a user’s rule is called as ufw numbers it, an application’s rules as one; all others by file and line', () => {
  expect(named(status)).toEqual([
    'ip filter -A ufw-user-output -p tcp --dport 53 -j AC = ufw rule 1: 53 ALLOW OUT Anywhere (out)',
    'ip filter -A ufw-user-output -p udp --dport 53 -j AC = ufw rule 1: 53 ALLOW OUT Anywhere (out)',
    'ip filter -A ufw-user-input -p tcp --dport 80 -j ACC = ufw rule 2: Two Ports ALLOW IN Anywhere',
    'ip filter -A ufw-user-input -p udp --dport 443 -j AC = ufw rule 2: Two Ports ALLOW IN Anywhere',
    'ip filter -A ufw-user-output -p tcp --dport 25 -j DR = ufw rule 3: 25/tcp DENY OUT Anywhere (out) # no',
    'ip filter -A ufw-user-limit -j REJECT = /etc/ufw/user.rules:18',
    'ip6 filter -A ufw6-user-output -p tcp --dport 25 -j D = ufw rule 4: 25/tcp (v6) DENY OUT Anywhere (v6) (out)',
    'ip filter -A ufw-before-output -o lo -p tcp --dport  = /etc/ufw/before.rules:4',
    'ip nat -A POSTROUTING -o eth0 -j MASQUERADE = /etc/ufw/before.rules:8',
  ]);
});

test('where ufw lists other rules than its files hold, no number is said', () => {
  const lines = named(status.replace(/^\[ 4\].*\n/m, ''));
  expect(lines.join('\n')).not.toContain('ufw rule');
  expect(lines[0]).toContain('= /etc/ufw/user.rules:5');
});
