// What the kernel and the audit log say of other hands, and what it proves.
import { describe, expect, test } from 'vitest';
import {
  findDenial,
  findFullConntrack,
  findMartian,
  findSynFlood,
} from '../../../src/diagnosis/causes/find-complaints.ts';
import { clues, command, failure } from '../clues.ts';

const AVC =
  'type=AVC msg=audit(1700000000.123:45): avc:  denied  { name_connect } for  pid=812 comm="php-fpm" dest=5432 scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:postgresql_port_t:s0 tclass=tcp_socket permissive=0';
const APPARMOR =
  '[  123.45] audit: type=1400 audit(1700000000.1:9): apparmor="DENIED" operation="connect" profile="/usr/sbin/x" name="/run/x.sock" pid=1 comm="x" family="inet" sock_type="stream"';
const denied = (line: string) => ({ complaints: [{ kind: 'denial', line }] as const });

describe('a denial', () => {
  const programs = [{ pid: '1', name: 'x' }];
  const trail = { user: null, elsewhere: false, sockets: [], outside: [], programs };
  test.each([
    ['the port', AVC, 'SELinux has denied it', []],
    ['the process', APPARMOR, 'AppArmor has denied it', [command('no', { commandLine: 'y', trail })]],
  ])('of a connection that was not permitted, tied by %s', (_, line, title, attempts) => {
    const found = findDenial(clues({ failures: [failure('not-permitted')], attempts, witness: denied(line) }));
    expect(found).toMatchObject({ blame: 'server', finding: { id: 'denied-by-policy', evidence: [line] } });
    expect(found?.finding.title).toContain(title);
  });

  test('proves nothing where nothing was refused, or about a file of somebody else', () => {
    expect(findDenial(clues({ failures: [failure('timed-out')], witness: denied(AVC) }))).toBeNull();
    const file = '[ 1.2] audit: apparmor="DENIED" operation="open" profile="man" name="/etc/shadow" comm="man"';
    expect(findDenial(clues({ failures: [failure('not-permitted')], witness: denied(file) }))).toBeNull();
  });

  test('of another program, process and port is possible and no more', () => {
    const other = AVC.replace('dest=5432', 'dest=389');
    const attempts = [command('cat: /etc/x: Permission denied', { commandLine: 'cat /etc/x' })];
    const found = [
      findDenial(clues({ attempts, witness: denied(other) })),
      findDenial(clues({ failures: [failure('not-permitted')], witness: denied(other) })),
    ];
    for (const one of found)
      expect(one).toMatchObject({
        blame: 'unknown',
        explains: [],
        finding: { id: 'denial-meanwhile', severity: 'warning' },
      });
  });

  test('of a program whose name is but a part of a word of the command is none of it', () => {
    const attempts = [command('permission denied', { commandLine: '/opt/php-fpm-exporter --now' })];
    expect(findDenial(clues({ attempts, witness: denied(AVC) }))?.finding.id).toBe('denial-meanwhile');
  });

  test('of a program that the command line names', () => {
    const file = '[ 1.2] audit: apparmor="DENIED" operation="open" profile="man" name="/etc/shadow" comm="man"';
    const attempts = [command('man: permission denied', { commandLine: 'man 5 shadow' })];
    expect(findDenial(clues({ attempts, witness: denied(file) }))?.finding.id).toBe('denied-by-policy');
  });
});

describe('the table of connections', () => {
  const LINE = '[  99.1] nf_conntrack: nf_conntrack: table full, dropping packet';
  const full = [{ kind: 'conntrack-full', line: LINE }] as const;
  const silent = [failure('timed-out')];

  test.each([
    ['by its own count', { conntrack: { count: 4, most: 4 } }, true],
    ['by the line of the kernel', { conntrack: null, complaints: full }, true],
    ['by the line, and a count near it', { conntrack: { count: 240, most: 256 }, complaints: full }, true],
    [
      'not by a line that another namespace’s must be',
      { conntrack: { count: 3, most: 65_536 }, complaints: full },
      false,
    ],
    ['not by a table with room', { conntrack: { count: 3, most: 65_536 } }, false],
  ])('is full %s', (_, witness, isFull) => {
    expect(findFullConntrack(clues({ failures: silent, witness }))?.finding.id).toBe(
      isFull ? 'conntrack-full' : undefined,
    );
  });

  test('has nothing to do with a refusal', () => {
    expect(
      findFullConntrack(clues({ failures: [failure('refused')], witness: { conntrack: { count: 4, most: 4 } } })),
    ).toBeNull();
  });
});

test('a flood of SYNs and martians are told beside a silence, and blame nobody', () => {
  const complaints = [
    {
      kind: 'syn-flood',
      line: '[ 5.1] TCP: request_sock_TCP: Possible SYN flooding on port 127.0.0.1:5432. Sending cookies.',
    },
    { kind: 'martian', line: '[ 5.2] IPv4: martian source 127.0.0.1 from 192.0.2.1, on dev eth0' },
  ] as const;
  const seen = clues({ failures: [failure('timed-out')], witness: { complaints } });
  expect(findSynFlood(seen)).toMatchObject({ blame: 'unknown', finding: { id: 'syn-flood', severity: 'warning' } });
  expect(findMartian(seen)).toMatchObject({ blame: 'unknown', finding: { id: 'martian' } });
  expect(findMartian(clues({ failures: [failure('refused')], witness: { complaints } }))).toBeNull();
});
