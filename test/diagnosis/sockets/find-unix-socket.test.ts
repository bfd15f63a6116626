// Words about a socket in the file system, and words that only look like it.
import { expect, test } from 'vitest';
import { findUnixSocket } from '../../../src/diagnosis/sockets/find-unix-socket.ts';
import { clues, command } from '../clues.ts';

const find = (words: string) => findUnixSocket(clues({ attempts: [command(words)] }));

test.each([
  [
    "ERROR 2002 (HY000): Can't connect to local server through socket '/run/mysqld/mysqld.sock' (2)",
    '/run/mysqld/mysqld.sock',
    'no such socket',
  ],
  [
    "ERROR 2002 (HY000): Can't connect to local MySQL server through socket '/tmp/mysql.sock' (111)",
    '/tmp/mysql.sock',
    'nobody serves it',
  ],
  [
    'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory',
    '/var/run/postgresql/.s.PGSQL.5432',
    'no such socket',
  ],
  [
    'connect() to unix:/run/php/php8.2-fpm.sock failed (13: Permission denied)',
    '/run/php/php8.2-fpm.sock',
    'owner and mode',
  ],
  [
    'Could not connect to Redis at /run/redis/redis.sock: Connection refused',
    '/run/redis/redis.sock',
    'nobody serves it',
  ],
])('%s', (words, path, advice) => {
  const found = find(words);
  expect(found).toMatchObject({ blame: 'server', finding: { id: 'unix-socket', severity: 'problem' } });
  expect(found?.finding.commands[0]).toEqual(['ls', '-l', path]);
  expect(found?.finding.advice).toContain(advice);
});

test('PHP leaves the path out', () => {
  expect(find('SQLSTATE[HY000] [2002] No such file or directory')?.finding.id).toBe('unix-socket');
});

test.each([
  'File "/usr/lib/python3.11/socket.py", line 851, in create_connection',
  'SQLSTATE[HY000] [2002] Connection refused',
  'curl: (7) Failed to connect to 127.0.0.1 port 80',
  'listening on /run/app.sock',
])('not by: %s', (words) => {
  expect(find(words)).toBeNull();
});
