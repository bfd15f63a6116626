// Who else stops a local connection, each staged for real: what the walk says of a command that fails by it, and never that it is the firewall or a hanging service.
import { expect, it } from 'vitest';
import { begin } from '../../src/wizard/state.ts';
import { serverWork } from '../../src/work/server-work.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';

/** Inspects, runs the command as the wizard does, and says what it comes to. */
const diagnoseCommand = async (lab: Lab, commandLine: string) => {
  const work = serverWork({ host: hostInLab(lab), caseId: 'hands', now: () => new Date() });
  const start = begin({ id: 'hands', startedAt: new Date(), confirmWithin: 60, story: null }).case;
  const inspection = await work.inspect();
  const attempts = await work.attempt(
    { id: 'command', tries: [], commandLine },
    new AbortController().signal,
    () => {},
  );
  const { verdict, findings } = await work.diagnose({ ...start, inspection, attempts });
  return {
    verdict,
    findings,
    ids: findings.map(({ id }) => id),
    evidence: findings.flatMap((one) => one.evidence).join('\n'),
  };
};

const sh = (lab: Lab, script: string) => lab.run(['sh', '-e', '-c', script]);

/** A Python program in the lab that says when it is ready, and goes on. */
const start = async (lab: Lab, script: string) => {
  const running = await lab.spawn(['python3', '-u', '-c', `${script}\nprint('ready')\nimport time\ntime.sleep(600)`]);
  await expect.poll(() => running.stdout(), { timeout: 10_000 }).toContain('ready');
  return running;
};

const CONNECT = (address: string, port: number) =>
  `python3 -c "import socket; socket.create_connection(('${address}', ${port}), 2)"`;

/** Takes no connection, and lets one wait: with a queue for none, one more than there is room for is full. */
const FULL = `import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', 5432)); s.listen(0)
c = socket.create_connection(('127.0.0.1', 5432), 2)`;

/** All local ports towards one service, in use. */
const USED_UP = `import socket
s = socket.socket(); s.bind(('127.0.0.1', 8081)); s.listen(20)
held = []
try:
  while True: held.append(socket.create_connection(('127.0.0.1', 8081), 2))
except OSError as error: print(error)`;

/** An eBPF program that drops, on a control group: what IPAddressDeny=any of systemd makes. 0: ingress, 1: egress. */
const DENY = `import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
number = {'x86_64': 321, 'aarch64': 280}[os.uname().machine]
def bpf(command, attributes):
    result = libc.syscall(number, command, ctypes.create_string_buffer(bytes(attributes), 128), 128)
    if result < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
code = ctypes.create_string_buffer(struct.pack('<BBhi', 0xb7, 0, 0, 0) + struct.pack('<BBhi', 0x95, 0, 0, 0))
license = ctypes.create_string_buffer(b'GPL')
group, kind = sys.argv[1], int(sys.argv[2])
load = bytearray(128); struct.pack_into('<IIQQ', load, 0, 8, 2, ctypes.addressof(code), ctypes.addressof(license)); struct.pack_into('<I', load, 68, kind)
program = bpf(5, load)
attach = bytearray(128); struct.pack_into('<IIII', attach, 0, os.open(group, os.O_RDONLY), program, kind, 0)
bpf(8, attach)`;

/** A control group of the test's own, filtered; its path, and how a command gets into it. */
const filteredGroup = async (lab: Lab, kind: 0 | 1) => {
  await sh(lab, 'mkdir -p /run/cg; mount -t cgroup2 none /run/cg');
  const group = (await lab.run(['mktemp', '-d', '/run/cg/lo-doctor.XXXXXX'])).trim();
  await lab.run(['python3', '-c', DENY, group, `${kind}`]);
  return { group, enter: `echo $$ > ${group}/cgroup.procs` };
};

/** The group is the machine's: it goes when all that are in it have gone. */
const removeGroup = (lab: Lab, group: string) =>
  sh(
    lab,
    `for pid in $(cat ${group}/cgroup.procs); do kill $pid; done; i=0; until rmdir ${group} 2>/dev/null || [ $i = 50 ]; do i=$((i+1)); sleep 0.1; done`,
  );

describeKernel('who else stops a local connection', () => {
  it.each([
    ['lo down', 'ip link set lo down', 'lo-down'],
    [
      'an unreachable route',
      'ip route del local 127.0.0.1 dev lo table local; ip route del local 127.0.0.0/8 dev lo table local; ip route add unreachable 127.0.0.0/8 table local',
      'lo-route',
    ],
    [
      'a blackhole route',
      'ip route del local 127.0.0.1 dev lo table local; ip route del local 127.0.0.0/8 dev lo table local; ip route add blackhole 127.0.0.0/8 table local',
      'lo-route',
    ],
    [
      'a routing rule for the port',
      'ip rule add pref 100 lookup local; ip rule del pref 0; ip rule add pref 10 ipproto tcp dport 5432 prohibit',
      'lo-routing-rule',
    ],
    ['a queue on lo that drops', 'tc qdisc add dev lo root blackhole', 'lo-queue'],
  ])('%s', async (_, script, id) => {
    await using lab = await startLab();
    await lab.startTcpServer(5432);
    await sh(lab, script);
    const { verdict, ids } = await diagnoseCommand(lab, CONNECT('127.0.0.1', 5432));
    expect(ids[0]).toBe(id);
    expect(verdict).toBe('not-the-firewall');
    expect(ids).not.toContain('no-answer');
  });

  it('IPv6 that is off, for a command that calls ::1', async () => {
    await using lab = await startLab();
    await sh(lab, 'echo 1 > /proc/sys/net/ipv6/conf/lo/disable_ipv6');
    const { verdict, findings } = await diagnoseCommand(lab, CONNECT('::1', 5432));
    expect(findings[0]).toMatchObject({ id: 'ip6-off', severity: 'problem' });
    expect(verdict).toBe('not-the-firewall');
  });

  it('a full queue, with ss as the witness', async () => {
    await using lab = await startLab();
    await start(lab, FULL);
    const { verdict, ids, evidence } = await diagnoseCommand(lab, CONNECT('127.0.0.1', 5432));
    expect([verdict, ids[0]]).toEqual(['not-the-firewall', 'queue-full']);
    expect(evidence).toMatch(/ss: LISTEN 1 0 127\.0\.0\.1:5432/);
  });

  it('local ports that are used up', async () => {
    await using lab = await startLab();
    await sh(lab, 'echo 50000 50003 > /proc/sys/net/ipv4/ip_local_port_range');
    await start(lab, USED_UP);
    const { verdict, findings, evidence } = await diagnoseCommand(lab, CONNECT('127.0.0.1', 8081));
    expect(findings[0]).toMatchObject({ id: 'no-local-port' });
    expect(findings[0]?.title).toContain('used up');
    expect(evidence).toContain('50000 to 50003: 4 ports');
    expect(evidence).toContain('ss: 4 of them are connected to 127.0.0.1:8081 now');
    expect(verdict).toBe('not-the-firewall');
  });

  it("a filter on the command's control group: refused there, answered here", async () => {
    await using lab = await startLab();
    await lab.listen([{ protocol: 'udp', address: '127.0.0.1', port: 8125, kind: 'echo', banner: '' }]);
    const { group, enter } = await filteredGroup(lab, 1);
    try {
      const send = `python3 -c "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'1', ('127.0.0.1', 8125))"`;
      const { verdict, ids, evidence } = await diagnoseCommand(lab, `${enter}; ${send}`);
      expect([verdict, ids]).toEqual(['not-the-firewall', ['control-group-filter']]);
      expect(evidence).toContain("lo-doctor's own attempt at 127.0.0.1:8125");
    } finally {
      await removeGroup(lab, group);
    }
  });

  it("a time-out in a filtered control group: the command's group is seen, and both are told", async () => {
    await using lab = await startLab();
    await lab.startTcpServer(5432);
    const { group, enter } = await filteredGroup(lab, 1);
    try {
      const { verdict, ids, evidence } = await diagnoseCommand(lab, `${enter}; ${CONNECT('127.0.0.1', 5432)}`);
      expect([verdict, ids]).toEqual(['undecided', ['command-fails-alone']]);
      expect(evidence).toContain(`its control group ${group.slice('/run/cg'.length)}; lo-doctor's own is`);
    } finally {
      await removeGroup(lab, group);
    }
  });

  it("a filter on the service's control group: its queue has room, and no answer comes", async () => {
    await using lab = await startLab();
    const { group } = await filteredGroup(lab, 0);
    try {
      await start(
        lab,
        `import os, socket
open('${group}/cgroup.procs', 'w').write(str(os.getpid()))
s = socket.socket(); s.bind(('127.0.0.1', 5432)); s.listen(20)`,
      );
      const { verdict, ids, evidence } = await diagnoseCommand(lab, CONNECT('127.0.0.1', 5432));
      expect([verdict, ids[0]]).toEqual(['undecided', 'lost-unseen']);
      expect(evidence).toContain(group.slice('/run/cg'.length));
    } finally {
      await removeGroup(lab, group);
    }
  });

  it('a service in a network of its own', async () => {
    await using lab = await startLab();
    const alone =
      'import socket\ns = socket.socket(); s.bind(("0.0.0.0", 5432)); s.listen(20)\nprint("ready")\nimport time\ntime.sleep(600)';
    const running = await lab.spawn(['unshare', '-n', 'python3', '-u', '-c', alone]);
    await expect.poll(() => running.stdout(), { timeout: 10_000 }).toContain('ready');
    const { verdict, ids, evidence } = await diagnoseCommand(lab, CONNECT('127.0.0.1', 5432));
    expect([verdict, ids[0]]).toEqual(['not-the-firewall', 'service-in-own-network']);
    expect(evidence).toMatch(/process \d+ \(python3\) is in net:\[\d+\], where TCP port 5432 is listened at/);
  });

  it('a service that has bound its socket to another device', async () => {
    await using lab = await startLab();
    const bound =
      "import socket\ns = socket.socket(); s.setsockopt(socket.SOL_SOCKET, 25, b'eth0'); s.bind(('0.0.0.0', 5432)); s.listen(20)";
    await start(lab, bound);
    const { verdict, ids } = await diagnoseCommand(lab, CONNECT('127.0.0.1', 5432));
    expect([verdict, ids[0]]).toEqual(['not-the-firewall', 'listener-on-device']);
  });

  it('a Unix socket, which no firewall has to do with', async () => {
    await using lab = await startLab();
    const words = "ERROR 2002 (HY000): Can't connect to local server through socket '/run/mysqld/mysqld.sock' (2)";
    const { verdict, ids } = await diagnoseCommand(lab, `echo "${words}" >&2; exit 1`);
    expect([verdict, ids]).toEqual(['not-the-firewall', ['unix-socket']]);
  });

  it('a service that is called by UDP and never answers is no fault', async () => {
    await using lab = await startLab();
    await start(
      lab,
      'import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 8125))',
    );
    const send = `python3 -c "import socket,sys; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'1', ('127.0.0.1', 8125)); sys.exit(3)"`;
    const { findings } = await diagnoseCommand(lab, send);
    expect(findings.filter(({ severity }) => severity === 'problem')).toEqual([]);
  });
});
