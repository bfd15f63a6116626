// Where a command goes by its own words: the usual clients, however they are wrapped, and what is no place at all.
import { describe, expect, test } from 'vitest';
import { readCommandLine } from '../../../src/diagnosis/command-line/read-command-line.ts';

const places = (line: string) =>
  readCommandLine(line).named.map(
    ({ protocol, host, port }) =>
      `${protocol === 'tcp' ? '' : `${protocol} `}${host}${port === null ? '' : ` ${port}`}`,
  );

describe('the place that a command names', () => {
  test.each<[string, ...string[]]>([
    ['curl -sS -m 2 http://127.0.0.1:8080/', '127.0.0.1 8080'],
    ['curl -m 5 https://localhost/status', 'localhost 443'],
    ['curl -sS localhost:8080/health', 'localhost 8080'],
    ['curl localhost', 'localhost 80'],
    ['curl -g http://[::1]:9200/', '::1 9200'],
    ['curl -x http://127.0.0.1:3128 https://example.org/', '127.0.0.1 3128', 'example.org 443'],
    ['wget -q -T 2 -t 1 -O - http://127.0.0.1:8080/', '127.0.0.1 8080'],
    ['wget -q http://user:pw@web.example.org/a', 'web.example.org 80'],
    ['mysql -h 127.0.0.1 -u root -psecret -e "select 1"', '127.0.0.1 3306'],
    ['mysql -h127.0.0.1 -P3307', '127.0.0.1 3307'],
    ['mysqladmin --host=127.0.0.1 --port=3310 ping', '127.0.0.1 3310'],
    ['psql -h localhost -p 5433 -U app db', 'localhost 5433'],
    ['psql "host=127.0.0.1 port=5432 dbname=x"', '127.0.0.1 5432'],
    ['psql postgresql://app@localhost/db', 'localhost 5432'],
    ['redis-cli -h 127.0.0.1 -p 6380 ping', '127.0.0.1 6380'],
    ['redis-cli -u redis://localhost', 'localhost 6379'],
    ['nc -z -v -w 2 127.0.0.1 25', '127.0.0.1 25'],
    ['nc -u -w1 127.0.0.1 514', 'udp 127.0.0.1 514'],
    ['telnet localhost 25', 'localhost 25'],
    ['ssh -p 2222 deploy@localhost true', 'localhost 2222'],
    ['scp -P 2222 a deploy@127.0.0.1:/tmp/', '127.0.0.1 2222'],
    ['dig @127.0.0.53 example.org', 'udp 127.0.0.53 53'],
    ['ping -c 1 -W 2 127.0.0.1', 'icmp 127.0.0.1'],
    ['swaks --to root@localhost --server 127.0.0.1:587', '127.0.0.1 587'],
    ['swaks -t a@example.org -s localhost -p 2525', 'localhost 2525'],
    ['msmtp --host=localhost --port=26 root', 'localhost 26'],
    ['openssl s_client -connect localhost:465', 'localhost 465'],
    ['bash -c "exec 3<>/dev/tcp/127.0.0.1/25"', '127.0.0.1 25'],
    ['timeout 2 bash -c "</dev/tcp/::1/25"', '::1 25'],
    [`php -r 'new PDO("mysql:host=127.0.0.1;dbname=x", "u", "p");'`, '127.0.0.1 3306'],
    [`php -r '$m = new mysqli("127.0.0.1", "u", "p");'`, '127.0.0.1 3306'],
    [`php -r 'var_dump(fsockopen("127.0.0.1", 21));'`, '127.0.0.1 21'],
    [`php -r 'echo file_get_contents("http://localhost:9000/");'`, 'localhost 9000'],
    [`python3 -c "import socket; socket.create_connection(('127.0.0.1', 6379), 2)"`, '127.0.0.1 6379'],
    [`python3 -c "import smtplib; smtplib.SMTP('localhost')"`, 'localhost 25'],
    [`python3 -c "import redis; redis.Redis(host='127.0.0.1', port=6390).ping()"`, '127.0.0.1 6390'],
    ['java -jar app.jar --spring.datasource.url=jdbc:postgresql://127.0.0.1/db', '127.0.0.1 5432'],
    ['java -Durl=jdbc:mysql://127.0.0.1:3306/x Main', '127.0.0.1 3306'],
    ['sudo -u www-data curl -m 3 http://127.0.0.1/', '127.0.0.1 80'],
    ['su -s /bin/sh www-data -c "curl http://127.0.0.1:81/"', '127.0.0.1 81'],
    ['echo x | nc 127.0.0.1 25 && curl http://127.0.0.1:82/', '127.0.0.1 25', '127.0.0.1 82'],
  ])('%s', (line, ...expected) => {
    expect(places(line)).toEqual(expected);
  });
});

test.each([
  'mysql -h localhost -e "select 1"',
  'psql -c "select 1" db',
  'echo 12:30:25 done',
  'php /srv/a.php',
  'cp a.txt:12 b',
  'false',
  '',
  '\'"`$((',
])('no place: %s', (line) => {
  expect(places(line)).toEqual([]);
});

test.each([
  ['redis-cli ping', '127.0.0.1', 6379],
  ['echo test | mail -s test root', 'localhost', 25],
  ['echo test | sendmail root', 'localhost', 25],
])('where a program goes when nothing is said: %s', (line, host, port) => {
  expect(readCommandLine(line)).toMatchObject({ named: [], assumed: [{ host, port }] });
});

test.each([
  ['sudo -u www-data wp plugin update', 'www-data'],
  ['sudo -nu postgres psql -h 127.0.0.1', 'postgres'],
  ['runuser -u www-data -- curl localhost', 'www-data'],
  ['runuser www-data -c "curl localhost"', 'www-data'],
  ['su - deploy -c "curl localhost"', 'deploy'],
  ['setpriv --reuid 33 --clear-groups curl localhost', '33'],
  ['sudo timeout 3 curl localhost', 'root'],
  ['timeout 3 sudo -u#33 curl localhost', '#33'],
  ['curl localhost', null],
])('the user: %s', (line, user) => {
  expect(readCommandLine(line).user).toBe(user);
});

test.each([
  ['msmtp -C /etc/msmtp/alerts.conf root', ['/etc/msmtp/alerts.conf']],
  ['mysql --defaults-file=/root/app.cnf -e x', ['/root/app.cnf']],
  ['python3 /run/b.py', ['/run/b.py']],
  ['php wp-cron.php', ['wp-cron.php']],
  ['/usr/bin/curl localhost', []],
])('the files that say more: %s', (line, files) => {
  expect(readCommandLine(line).files).toEqual(files);
});

test('what runs in another network namespace is told apart', () => {
  expect(readCommandLine('ip netns exec web curl http://127.0.0.1/')).toMatchObject({
    elsewhere: true,
    named: [{ port: 80 }],
  });
  expect(readCommandLine('docker exec app curl http://127.0.0.1/').elsewhere).toBe(true);
  expect(readCommandLine('curl http://127.0.0.1/').elsewhere).toBe(false);
});
