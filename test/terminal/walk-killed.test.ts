// However the wizard ends, the server is as it was before: at once where it can still act, else when the time is up.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { describeKernel } from '../kernel/available.ts';
import type { Lab } from '../kernel/lab.ts';
import { openDoctor, startMailServer } from './mail-server.ts';
import type { Terminal } from './tmux.ts';
import { type Answer, answer, answerInLines, toTheEnd, toTheEndInLines } from './walk.ts';

/** Rules that log nothing by themselves: the walk turns logging on, so there is more than the fix to take back. */
const server = { ip: { output: ['-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT', '-A OUTPUT -j DROP'] } };
const confirming = toTheEnd.map(
  ([page, ...keys]): Answer => (String(page).includes('Keep') ? [page] : [page, ...keys]),
);

/** Every rule in force, without comments and counters. */
async function readRules(lab: Lab): Promise<string> {
  const dump = await lab.run(['sh', '-c', 'iptables-save; ip6tables-save']);
  return dump.replace(/^#.*\n/gm, '').replace(/\[\d+:\d+\]/g, '');
}

const permit = '-A OUTPUT -o lo -m comment --comment "lo-doctor CASE: permit loopback" -j ACCEPT';
const withoutNames = (rules: string): string => rules.replace(/lo-doctor \w+: /g, 'lo-doctor CASE: ');

const listWatchdogs = (lab: Lab) => lab.run(['sh', '-c', 'ps -eo args | grep "[s]h ./watch" || true']);

/** Runs a walk up to a page, on a server whose rules were `before`. */
async function walkUpTo(
  pages: readonly Answer[],
  { confirmWithin = 60 }: { confirmWithin?: number },
  test: (walk: { lab: Lab; wizard: Terminal; before: string }) => Promise<void>,
): Promise<void> {
  await using lab = await startMailServer(server);
  const before = await readRules(lab);
  await using wizard = await openDoctor(['--confirm-within', `${confirmWithin}`], { lab });
  await answer(wizard, pages);
  await test({ lab, wizard, before });
}

/** Waits for the rules to be as they were; rejects when it takes longer. */
const expectUndone = (lab: Lab, before: string, within: number) =>
  vi.waitFor(async () => expect(await readRules(lab)).toBe(before), { timeout: within, interval: 100 });

/** Makes the time of whatever is still armed run out now: the deadline is in hundredths of a second of the uptime. */
async function letTimeRunOut(lab: Lab): Promise<void> {
  await lab.run(['sh', '-c', 'for case in /run/lo-doctor/*/deadline; do echo 0 > "$case"; done']);
}

const readSecondsLeft = async (lab: Lab): Promise<number[]> => {
  const texts = await lab.run(['sh', '-c', 'cut -d" " -f1 /proc/uptime; cat /run/lo-doctor/*/deadline']);
  const [uptime = 0, ...deadlines] = texts.trim().split('\n').map(Number);
  return deadlines.map((deadline) => deadline / 100 - uptime);
};

describeKernel('a wizard that ends while the fix waits to be kept', () => {
  it.concurrent.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const)('takes it back at once on %s', (signal, code) =>
    walkUpTo(confirming, {}, async ({ lab, wizard, before }) => {
      expect(await readRules(lab)).toContain('permit loopback');
      await wizard.kill(signal);
      expect(await wizard.exitCode()).toBe(code);
      expect(await readRules(lab)).toBe(before);
      expect(await lab.run(['ls', '/run/lo-doctor'])).toBe('');
    }),
  );

  it.concurrent('takes it back at once on Ctrl-C', () =>
    walkUpTo(confirming, {}, async ({ lab, wizard, before }) => {
      await wizard.press('C-c');
      expect(await wizard.exitCode()).toBe(130);
      expect(await readRules(lab)).toBe(before);
      expect(await wizard.screen()).toContain('Rolled back: the rules are as they were before');
    }));

  it.concurrent('takes it back also when Ctrl-C is pressed again and again', () =>
    walkUpTo(confirming, {}, async ({ lab, wizard, before }) => {
      await wizard.press('C-c', 'C-c', 'C-c');
      await sleep(100);
      await wizard.press('C-c');
      expect(await wizard.exitCode()).toBe(130);
      expect(await readRules(lab)).toBe(before);
    }));

  it.concurrent('takes it back at once on Ctrl-C with --plain, where the terminal sends the signal to all that runs in it', async () => {
    await using lab = await startMailServer(server);
    const before = await readRules(lab);
    await using terminal = await openDoctor(['--plain'], { lab, rows: 200 });
    await answerInLines(terminal, toTheEndInLines.slice(0, -1));
    await terminal.waitFor(/Keep the fix\?[\s\S]*Your choice:$/, 30_000);
    expect(await readRules(lab)).toContain('permit loopback');
    await terminal.press('C-c');
    expect(await terminal.exitCode()).toBe(130);
    expect(await readRules(lab)).toBe(before);
  });

  it.concurrent('takes it back at once when its terminal is closed', () =>
    walkUpTo(confirming, {}, async ({ lab, wizard, before }) => {
      await wizard.close();
      await expectUndone(lab, before, 5000);
      await vi.waitFor(async () => expect(await lab.run(['ps', '-eo', 'args'])).not.toContain('lo-doctor.js'), 5000);
    }));

  it.concurrent('is outlived by the rollback on SIGKILL', () =>
    walkUpTo(confirming, { confirmWithin: 30 }, async ({ lab, wizard, before }) => {
      await wizard.kill('SIGKILL');
      expect(await wizard.exitCode()).toBe(null);
      expect(await readRules(lab)).toContain('permit loopback');
      await vi.waitFor(async () => expect(await readRules(lab)).not.toContain('permit loopback'), { timeout: 40_000 });
      // What is left is the logging, which has an end of its own.
      await letTimeRunOut(lab);
      await expectUndone(lab, before, 5000);
    }));

  it.concurrent('takes it back when nobody answers in time, says so, and ends with 5', () =>
    walkUpTo(confirming, { confirmWithin: 10 }, async ({ lab, wizard, before }) => {
      await wizard.waitFor('Rolled back: the rules are as they were before', 45_000);
      expect(await wizard.exitCode()).toBe(5);
      expect(await readRules(lab)).toBe(before);
      const report = await lab.run(['sh', '-c', 'cat /var/lib/lo-doctor/*/report.md']);
      expect(report).toMatch(/^# lo-doctor on web1: Rolled back: the rules are as they were before\n/);
    }));
});

/** Up to which page the walk goes, by the last one that is only looked at. */
const places: readonly (readonly [title: string, pages: readonly Answer[]])[] = [
  ['choosing what fails', [...toTheEnd.slice(0, 1), ['What fails?']]],
  ['naming a command', [...toTheEnd.slice(0, 1), ['What fails?', '5'], ['Which command fails?']]],
  ['trying what fails', [...toTheEnd.slice(0, 2), ['Repeating what fails']]],
  ['waiting for the user to repeat it', [...toTheEnd.slice(0, 1), ['What fails?', '6'], ['Watching the log']]],
  ['reading the log', [...toTheEnd.slice(0, 2), ['The firewall stops local connections']]],
  ['choosing a fix', [...toTheEnd.slice(0, 3), ['How much shall be permitted?']]],
  ['looking at the commands', [...toTheEnd.slice(0, 4), [/^Permit all loopback traffic: /m]]],
];

const oneOfEachStep = new Set([
  'choosing what fails',
  'trying what fails',
  'reading the log',
  'looking at the commands',
]);

describeKernel('a wizard that ends with logging on', () => {
  it.concurrent.each(places)('takes the logging away at once on Ctrl-C while %s', (_, pages) =>
    walkUpTo(pages, {}, async ({ lab, wizard, before }) => {
      expect(await readRules(lab)).toContain('-log: 1');
      await wizard.press('C-c');
      expect(await wizard.exitCode()).toBe(130);
      expect(await readRules(lab)).toBe(before);
      expect(await lab.run(['ls', '/run/lo-doctor'])).toBe('');
    }),
  );

  it.concurrent.each(places.filter(([title]) => oneOfEachStep.has(title)))(
    'is outlived by the end of the logging on SIGKILL while %s',
    (_, pages) =>
      walkUpTo(pages, {}, async ({ lab, wizard, before }) => {
        await wizard.kill('SIGKILL');
        expect(await wizard.exitCode()).toBe(null);
        expect(await readRules(lab)).toContain('-log: 1');
        expect(await listWatchdogs(lab)).toBe('sh ./watch\n');
        const [left, ...others] = await readSecondsLeft(lab);
        expect(others).toEqual([]);
        expect(left).toBeGreaterThan(20 * 60);
        expect(left).toBeLessThanOrEqual(30 * 60);
        await letTimeRunOut(lab);
        await expectUndone(lab, before, 5000);
        await vi.waitFor(async () => expect(await listWatchdogs(lab)).toBe(''), 5000);
      }),
  );
});

describeKernel('a wizard that is killed in the midst of a change', () => {
  /** Kills it so many milliseconds after a key; whatever was begun by then has its end. */
  const killAfter = (pages: readonly Answer[], key: string, delay: number) =>
    walkUpTo(pages, { confirmWithin: 10 }, async ({ lab, wizard, before }) => {
      await wizard.press(key);
      await sleep(delay);
      await wizard.kill('SIGKILL');
      // A command that was running when it died may still come through: the watchdog has been armed before it.
      await sleep(500);
      await letTimeRunOut(lab).catch(() => {});
      await expectUndone(lab, before, 12_000);
    });

  it.concurrent.each([30, 120, 300])('leaves nothing when it dies %i ms after logging was chosen', (delay) =>
    killAfter([['blocks loopback traffic']], 'Enter', delay),
  );

  it.concurrent.each([30, 150, 350, 700])('leaves nothing when it dies %i ms after applying was chosen', (delay) =>
    killAfter([...toTheEnd.slice(0, 4), [/^Permit all loopback traffic: /m]], '1', delay),
  );

  it.concurrent.each([20, 100, 250])('keeps all or nothing when it dies %i ms after keeping was chosen', (delay) =>
    walkUpTo(confirming, { confirmWithin: 10 }, async ({ lab, wizard, before }) => {
      const savedBefore = await lab.run(['cat', '/etc/iptables/rules.v4']);
      await wizard.press('Enter');
      await sleep(delay);
      await wizard.kill('SIGKILL');
      await sleep(500);
      // Kept is what was chosen, be it saved by then (`confirmed`) or not (`saving`, which the next start tells and settles).
      const isKept = await lab.exec([
        'sh',
        '-c',
        'ls /var/lib/lo-doctor/*/confirmed /var/lib/lo-doctor/*/saving /run/lo-doctor/*/confirmed /run/lo-doctor/*/saving',
      ]);
      await letTimeRunOut(lab).catch(() => {});
      const after = isKept.stdout === '' ? before : before.replace('-A OUTPUT -j DROP', (drop) => `${permit}\n${drop}`);
      await vi.waitFor(async () => expect(withoutNames(await readRules(lab))).toBe(after), 12_000);
      const saved = withoutNames(await lab.run(['cat', '/etc/iptables/rules.v4']));
      const savedAfter = savedBefore.replace('-A OUTPUT -j DROP', (drop) => `${permit}\n${drop}`);
      expect(isKept.stdout === '' ? [savedBefore] : [savedBefore, savedAfter]).toContain(saved);
    }),
  );
});
