// Following a real log: from every source, through rotation and restarts, nothing lost, nothing twice, nothing old.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { findLogSources, type LogSource } from '../../src/host/logs/log-source.ts';
import { openLogs, type RawLine } from '../../src/host/logs/open-logs.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';

const syslog: LogSource = { kind: 'file', id: '/var/log/syslog', path: '/var/log/syslog', state: 'written' };
const journal: LogSource = { kind: 'journal', id: 'journal' };
const kernel: LogSource = { kind: 'kernel', id: 'kernel log' };

let labs = 0;
/** A prefix of its own for each lab: the kernel's log is one for all. */
const newPrefix = () => `hl${process.pid}x${labs++}`;

async function logEverything(lab: Lab, prefix: string): Promise<void> {
  await lab.loadRules(
    `*filter\n-A OUTPUT -p udp ! --dport 53 -j LOG --log-prefix "${prefix}: "\n-A OUTPUT -p udp -j DROP\nCOMMIT\n`,
  );
}

/** Sends one packet to each port from `first` on; the kernel logs each in its own line. */
function send(lab: Lab, first: number, count: number, pause = 0): Promise<string> {
  const loop = `for p in $(seq ${first} ${first + count - 1}); do echo x > /dev/udp/127.0.0.1/$p; sleep ${pause}; done 2>/dev/null; true`;
  return lab.run(['bash', '-c', loop]);
}

/** Collects the ports that a source's lines with this prefix name. */
function collect(lines: AsyncIterable<RawLine>, prefix: string) {
  const seen: RawLine[] = [];
  const done = (async () => {
    for await (const line of lines) if (line.line.includes(prefix)) seen.push(line);
  })();
  const ports = (source: LogSource) =>
    seen.filter((one) => one.source === source.id).map((one) => Number(/DPT=(\d+)/.exec(one.line)?.[1]));
  return { seen, ports, done };
}

/** How many processes of ours follow a log; a zombie that the lab has not reaped yet is none. */
async function followers(lab: Lab): Promise<number> {
  const processes = await lab.run(['ps', '-eo', 'stat,args']);
  return processes
    .split('\n')
    .filter((line) =>
      /^[^Z]\S* +(tail -c|journalctl -q -o json -f|bash -c read -r machine|dd if=\/dev\/kmsg bs)/.test(line),
    ).length;
}

const range = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

const hangUp = ['sh', '-c', 'kill -HUP $(pgrep -x rsyslogd)'] as const;

describeKernel('openLogs', () => {
  it('finds the sources that are there', async () => {
    await using lab = await startLab();
    await lab.startRsyslog({ only: newPrefix() });
    await lab.startJournald();
    await lab.run(['touch', '-d', '3 days ago', '/var/log/kern.log']);
    const messages: LogSource = { kind: 'file', id: '/var/log/messages', path: '/var/log/messages', state: 'missing' };
    const old: LogSource = { kind: 'file', id: '/var/log/kern.log', path: '/var/log/kern.log', state: 'quiet' };
    expect(await findLogSources(hostInLab(lab))).toEqual([kernel, journal, messages, syslog, old]);
  });

  it('gives each new line once for each source, and none that is older than the mark', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.startRsyslog({ only: prefix });
    await lab.startJournald();
    await logEverything(lab, prefix);
    await send(lab, 100, 20);
    const logs = await openLogs(hostInLab(lab), [syslog, journal, kernel]);
    const { ports, done } = collect(logs.lines, prefix);
    await send(lab, 200, 50);
    for (const source of [syslog, journal, kernel]) {
      await expect.poll(() => ports(source).length, { timeout: 5000 }).toBe(50);
      expect(ports(source)).toEqual(range(200, 50));
    }
    await sleep(600);
    expect(ports(journal)).toHaveLength(50);
    logs.stop();
    logs.stop();
    await done;
    await expect.poll(() => followers(lab)).toBe(0);
  });

  it('loses and repeats nothing when the file is rotated by rename and the daemon is told later', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.startRsyslog({ only: prefix });
    await logEverything(lab, prefix);
    await send(lab, 100, 5);
    const logs = await openLogs(hostInLab(lab), [syslog]);
    const { ports, done } = collect(logs.lines, prefix);
    const sending = send(lab, 1000, 300, 0.01);
    for (let turn = 1; turn <= 2; turn += 1) {
      await sleep(500);
      // As logrotate does with `create`: an empty new file at once, the daemon hears of it later.
      await lab.run(['sh', '-c', `mv /var/log/syslog /var/log/syslog.${turn} && : > /var/log/syslog`]);
      await sleep(700);
      await lab.run(hangUp);
    }
    await sending;
    await expect.poll(() => ports(syslog).length, { timeout: 5000 }).toBe(300);
    expect(ports(syslog).toSorted((a, b) => a - b)).toEqual(range(1000, 300));
    const files = await lab.run(['sh', '-c', 'grep -c DPT= /var/log/syslog.1 /var/log/syslog.2 /var/log/syslog']);
    expect(files).not.toContain(':0');
    logs.stop();
    await done;
  });

  it('goes on when the file is copied and truncated', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.startRsyslog({ only: prefix });
    await logEverything(lab, prefix);
    await send(lab, 100, 50);
    const logs = await openLogs(hostInLab(lab), [syslog]);
    const { ports, done } = collect(logs.lines, prefix);
    for (let turn = 0; turn < 4; turn += 1) {
      await send(lab, 1000 + turn * 10, 10);
      await expect.poll(() => ports(syslog).length, { timeout: 5000 }).toBe((turn + 1) * 10);
      await lab.run(['sh', '-c', 'cp /var/log/syslog /var/log/syslog.1 && : > /var/log/syslog']);
    }
    expect(ports(syslog)).toEqual(range(1000, 40));
    logs.stop();
    await done;
  });

  const rotate = 'cp /var/log/syslog /var/log/syslog.1 && : > /var/log/syslog';
  it.each([
    ['copied', 'syslog.1', rotate],
    ['copied and packed', 'syslog.1.gz', `${rotate} && gzip /var/log/syslog.1`],
    ['copied with a date', 'syslog-20261122', rotate.replace('syslog.1', 'syslog-20261122')],
  ])('reads what it had not read yet from the copy, when the file is %s and truncated', async (_, copy, rotation) => {
    await using lab = await startLab();
    await lab.run(['tee', '/var/log/syslog', '/var/log/syslog.2'], { input: 'late old\n' });
    const asGrandchild: Lab['inside'] = (command, as) => lab.inside(['sh', '-c', '"$@"; true', 'sh', ...command], as);
    const logs = await openLogs(hostInLab({ ...lab, inside: asGrandchild }), [syslog]);
    const { seen, done } = collect(logs.lines, 'late');
    const write = (text: string) => lab.run(['tee', '-a', '/var/log/syslog'], { input: text });
    for (const [turn, before] of [
      [1, []],
      [2, ['late 3']],
    ] as const) {
      await expect.poll(async () => (await lab.exec(['pkill', '-STOP', '-x', 'tail'])).code).toBe(0);
      await write(`late ${turn}a\nlate ${turn}b\n`);
      // The look that sees the size before is taken twice a second.
      await sleep(700);
      await lab.run(['sh', '-c', rotation]);
      await lab.run(['pkill', '-CONT', '-x', 'tail']);
      const lines = [...before, `late ${turn}a`, `late ${turn}b`];
      await expect.poll(() => seen.map(({ line }) => line), { timeout: 5000 }).toEqual(lines);
      seen.length = 0;
      await lab.run(['rm', `/var/log/${copy}`]);
      if (turn === 1) await write('late 3\n');
      if (turn === 1) await expect.poll(() => seen.map(({ line }) => line), { timeout: 5000 }).toEqual(['late 3']);
    }
    logs.stop();
    await done;
  });

  it('tells nothing of an older copy when the file is emptied by hand', async () => {
    await using lab = await startLab();
    await lab.run(['sh', '-c', 'echo a >/var/log/syslog; printf "%s\\n" late old >/var/log/syslog.1; sleep 6.5']);
    const logs = await openLogs(hostInLab(lab), [syslog]);
    const { seen, done } = collect(logs.lines, '');
    await sleep(700);
    await lab.run(['sh', '-c', ': >/var/log/syslog; sleep 1; echo new >>/var/log/syslog']);
    await expect.poll(() => seen.map(({ line }) => line), { timeout: 5000 }).toContain('new');
    expect(seen).toHaveLength(1);
    logs.stop();
    await done;
  });

  it('goes on with a file that is renamed and packed at once', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.startRsyslog({ only: prefix });
    await logEverything(lab, prefix);
    const logs = await openLogs(hostInLab(lab), [syslog]);
    const { ports, done } = collect(logs.lines, prefix);
    const sending = send(lab, 1000, 150, 0.01);
    await sleep(600);
    await lab.run(['sh', '-c', 'mv /var/log/syslog /var/log/syslog.1; gzip /var/log/syslog.1; : > /var/log/syslog']);
    await sleep(600);
    await lab.run(hangUp);
    await sending;
    await expect.poll(() => ports(syslog).length, { timeout: 5000 }).toBe(150);
    expect(ports(syslog).toSorted((a, b) => a - b)).toEqual(range(1000, 150));
    logs.stop();
    await done;
  });

  it('survives a restart of rsyslogd, and lines whose clock was set back', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.startRsyslog({ only: prefix });
    await logEverything(lab, prefix);
    const logs = await openLogs(hostInLab(lab), [syslog]);
    const { ports, seen, done } = collect(logs.lines, prefix);
    await send(lab, 500, 5);
    await expect.poll(() => ports(syslog), { timeout: 5000 }).toEqual(range(500, 5));
    await lab.run(['sh', '-c', 'kill $(pgrep -x rsyslogd); sleep 0.3; pkill -x dmesg; rm /run/kmsg']);
    await lab.startRsyslog({ only: prefix });
    await send(lab, 505, 5);
    await expect.poll(() => ports(syslog), { timeout: 5000 }).toEqual(range(500, 10));
    // The line came last, so it counts, whatever its head says.
    const setBack = `Jan  1 00:00:01 web1 kernel: ${prefix}: IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 PROTO=UDP DPT=510 \n`;
    await lab.run(['tee', '-a', '/var/log/syslog'], { input: setBack });
    await expect.poll(() => seen.at(-1)?.line, { timeout: 5000 }).toContain('Jan  1 00:00:01');
    logs.stop();
    await done;
  });

  it('waits for a file that is made later, and joins a line that is written in parts', async () => {
    await using lab = await startLab();
    const messages: LogSource = { kind: 'file', id: 'm', path: '/var/log/messages', state: 'missing' };
    const logs = await openLogs(hostInLab(lab), [messages]);
    const { seen, done } = collect(logs.lines, 'later');
    await lab.run([
      'sh',
      '-c',
      'printf "later one\\nlater " >> /var/log/messages; sleep 1; printf "two\\n" >> /var/log/messages',
    ]);
    await expect.poll(() => seen.map(({ line }) => line), { timeout: 3000 }).toEqual(['later one', 'later two']);
    logs.stop();
    await done;
  });

  it('reads on where the kernel has logged faster than it could read', async () => {
    // The kernel's log is one for all labs, and this overwrites it.
    await using lab = await startLab({ kernelLog: 'own' });
    const prefix = newPrefix();
    await logEverything(lab, prefix);
    const asGrandchild: Lab['inside'] = (command, as) => lab.inside(['sh', '-c', '"$@"; true', 'sh', ...command], as);
    const logs = await openLogs(hostInLab({ ...lab, inside: asGrandchild }), [kernel]);
    const { ports, done } = collect(logs.lines, prefix);
    await send(lab, 99, 1);
    await expect.poll(() => ports(kernel), { timeout: 5000 }).toEqual([99]);
    const reader = '(cat|dd) .*/dev/kmsg';
    await lab.run(['pkill', '-STOP', '-f', `^${reader}`]);
    const flood = [
      'bash',
      '-c',
      'for i in $(seq 20000); do echo x >/dev/udp/127.0.0.1/100; done 2>/dev/null; true',
    ] as const;
    await lab.run(flood);
    await lab.run(['pkill', '-CONT', '-f', `^${reader}`]);
    await sleep(200);
    await send(lab, 4000, 1);
    await sleep(100);
    // Who begins anew only after a while finds the line overwritten.
    await lab.run(flood);
    await expect.poll(() => ports(kernel), { timeout: 5000 }).toContain(4000);
    logs.stop();
    await done;
  }, 240_000);

  it('survives a restart of journald', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.startJournald();
    await logEverything(lab, prefix);
    const logs = await openLogs(hostInLab(lab), [journal]);
    const { ports, done } = collect(logs.lines, prefix);
    await send(lab, 300, 5);
    await expect.poll(() => ports(journal).length, { timeout: 5000 }).toBe(5);
    await lab.run(['sh', '-c', 'kill $(pgrep -x systemd-journal); sleep 0.3']);
    await lab.startJournald();
    await send(lab, 305, 5);
    await expect.poll(() => ports(journal), { timeout: 5000 }).toEqual(range(300, 10));
    logs.stop();
    await done;
  });

  it('leaves nothing running when its process is killed', async () => {
    await using lab = await startLab();
    await lab.startRsyslog({ only: newPrefix() });
    await lab.startJournald();
    const url = (file: string) => JSON.stringify(new URL(`../../src/host/${file}`, import.meta.url).pathname);
    const script = `
      import { localHost } from ${url('local.ts')};
      import { openLogs } from ${url('logs/open-logs.ts')};
      const { lines } = await openLogs(localHost(), ${JSON.stringify([syslog, journal, kernel])});
      setTimeout(() => console.log('open'), 300);
      setInterval(() => {}, 1000);
      for await (const line of lines);`;
    const program = await lab.spawn([process.execPath, '--input-type=module', '-e', script]);
    await expect.poll(() => program.stdout(), { timeout: 10_000 }).toContain('open');
    expect(await followers(lab)).toBe(4);
    program.kill('SIGKILL');
    await expect.poll(() => followers(lab)).toBe(0);
  });

  it('is quick: from the packet to the line', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    await lab.startRsyslog({ only: prefix });
    await lab.startJournald();
    await logEverything(lab, prefix);
    const logs = await openLogs(hostInLab(lab), [syslog, journal, kernel]);
    const { seen, done } = collect(logs.lines, prefix);
    const delays = new Map<string, number[]>([syslog, journal, kernel].map(({ id }) => [id, []]));
    for (let port = 4000; port < 4009; port += 1) {
      const packet = `date +%s%3N; echo x 2>/dev/null >/dev/udp/127.0.0.1/${port}; true`;
      const sent = Number(await lab.run(['bash', '-c', packet]));
      const lines = () => seen.filter(({ line }) => line.includes(`DPT=${port} `));
      await expect.poll(() => lines().length, { timeout: 3000 }).toBe(3);
      for (const { source, receivedAt } of lines()) delays.get(source)?.push(receivedAt - sent);
    }
    const median = ({ id }: LogSource) => delays.get(id)?.toSorted((a, b) => a - b)[4] ?? Number.NaN;
    const medians = { syslog: median(syslog), journal: median(journal), kernel: median(kernel) };
    console.log(`from packet to line, median of 9, ms: ${JSON.stringify(medians)}`);
    expect(medians.syslog).toBeLessThan(150);
    expect(medians.kernel).toBeLessThan(150);
    // Sooner than journald itself tells its readers, also on a busy machine; the bench has the figure.
    expect(medians.journal).toBeLessThan(250);
    logs.stop();
    await done;
  });
});
