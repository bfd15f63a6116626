// What is blamed, by which evidence; and each other cause with the case that looks like it and is not.

import { describe, expect, test } from 'vitest';
import type { Attempt, CommandTrail } from '../../src/diagnosis/attempt.ts';
import { diagnose, type Seen } from '../../src/diagnosis/diagnose.ts';
import type { Finding } from '../../src/diagnosis/finding.ts';
import { findSuspects } from '../../src/diagnosis/inspect/tried.ts';
import type { Listener } from '../../src/diagnosis/listener.ts';
import { NO_WITNESS } from '../../src/diagnosis/witness.ts';
import type { ConnectionEnd } from '../../src/firewall/conversation/trace.ts';
import { traceConversation } from '../../src/firewall/conversation/trace-conversation.ts';
import { rootConversation } from '../../src/firewall/questions/probe-conversations.ts';
import { rules, surroundings } from '../firewall/fix/rules.ts';
import { tcp } from './lines.ts';

const OPEN = rules(
  '-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -d 198.51.100.0/24 -j LOG --log-prefix "out: "\n-A OUTPUT -d 198.51.100.0/24 -j DROP',
);
const CLOSED = rules('-A OUTPUT -p tcp --dport 80 -j ACCEPT\n-A OUTPUT -j DROP');

const postfix: Listener = { protocol: 'tcp', address: '127.0.0.1', port: 25, process: 'master' };

const look = (known: Partial<Seen>) =>
  diagnose({
    ruleset: OPEN,
    surroundings,
    listeners: [],
    entries: [],
    attempts: [],
    own: null,
    witness: { ...NO_WITNESS, localhost: ['127.0.0.1'] },
    ...known,
  });

const connection = (end: ConnectionEnd, address = '127.0.0.1', port = 25): Attempt => ({
  kind: 'connection',
  conversation: rootConversation('tcp', address, port),
  end,
  detail: '',
});

const command = (output: string, code: number | null = 1): Attempt => ({
  kind: 'command',
  commandLine: 'x',
  code,
  output,
});

const problems = (findings: readonly Finding[]) =>
  findings.filter(({ severity }) => severity === 'problem').map(({ id }) => id);

describe('loopback is blamed', () => {
  test('with an entry whose rule drops, and names that rule', () => {
    const ruleset = rules('-A OUTPUT -j LOG\n-A OUTPUT -j DROP');
    const { verdict, blocked } = look({ ruleset, entries: [tcp()], listeners: [postfix] });
    expect(verdict).toBe('loopback-blocked');
    expect(blocked).toMatchObject([{ entries: 1, listener: postfix, stop: { rule: { number: 2 } } }]);
  });

  test('not with a refusal where nobody listens and the request comes through: no service was there whose answer could be stopped', () => {
    const ruleset = rules('-A OUTPUT -p tcp --sport 25 -j REJECT --reject-with tcp-reset');
    const attempts = [connection('refused')];
    const nobody = look({ ruleset, attempts, listeners: [] });
    expect([nobody.verdict, ...problems(nobody.findings)]).toEqual(['not-the-firewall', 'nobody-listens']);
    expect(nobody.findings[0]?.evidence.join('\n')).toContain(
      'lets the request through; what a service there would send is stopped by rule 1 of OUTPUT (iptables, IPv4)',
    );
    expect(look({ ruleset, attempts, listeners: [postfix] }).verdict).toBe('loopback-blocked');
    // Who could not look does not know that nobody listens.
    expect(look({ ruleset, attempts, listeners: null }).verdict).toBe('loopback-blocked');
  });

  test('by no rule that would have been heard, where nothing was', () => {
    const ruleset = rules('-A OUTPUT -p tcp --dport 25 -j REJECT --reject-with tcp-reset');
    const silent = look({ ruleset, attempts: [connection('timed-out')], listeners: [postfix] });
    expect(silent).toMatchObject({ verdict: 'loopback-blocked', blocked: [{ stop: null }] });
    const heard = look({ ruleset, attempts: [connection('refused')], listeners: [postfix] });
    expect(heard.blocked[0]?.stop?.rule.number).toBe(1);
    // The refusal itself is thrown away: that is silence.
    const lost = rules('-A OUTPUT -p tcp -j REJECT --reject-with tcp-reset');
    const both = look({ ruleset: lost, attempts: [connection('timed-out')], listeners: [postfix] });
    expect(both.blocked[0]?.stop?.rule.number).toBe(1);
  });

  test('by the very rule that judges the group of root', () => {
    const ruleset = rules('-A OUTPUT -m owner --gid-owner 0 -j REJECT\n-A OUTPUT -p tcp -j DROP');
    const { blocked } = look({ ruleset, attempts: [connection('refused')], listeners: [postfix] });
    expect(blocked[0]?.stop?.rule).toMatchObject({ chain: 'OUTPUT', number: 1 });
  });

  test('with a connection that failed, where the rules stop it', () => {
    const { verdict, blocked } = look({ ruleset: CLOSED, attempts: [connection('timed-out')] });
    expect(verdict).toBe('loopback-blocked');
    expect(blocked).toMatchObject([{ entries: 0, sample: null, stop: { rule: { number: 2 } } }]);
  });

  test.each([
    'Warning: Failed to connect to FTP Server localhost:21',
    'mail: cannot connect to localhost, port 21: Connection timed out',
    'curl: (7) Failed to connect to 127.0.0.1 port 21 after 0 ms: Connection refused',
    'connection to server at "localhost" (127.0.0.1), port 21 failed: Connection refused',
    "ERROR 2003 (HY000): Can't connect to MySQL server on '127.0.0.1:21' (110)",
    'bash: connect: Connection refused\nbash: line 1: /dev/tcp/127.0.0.1/21: Connection refused',
    'ssh: connect to host localhost port 21: Connection timed out',
  ])('with a command that says which connection failed: %s', (output) => {
    const { verdict, blocked } = look({ ruleset: CLOSED, attempts: [command(output)] });
    expect(verdict).toBe('loopback-blocked');
    expect(blocked.map(({ conversation: { destination, destinationPort } }) => [destination, destinationPort])).toEqual(
      [['127.0.0.1', 21]],
    );
  });

  test.each([
    ['the command worked', command('failed to connect to localhost:21, then it worked', 0)],
    ['it names the endpoint and no failure', command('listening on localhost:21')],
    ['it failed on another server', command('Failed to connect to example.org port 21: Connection refused')],
    ['it could not be tried', connection('failed')],
    ['it was answered', connection('connected')],
  ])('not where %s', (_, attempt) => {
    expect(look({ ruleset: CLOSED, attempts: [attempt] }).blocked).toEqual([]);
  });
});

test('entries of packets that passed are told as what they are, and blame nobody', () => {
  const ruleset = rules('-A OUTPUT -j LOG --log-prefix "[UFW AUDIT] "\n-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -j DROP');
  const { verdict, findings } = look({ ruleset, entries: [tcp({ prefix: '[UFW AUDIT] ' })] });
  expect(verdict).toBe('undecided');
  const passed = findings.find(({ id }) => id === 'logged-and-passed');
  expect(passed?.evidence.join()).toContain(
    'let through by rule 2 of OUTPUT (iptables, IPv4): -A OUTPUT -o lo -j ACCEPT',
  );
  expect(findings.map(({ id }) => id)).toContain('nothing-logged');
});

test('rule numbers are those without the log rules of lo-doctor', () => {
  const ruleset = rules(
    '-A OUTPUT -o lo -m comment --comment "lo-doctor c1-log: 1" -j LOG --log-prefix "lo-doctor c1 1 "\n-A OUTPUT -j DROP',
  );
  const { blocked } = look({ ruleset, attempts: [connection('timed-out')] });
  expect(blocked[0]?.stop?.rule.number).toBe(1);
});

describe('nobody listens', () => {
  test('is found by a refusal that no rule explains, with the address that the service has instead', () => {
    const elsewhere = { ...postfix, address: '192.0.2.10' };
    const { verdict, findings } = look({ attempts: [connection('refused')], listeners: [elsewhere] });
    expect(verdict).toBe('not-the-firewall');
    expect(problems(findings)).toEqual(['nobody-listens']);
    expect(findings[0]?.evidence).toContain('master listens on 192.0.2.10 port 25 only');
  });

  test('is found where the service listens on all addresses of the other family', () => {
    const { findings } = look({
      attempts: [connection('refused', '::1')],
      listeners: [{ ...postfix, address: '0.0.0.0' }],
    });
    expect(problems(findings)).toEqual(['nobody-listens']);
  });

  test('is found by what a command says', () => {
    const output = 'mail: cannot connect to localhost, port 25: Connection refused';
    const { findings } = look({ attempts: [command(output)] });
    expect(problems(findings)).toEqual(['nobody-listens']);
    expect(findings[0]?.evidence).toContain(`the command's output: ${output}`);
  });

  test.each([
    ['somebody listens at that address', [postfix]],
    ['somebody listens at all addresses', [{ ...postfix, address: '0.0.0.0' }]],
    ['somebody listens at all addresses of both families', [{ ...postfix, address: '*' }]],
  ])('is not said where %s', (_, listeners) => {
    expect(problems(look({ attempts: [connection('refused')], listeners }).findings)).toEqual([]);
  });

  test('is not said where whether the rules reject it is not known', () => {
    const ruleset = rules('-A OUTPUT -m recent --name x --rcheck -j REJECT');
    expect(problems(look({ ruleset, attempts: [connection('refused')] }).findings)).toEqual([]);
  });
});

describe('localhost is ::1 first', () => {
  const output = 'nc: connect to localhost port 25 (tcp) failed: Connection refused';
  const known = {
    attempts: [command(output)],
    listeners: [postfix],
    witness: { ...NO_WITNESS, localhost: ['::1', '127.0.0.1'] },
  };

  test('where the command used the name and the service listens on IPv4 alone', () => {
    const { findings } = look(known);
    expect(problems(findings)).toEqual(['localhost-is-ip6']);
    expect(findings[0]?.evidence).toContain('localhost resolves to ::1, then 127.0.0.1');
  });

  test.each<[string, Partial<Seen>]>([
    ['it resolves to 127.0.0.1 first', { witness: { ...NO_WITNESS, localhost: ['127.0.0.1', '::1'] } }],
    ['the service listens on ::1 too', { listeners: [postfix, { ...postfix, address: '::1' }] }],
    ['the command named the address', { attempts: [command(output.replace('localhost', '127.0.0.1'))] }],
    ['nobody listens at all', { listeners: [] }],
  ])('not where %s', (_, change) => {
    expect(problems(look({ ...known, ...change }).findings)).not.toContain('localhost-is-ip6');
  });
});

describe('a NAT rule that sends the connection elsewhere', () => {
  const ruleset = rules('*nat\n:OUTPUT ACCEPT\n-A OUTPUT -p tcp --dport 25 -j REDIRECT --to-ports 2525\nCOMMIT\n');
  const known = { ruleset, attempts: [connection('refused')], listeners: [postfix] };

  test('is named with the place that nobody listens at, and what waits in vain', () => {
    const { verdict, findings } = look(known);
    expect([verdict, ...problems(findings)]).toEqual(['nat', 'redirected']);
    expect(findings[0]?.title).toContain('127.0.0.1:25 to 127.0.0.1:2525');
    expect(findings[0]?.evidence).toContain('master listens at 127.0.0.1:25, which such a connection never reaches');
    expect(findings[0]?.commands).toContainEqual(['iptables', '-t', 'nat', '-S', 'OUTPUT']);
  });

  test('is not blamed where a service listens there', () => {
    const { findings } = look({ ...known, listeners: [postfix, { ...postfix, port: 2525 }] });
    expect(findings.map(({ id }) => id)).toEqual(['failed-unexplained']);
  });
});

test('a failure that nothing explains is told all the same', () => {
  const { verdict, findings } = look({ attempts: [connection('refused')], listeners: [postfix] });
  expect([verdict, ...findings.map(({ id }) => id)]).toEqual(['undecided', 'failed-unexplained']);
  expect(findings[0]?.evidence).toEqual(['connecting to 127.0.0.1:25: refused at once']);
});

test('a service that listens and does not answer is named, where the rules are not in the way', () => {
  const { findings } = look({ attempts: [connection('timed-out')], listeners: [postfix] });
  expect(problems(findings)).toEqual(['no-answer']);
  expect(problems(look({ attempts: [connection('timed-out')] }).findings)).toEqual([]);
});

test('a refusal by permission is laid to netfilter only where its rules say so', () => {
  const { verdict, findings } = look({ attempts: [connection('not-permitted')] });
  expect([verdict, ...problems(findings)]).toEqual(['not-the-firewall', 'permission']);
  expect(look({ ruleset: CLOSED, attempts: [connection('not-permitted')] }).verdict).toBe('loopback-blocked');
});

describe("a failing command's own words", () => {
  test.each([
    ['name-resolution', 'curl: (6) Could not resolve host: example.org'],
    ['name-resolution', 'ping: example.org: Temporary failure in name resolution'],
    ['tls', 'curl: (60) SSL certificate problem: unable to get local issuer certificate'],
    ['tls', 'Error: certificate has expired'],
    ['login', '530 Login incorrect.'],
    ['login', "ERROR 1045 (28000): Access denied for user 'x'@'localhost'"],
    ['permission', 'cp: cannot create regular file /x: Permission denied'],
  ])('point to %s: %s', (id, output) => {
    const { verdict, findings } = look({ attempts: [command(output)] });
    expect([verdict, ...problems(findings)]).toEqual(['not-the-firewall', id]);
    expect(findings[0]?.evidence).toEqual([`its output: ${output}`]);
  });

  test.each([
    ['a path of certificates', 'reading /etc/ssl/certs/ca.pem'],
    ['a number that is no reply code', 'sent 5300 bytes, 1530 left'],
    ['nothing of the kind', 'something went wrong'],
  ])('point to nothing: %s', (_, output) => {
    expect(problems(look({ attempts: [command(output)] }).findings)).toEqual([]);
  });

  test('count for nothing where the command worked', () => {
    expect(look({ attempts: [command('Could not resolve host: x', 0)] }).findings.map(({ id }) => id)).toEqual([
      'all-works',
    ]);
  });
});

describe('drops elsewhere', () => {
  const away = { device: 'IN= OUT=eth0', from: '192.0.2.10', to: '198.51.100.7', dpt: 443 };

  test('name the destination and the rule, each packet once', () => {
    const entries = ['/var/log/syslog', 'journal'].map((source) => tcp({ ...away, prefix: 'out: ', source }));
    const { verdict, findings, elsewhere } = look({ entries });
    expect(verdict).toBe('blocked-elsewhere');
    expect(elsewhere).toHaveLength(1);
    expect(findings[0]?.evidence).toEqual([
      'TCP to 198.51.100.7:443 by eth0: stopped by rule 3 of OUTPUT (iptables, IPv4): -A OUTPUT -d 198.51.100.0/24 -j DROP',
    ]);
  });

  test('are none where the packet was logged and passed, came in, or was written by nobody here', () => {
    const audit = rules('-A OUTPUT -j LOG --log-prefix "[UFW AUDIT] "');
    const passed = look({ ruleset: audit, entries: [tcp({ ...away, prefix: '[UFW AUDIT] ' })] });
    const inbound = look({ entries: [tcp({ ...away, device: 'IN=eth0 OUT=', prefix: 'out: ' })] });
    const foreign = look({ entries: [tcp({ ...away, prefix: 'docker: ' })] });
    const foreignDrop = look({ ruleset: audit, entries: [tcp({ ...away, prefix: 'container-DROP: ' })] });
    for (const { verdict } of [passed, inbound, foreign, foreignDrop]) expect(verdict).toBe('undecided');
  });
});

test('what works leaves nothing to blame', () => {
  const { verdict, findings } = look({ attempts: [connection('connected')], listeners: [postfix] });
  expect([verdict, ...findings.map(({ id }) => id)]).toEqual(['works', 'all-works']);
});

describe('an entry on lo that is about another machine', () => {
  const reset = { from: '198.51.100.7', to: '192.0.2.10', spt: 443, dpt: 40_577, flags: 'ACK RST' };
  const ruleset = rules('-A OUTPUT -o lo -j LOG\n-A OUTPUT -o lo -j DROP');

  test('is no loopback conversation, and told as what it is', () => {
    const { verdict, blocked, findings } = look({ ruleset, entries: [tcp(reset)] });
    expect([verdict, blocked]).toEqual(['undecided', []]);
    expect(findings[0]).toMatchObject({ id: 'answered-for-another' });
    expect(findings[0]?.evidence).toEqual(['TCP from 198.51.100.7:443 to 192.0.2.10:40577 (ACK RST)']);
  });

  test('is none where the other end is unknown to be this server’s, or both are', () => {
    for (const to of ['203.0.113.9', '127.0.0.1', '198.51.100.7']) {
      const { findings } = look({ ruleset, entries: [tcp({ ...reset, to })] });
      expect(findings.map(({ id }) => id)).not.toContain('answered-for-another');
    }
    const { verdict } = look({ ruleset, entries: [tcp({ from: '192.0.2.10', to: '127.0.0.1' })] });
    expect(verdict).toBe('loopback-blocked');
  });
});

test('what an own attempt has settled on the first page is settled for what fails too', () => {
  const ruleset = rules('-A OUTPUT -m statistic --mode random --probability 0.999 -j DROP');
  const attempts = [connection('timed-out')];
  expect(look({ ruleset, attempts }).verdict).toBe('undecided');
  const mail = rootConversation('tcp', '127.0.0.1', 25);
  const rose = findSuspects(ruleset, traceConversation(ruleset, mail, surroundings));
  const tried = [{ conversation: mail, end: 'timed-out', rose }] as const;
  const { verdict, blocked } = look({ ruleset, attempts, tried });
  expect([verdict, blocked[0]?.stop?.rule.number]).toEqual(['loopback-blocked', 1]);
});

describe('a command that lo-doctor held against attempts of its own', () => {
  const failing = (output: string, trail: Partial<CommandTrail> = {}): Attempt => ({
    kind: 'command',
    commandLine: 'x',
    code: 28,
    output,
    trail: { user: null, elsewhere: false, sockets: [], programs: [], outside: [], ...trail },
  });
  const own = (end: ConnectionEnd, port = 8080): Attempt => ({
    kind: 'connection',
    conversation: rootConversation('tcp', '127.0.0.1', port),
    end,
    detail: '',
    because: 'the command line names it',
  });

  test('is tied to the rule by what failed at the same place, though it says nothing itself', () => {
    const { verdict, blocked } = look({ ruleset: CLOSED, attempts: [failing(''), own('timed-out')] });
    expect([verdict, blocked[0]?.stop?.rule.number]).toEqual(['loopback-blocked', 2]);
  });

  test('is explained by nothing that another program waits for in vain', () => {
    const others = { ...own('timed-out', 9999), isOthers: true } as const;
    const listening = { ...postfix, port: 9999 };
    const { verdict, findings } = look({ attempts: [failing('no'), own('connected'), others], listeners: [listening] });
    expect([verdict, ...findings.map(({ id }) => id)]).toEqual(['undecided', 'command-fails-alone']);
    // That a rule stops it is so, whoever waits.
    expect(look({ ruleset: CLOSED, attempts: [failing('no'), others] }).verdict).toBe('loopback-blocked');
  });

  test('and that alone sees a time-out: both are told, and nobody is blamed', () => {
    const output = 'mail: cannot connect to 127.0.0.1, port 8080: Connection timed out';
    const web = { ...postfix, port: 8080 };
    const { verdict, findings } = look({ attempts: [failing(output), own('connected')], listeners: [web] });
    expect([verdict, ...findings.map(({ id }) => id)]).toEqual(['undecided', 'command-fails-alone']);
    expect(findings[0]?.evidence.join()).toContain('Connection timed out');
    expect(findings[0]?.evidence.join()).toContain("lo-doctor's own attempt at 127.0.0.1:8080 as user 0");
  });

  test('is evaluated where it goes to another machine, and the rule is named', () => {
    const outside: CommandTrail['outside'] = [
      {
        protocol: 'tcp',
        address: '198.51.100.7',
        port: 443,
        because: 'its output names it',
        route: { device: 'eth0', source: '192.0.2.10' },
        uid: 0,
        isOthers: false,
      },
    ];
    const { verdict, findings } = look({ attempts: [failing('timed out', { outside })] });
    expect([verdict, ...problems(findings)]).toEqual(['blocked-elsewhere', 'outside-blocked']);
    expect(findings[0]?.evidence[0]).toMatch(
      /^TCP to 198\.51\.100\.7:443 by eth0 .* rule 3 of OUTPUT .*: -A OUTPUT -d 198/,
    );
    const open = look({ ruleset: rules('-A OUTPUT -o lo -j ACCEPT'), attempts: [failing('timed out', { outside })] });
    expect(problems(open.findings)).toEqual([]);
    // Another program's place is no evidence about the command.
    const others = outside.map((one) => ({ ...one, isOthers: true }));
    const theirs = look({ attempts: [failing('timed out', { outside: others })] });
    expect([theirs.verdict, ...problems(theirs.findings)]).toEqual(['undecided']);
    expect(theirs.findings.map(({ id }) => id)).toContain('outside-blocked-for-others');
  });

  test('in another network namespace is not judged by the rules here', () => {
    const output = 'curl: (7) Failed to connect to 127.0.0.1 port 8080 after 0 ms: Connection refused';
    const { verdict, blocked } = look({ ruleset: CLOSED, attempts: [failing(output, { elsewhere: true })] });
    expect([verdict, blocked]).toEqual(['undecided', []]);
  });

  test('whose socket was bound to a device asked a loopback address there, whatever rule dropped it', () => {
    const ruleset = rules('-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -j LOG --log-prefix "out: "\n-A OUTPUT -j DROP');
    const entries = [tcp({ device: 'IN= OUT=eth0', from: '192.0.2.10', to: '127.3.2.1', dpt: 53, prefix: 'out: ' })];
    const output = '127.3.2.1:53: [Errno 1] Operation not permitted';
    const { verdict, findings } = look({ ruleset, entries, attempts: [failing(output)] });
    expect([verdict, ...problems(findings)]).toEqual(['blocked-elsewhere', 'bound-to-device']);
    expect(findings[0]?.evidence[0]).toContain(
      '127.3.2.1:53 was sent by eth0, not by lo: dropped by rule 3 of OUTPUT (iptables, IPv4)',
    );
  });
});

describe('where the rules alone do not tell', () => {
  const ruleset = rules('-A OUTPUT -m recent --name x --rcheck -j ACCEPT\n-A OUTPUT -j REJECT');
  const attempts = [connection('refused')];

  test('a refusal by a service that listens is the one rejecting rule', () => {
    const { verdict, blocked } = look({ ruleset, attempts, listeners: [postfix] });
    expect([verdict, blocked[0]?.stop?.rule.number, blocked[0]?.trace.outcome]).toEqual([
      'loopback-blocked',
      2,
      'unknown',
    ]);
  });

  test.each<[string, Partial<Seen>]>([
    ['nobody listens', { listeners: [] }],
    ['it timed out, which a service can do too', { attempts: [connection('timed-out')] }],
    ['a command said so alone', { attempts: [command('connect to 127.0.0.1 port 25: Connection refused')] }],
  ])('and none where %s', (_, change) => {
    const { verdict, blocked } = look({ ruleset, attempts, listeners: [postfix], ...change });
    expect([verdict, blocked]).toEqual(['undecided', []]);
  });
});

test.each(['timed-out', 'unreachable'] as const)('an lo that is down is told, and no rule is blamed: %s', (end) => {
  const finding = {
    id: 'lo-down',
    severity: 'problem',
    title: 'lo is down',
    evidence: [],
    advice: '',
    commands: [],
  } as const;
  const wayFaults = [{ kinds: ['ip', 'ip6', 'own'], outcome: 'blocked', finding }] as const;
  const witness = { ...NO_WITNESS, localhost: ['127.0.0.1'], wayFaults };
  const { verdict, findings } = look({ ruleset: CLOSED, attempts: [connection(end)], listeners: [postfix], witness });
  expect(verdict).toBe('not-the-firewall');
  expect(problems(findings)).toEqual(['lo-down']);
  expect(findings[0]?.evidence.join()).toContain('its rules would stop this connection too');
});
