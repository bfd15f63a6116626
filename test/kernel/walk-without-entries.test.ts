// What the wizard concludes where no log entry tells: by the command's words, its sockets, attempts of its own, the rules and their counters.
import { expect, it } from 'vitest';
import { describeKernel } from './available.ts';
import { startSituation } from './situation.ts';

/** What a page of step 3 says: its heading and what stands below, up to the choices. */
const readLogPage = (transcript: string): string =>
  /== 3 Read the log: (?!Reading)[\s\S]*?(?=\nYour choice)/.exec(transcript)?.[0].replaceAll(/\s+/g, ' ') ?? transcript;

const python = (code: string) => `python3 -c "${code}"`;

const commands: readonly (readonly [what: string, command: string])[] = [
  ['says nothing and is ended from outside', 'timeout 2 bash -c "</dev/tcp/127.0.0.1/8080"'],
  ['names it in code', python("import socket; socket.create_connection(('127.0.0.1', 8080), 2)")],
  ['names it in a file alone', 'python3 /run/ask.py'],
  [
    'names it nowhere, and waits for it',
    python("import socket; socket.create_connection(('127.0.0.' + chr(49), 8000 + 80), 2)"),
  ],
];

describeKernel('a failed command and a policy that does not log', () => {
  it.concurrent.each(commands)('is tied to the rule where it %s', async (_, command) => {
    await using server = await startSituation({ script: 'iptables -P OUTPUT DROP', log: 'none' });
    await server.startTcpServer(8080);
    await server.sh(
      `printf '%s\\n' 'import socket' 'HOST = "127.0.0.1:8080"' 'socket.create_connection(HOST.split(":"), 2)' > /run/ask.py`,
    );
    const { code, stdout } = await server.walk({ command, logging: false });
    const page = readLogPage(stdout);
    expect(page).toContain('The firewall stops local connections: HTTP (8080) (port 8080)');
    expect(page).toContain('the policy of OUTPUT');
    expect(page).toContain('1. Show how to fix it [Enter]');
    expect(code).toBe(1);
  });

  it('is tried as the user that it runs as', async () => {
    const script = 'iptables -A OUTPUT -p tcp --dport 8080 -m owner --uid-owner www-data -j REJECT';
    await using server = await startSituation({ script, log: 'none' });
    await server.startTcpServer(8080);
    const command = 'setpriv --reuid 33 --clear-groups bash -c "exec 3<>/dev/tcp/127.0.0.1/8080" 2>/dev/null';
    const page = readLogPage((await server.walk({ command, logging: false })).stdout);
    expect(page).toContain('The firewall stops local connections');
    expect(page).toContain('rule 1 of OUTPUT');
  });
});

describeKernel('where the rules alone do not tell', () => {
  it('a refusal by a service that listens is laid to the one rule that rejects', async () => {
    const script = `iptables -A OUTPUT -m statistic --mode random --probability 0.00001 -j ACCEPT
      iptables -A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
      iptables -A OUTPUT -j REJECT`;
    await using server = await startSituation({ script, log: 'none' });
    await server.startTcpServer(5432);
    const command = 'bash -c "</dev/tcp/127.0.0.1/5432"';
    const { stdout } = await server.walk({ command, logging: false });
    const page = readLogPage(stdout);
    expect(page).toContain('The firewall stops local connections: PostgreSQL (port 5432)');
    expect(page).toContain('rule 3 of OUTPUT');
    expect(page).toContain('TCP to 127.0.0.1:5432: refused');
  });
});

describeKernel('what is not on lo', () => {
  /** A published port as Docker has it: a proxy of the host's own asks the container by a bridge. */
  const proxy = `ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up
    ip link add ve0 type veth peer name ve1; ip link set ve0 master docker0 up; ip link set ve1 up
    iptables -A OUTPUT -o lo -j ACCEPT; iptables -A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
    iptables -P OUTPUT DROP
    cat > /run/proxy.py <<'PY'
import socket, threading
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('0.0.0.0', 8090)); s.listen(9)
def carry(c):
    try: socket.create_connection(('172.17.0.2', 80), 20)
    except OSError: pass
    c.close()
while True: threading.Thread(target=carry, args=(s.accept()[0],)).start()
PY`;
  const ask = python("import socket; s = socket.create_connection(('127.0.0.1', 8090), 2); s.recv(1)");

  it('and dropped without a line is named with its rule, by who waits for it; a permit of lo is not advised', async () => {
    await using server = await startSituation({ script: proxy });
    await server.spawn(['python3', '/run/proxy.py']);
    const isUp = () => server.sh('ss -Hltn "sport = :8090"');
    await expect.poll(isUp, { timeout: 10_000 }).toContain('8090');
    const silent = readLogPage((await server.walk({ command: ask, logging: false })).stdout);
    expect(silent).toContain('a permit of loopback would not help');
    expect(silent).toMatch(
      /TCP to 172\.17\.0\.2:80 by docker0 .* the policy of OUTPUT \(iptables, IPv4\): policy drop, without a line in the log/,
    );
    const { stdout } = await server.walk({ command: ask });
    expect(stdout).toContain('urn logging on (1 LOG rule');
    expect(readLogPage(stdout)).toMatch(/OUT=docker0 SRC=172\.17\.0\.1 DST=172\.17\.0\.2/);
    expect(await server.sh('iptables-save')).not.toContain('LOG');
  });

  it('though the address is loopback is the doing of a socket that is bound to a device', async () => {
    await using server = await startSituation({
      script: `cat > /run/bound.py <<'PY'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET, 25, b'eth0'); s.settimeout(2)
try: s.sendto(b'x', ('127.3.2.1', 53)); print(s.recv(9))
except Exception as e: print('127.3.2.1:53:', e); sys.exit(1)
PY`,
    });
    const serve =
      "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.3.2.1', 53))\nwhile True: s.sendto(b'ok', s.recvfrom(2000)[1])";
    await server.spawn(['python3', '-c', serve]);
    const open = readLogPage((await server.walk({ command: 'python3 /run/bound.py' })).stdout);
    expect(open).toMatch(/The firewall is not to blame .* python3 had a UDP socket bound to eth0/);
    await server.sh('iptables -A OUTPUT -o lo -j ACCEPT; iptables -A OUTPUT -j LOG; iptables -A OUTPUT -j DROP');
    const closed = readLogPage((await server.walk({ command: 'python3 /run/bound.py' })).stdout);
    expect(closed).toContain('a permit of loopback would not help');
    expect(closed).not.toContain('not to blame');
    expect(closed).toContain(
      'UDP to 127.3.2.1:53 was sent by eth0, not by lo: dropped by rule 3 of OUTPUT (iptables, IPv4): -A OUTPUT -j DROP',
    );
  });
});

describeKernel('a fix that is kept though the command still fails', () => {
  it('is kept and not verified, in words, report and exit code', async () => {
    const script = 'iptables -A OUTPUT -p tcp --dport 6379 -j REJECT';
    await using server = await startSituation({ script });
    await server.startTcpServer(6379);
    const command = 'bash -c "exec 3<>/dev/tcp/127.0.0.1/6379; exit 7"';
    const { code, stdout } = await server.walk({ command, fix: true });
    expect([code, stdout]).toEqual([1, expect.stringContaining('Kept, not verified: the command still ends with 7')]);
    expect(stdout).not.toContain('Fixed, verified');
    const { document } = await server.document(['report']);
    expect(document).toMatchObject({ outcome: 'kept-unverified' });
    const { stdout: report } = await server.doctor(['report']);
    expect(report).toContain('the fix was kept, though what failed still fails');
  });
});
