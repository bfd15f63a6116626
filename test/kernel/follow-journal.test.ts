// Following a real journal: from an exact mark, ahead of journald's own pace, through whatever happens to its files.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { followJournal, type JournalMark, markJournal } from '../../src/host/logs/follow-journal.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';

const prefix = `fj${process.pid}`;
let ports = 1000;

/** A lab with a journal, where each UDP packet is logged. */
async function startJournalLab(): Promise<Lab> {
  const lab = await startLab();
  await lab.startJournald();
  await lab.loadRules(
    `*filter\n-A OUTPUT -p udp -j LOG --log-prefix "${prefix}: "\n-A OUTPUT -p udp -j DROP\nCOMMIT\n`,
  );
  return lab;
}

/** Has so many lines logged; resolves to the ports that tell them apart. */
async function send(lab: Lab, count = 1, pause = 0): Promise<number[]> {
  const first = ports;
  ports += count;
  const loop = 'for p in $(seq $0 $1); do echo x >/dev/udp/127.0.0.1/$p; sleep $2; done 2>/dev/null; true';
  await lab.run(['bash', '-c', loop, `${first}`, `${ports - 1}`, `${pause}`]);
  return Array.from({ length: count }, (_, index) => first + index);
}

async function isWritten(lab: Lab, [port]: readonly number[]): Promise<void> {
  const read = () => lab.run(['journalctl', '-q', '-o', 'cat', '_TRANSPORT=kernel']);
  await expect.poll(read, { timeout: 10_000 }).toMatch(new RegExp(`${prefix}: .*DPT=${port} `));
}

/** Makes an entry that is not the kernel's the newest one. */
async function logByAnother(lab: Lab): Promise<void> {
  await lab.run(['sh', '-c', 'echo "an entry of another program" | systemd-cat']);
  await expect.poll(() => lab.run(['journalctl', '-q', '-n1'])).toContain('another program');
}

const journald = (signal: string) => ['sh', '-c', `kill -${signal} $(pgrep -x systemd-journal)`] as const;

/** Follows the journal, and collects the ports of this file's lines in their order. */
async function follow(lab: Lab, from?: JournalMark) {
  const host = hostInLab(lab);
  const mark = from ?? (await markJournal(host));
  if (mark === null) throw new Error('no journal');
  const over = new AbortController();
  const seen: number[] = [];
  const done = (async () => {
    for await (const line of followJournal(host, mark, over.signal)) {
      const [, port] = new RegExp(`"${prefix}: [^"]*DPT=(\\d+) `).exec(line) ?? [];
      if (port !== undefined) seen.push(Number(port));
    }
  })();
  const stop = async () => {
    over.abort();
    await done;
  };
  return { seen, stop };
}

/** Longer than journald and its readers take for what is read ahead to come a second time. */
const settle = () => sleep(1000);

describeKernel('followJournal', () => {
  it('has the first line after the mark, also where the newest entry is not of the kernel', async () => {
    await using lab = await startJournalLab();
    await isWritten(lab, await send(lab));
    await logByAnother(lab);
    const mark = await markJournal(hostInLab(lab));
    const sent = await send(lab);
    await isWritten(lab, sent);
    const { seen, stop } = await follow(lab, mark ?? { cursor: null });
    await expect.poll(() => seen, { timeout: 5000 }).toEqual(sent);
    await settle();
    expect(seen).toEqual(sent);
    await stop();
  });

  it('has every line where the journal had none of the kernel', async () => {
    await using lab = await startLab();
    await lab.run(['sh', '-c', 'mkdir -p /run/systemd/journal /etc/systemd/journald.conf.d']);
    await lab.run(['tee', '/etc/systemd/journald.conf.d/zz.conf'], { input: '[Journal]\nReadKMsg=no\n' });
    expect(await markJournal(hostInLab(lab))).toBeNull();
    await lab.spawn(['/lib/systemd/systemd-journald']);
    await expect.poll(() => markJournal(hostInLab(lab)), { timeout: 5000 }).toEqual({ cursor: null });
    const { seen, stop } = await follow(lab);
    await lab.run(['sh', '-c', 'rm /etc/systemd/journald.conf.d/zz.conf; kill $(pgrep -x systemd-journal); sleep 0.3']);
    await lab.startJournald();
    await lab.loadRules(`*filter\n-A OUTPUT -p udp -j LOG --log-prefix "${prefix}: "\nCOMMIT\n`);
    const sent = await send(lab, 3);
    await expect.poll(() => seen, { timeout: 10_000 }).toContain(sent[2]);
    await settle();
    expect(seen.filter((port) => sent.includes(port))).toEqual(sent);
    await stop();
  });

  it('tells each line once while the journal is rotated, vacuumed, moved to the disk and restarted', async () => {
    await using lab = await startJournalLab();
    await send(lab, 5);
    const { seen, stop } = await follow(lab);
    const sending = send(lab, 400, 0.01);
    for (const happening of [
      journald('USR2'),
      ['journalctl', '-q', '--vacuum-files=1'] as const,
      journald('USR1'),
      journald('USR2'),
      ['journalctl', '-q', '--vacuum-time=1s'] as const,
      ['sh', '-c', 'kill $(pgrep -x systemd-journal); sleep 0.3'] as const,
    ]) {
      await sleep(600);
      await lab.run(happening);
    }
    await lab.startJournald();
    const sent = await sending;
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(sent.length);
    await settle();
    expect(seen.toSorted((a, b) => a - b)).toEqual(sent);
    const files = await lab.run(['sh', '-c', 'ls /var/log/journal/*/']);
    expect(files).toContain('system.journal');
    await stop();
  });

  it('tells a line once that journald moves to the disk before journalctl has told it', async () => {
    await using lab = await startJournalLab();
    // A shell in between: nsenter itself would stop together with its child.
    const { seen, stop } = await follow({
      ...lab,
      inside: (command, options) => lab.inside(['sh', '-c', '"$@"; true', 'sh', ...command], options),
    });
    await expect.poll(async () => (await lab.exec(['pkill', '-STOP', '-f', '^journalctl .*-f'])).code).toBe(0);
    const sent = await send(lab);
    await expect.poll(() => seen, { timeout: 5000 }).toEqual(sent);
    await lab.run(journald('USR1'));
    await expect.poll(() => lab.run(['sh', '-c', 'ls /var/log/journal/*/*'])).toContain('system.journal');
    await lab.run(['pkill', '-CONT', '-f', '^journalctl .*-f']);
    const later = await send(lab);
    await expect.poll(() => seen, { timeout: 5000 }).toContain(later[0]);
    await settle();
    expect(seen).toEqual([...sent, ...later]);
    await stop();
  });

  it('goes on from a mark whose own entry is not to be found', async () => {
    await using lab = await startJournalLab();
    await logByAnother(lab);
    const { __CURSOR: cursor } = JSON.parse(await lab.run(['journalctl', '-q', '-n1', '-o', 'json']));
    const sent = await send(lab, 3);
    await isWritten(lab, sent.slice(2));
    const { seen, stop } = await follow(lab, { cursor });
    await expect.poll(() => seen, { timeout: 5000 }).toEqual(sent);
    await stop();
  });

  it('has every line also where no bash can look ahead, only later', async () => {
    await using lab = await startJournalLab();
    const { seen, stop } = await follow(lab);
    const late = await follow({
      ...lab,
      inside: (command, options) =>
        lab.inside(command[0] === 'bash' ? ['/nowhere/bash', ...command.slice(1)] : command, options),
    });
    await sleep(500);
    const sent = await send(lab, 20, 0.02);
    await expect.poll(() => late.seen, { timeout: 5000 }).toEqual(sent);
    expect(seen).toEqual(sent);
    await Promise.all([stop(), late.stop()]);
  });

  it('does next to nothing while it waits', async () => {
    await using lab = await startJournalLab();
    const { stop } = await follow(lab);
    await sleep(500);
    const ticks = `for p in $(pgrep -f '^bash -c read -r machine|^journalctl .*-f'); do cut -d' ' -f14-17 /proc/$p/stat; done`;
    const used = async () =>
      (await lab.run(['sh', '-c', ticks])).split(/\s+/).reduce((sum, number) => sum + Number(number), 0);
    const before = await used();
    await sleep(5000);
    // In hundredths of a second: two percent of the time.
    expect((await used()) - before).toBeLessThanOrEqual(10);
    await stop();
  });
});
