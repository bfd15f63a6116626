// Every face of the walk, in every surrounding it may be started in, and what it says where it can't walk.

import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { describeKernel, describeTerminal } from '../kernel/available.ts';
import { type Lab, startLab } from '../kernel/lab.ts';
import { bundle } from '../kernel/situation.ts';
import { openDoctor, startMailServer } from './mail-server.ts';
import { openTerminal, type Terminal } from './tmux.ts';
import { type Answer, answer, answerInLines, expectToFit, readMarks, toTheEnd, toTheEndInLines } from './walk.ts';

const blocked = { ip: { output: ['-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT', '-A OUTPUT -j DROP'] } };

type Ran = { code: number | null; stdout: string; stderr: string };

/** Runs the built lo-doctor on this machine without a terminal, with this on its standard input. */
async function run(args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [bundle, ...args], { env: { ...process.env, ...env } });
  child.stdin.on('error', () => {}).end(input);
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ]);
  return { code, stdout, stderr };
}

/** Scenarios with a policy that stops loopback, and decoys, where the firewall is not to blame. */
const fixable = [
  ...['wordpress', 'mail', 'permit-after-drop', 'own-address', 'ipv6', 'names', 'input-side', 'log-after-drop'],
  ...['container', 'limited-log'],
];
const decoys = ['nobody-listens', 'elsewhere', 'service-down', 'wrong-password', 'kill-switch'];

describeTerminal('lo-doctor without a terminal', () => {
  it('lists the scenarios of the practice server', async () => {
    const { code, stdout } = await run(['practice', '--list', '--json']);
    expect(code).toBe(0);
    const { scenarios } = JSON.parse(stdout);
    expect(scenarios.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining([...fixable, ...decoys]));
    expect(scenarios).toHaveLength(fixable.length + decoys.length);
  });

  it.concurrent.each(fixable)('plays the scenario %s to its end', async (scenario) => {
    const { code, stdout, stderr } = await run(['practice', scenario]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('OUT=lo'.replace('OUT', scenario === 'input-side' ? 'IN' : 'OUT'));
    expect(stdout).toMatch(/\n== 5 Verify: Fixed, verified and kept\n/);
    expect(stdout).toContain('Solved. ');
    expect(stdout).toMatch(/lo-doctor practice (?!--list)\S+|That was the last/);
    expect(stdout).not.toContain('\x1b');
  });

  it.concurrent.each(decoys)('plays the decoy %s to its end and changes nothing', async (scenario) => {
    const { code, stdout, stderr } = await run(['practice', scenario]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/nothing was changed\n/);
    expect(stdout).toContain('Solved. ');
    expect(stdout).not.toContain('Applying the fix');
  });

  it('prints its help and its version', async () => {
    const help = await run(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const word of ['practice', 'check', '--plain', '--confirm-within']) expect(help.stdout).toContain(word);
    expect(await run(['--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it.each([
    [['--bogus'], "unknown option '--bogus'"],
    [['nosuch'], "unknown command 'nosuch'"],
    [['practice', 'nosuch'], 'no scenario'],
    [['practice', 'mail', 'ipv6'], 'too many arguments'],
    [['--confirm-within', '5'], 'a whole number'],
    [['practice', '--json'], 'no document'],
  ])('says of %j what is wrong with it, and ends with 2', async (args, words) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^lo-doctor: /);
    expect(stderr).toContain(words);
  });
});

/** The step and the title: what else stands on a page may change while it is there. */
const pageOf = (screen: string): string => screen.split('\n').slice(0, 2).join('\n');

/** Takes Enter on every page, and applying on purpose; resolves to the pages seen when the walk has ended. */
async function walkPractice(wizard: Terminal): Promise<string[]> {
  const screens: string[] = [];
  while (screens.length < 12) {
    const screen = await wizard.waitFor(/up\/down choose|nothing was changed|verified and kept/);
    if (!screen.includes('Ctrl-C quit')) return [...screens, screen];
    if (screen === screens.at(-1)) continue;
    screens.push(screen);
    expectToFit(screen);
    await wizard.press(screen.includes(' 1. Apply it on trial') ? '1' : 'Enter');
    await vi.waitUntil(async () => pageOf(await wizard.screen()) !== pageOf(screen), 10_000);
  }
  throw new Error(`Enter alone does not come to an end:\n${screens.slice(-2).join('\n')}`);
}

describeTerminal('the practice wizard', () => {
  const sizes = [
    [80, 24],
    [120, 40],
  ] as const;
  const walks = [...fixable, ...decoys].flatMap((scenario) => sizes.map((size) => [scenario, ...size] as const));

  it.concurrent.each(walks)('fits %s into %i x %i on every page', async (scenario, columns, rows) => {
    await using wizard = await openDoctor(['practice', scenario], { columns, rows });
    const screens = await walkPractice(wizard);
    expect(screens.at(-1)).toContain(fixable.includes(scenario) ? 'Fixed, verified and kept' : 'nothing was changed');
    expect(await wizard.exitCode()).toBe(0);
    expect(wizard.countKeys()).toBeLessThanOrEqual(6);
  });

  it.concurrent('keeps its progress line in the smallest terminal', async () => {
    await using wizard = await openDoctor(['practice', 'mail'], { columns: 60, rows: 16 });
    const screen = await wizard.waitFor('> 1. Prove it: turn logging on');
    expect(screen).toMatch(
      /^lo-doctor {2}\[1 Inspect\] > 2.* > 3.* > 4.* > 5.*\nThe firewall of web1 blocks loopback traffic\n/,
    );
  });

  it.concurrent('says that the terminal is too small, and goes on when it is not any more', async () => {
    await using wizard = await openDoctor(['practice', 'mail'], { columns: 80, rows: 24 });
    const [before] = await answer(wizard, [['blocks loopback traffic']]);
    await wizard.resize(50, 12);
    expect(await wizard.waitFor('This terminal has 50 columns and 12 rows')).toContain('add --plain');
    await wizard.press('Enter');
    await wizard.resize(80, 24);
    await wizard.waitFor('blocks loopback traffic');
    await vi.waitFor(async () => expect(await wizard.screen()).toBe(before), 5000);
    await wizard.press('Enter');
    await wizard.waitFor('What fails?');
  });

  it.concurrent('leaves nothing of a larger terminal behind in a smaller one', async () => {
    await using wizard = await openDoctor(['practice', 'mail'], { columns: 120, rows: 40 });
    await wizard.waitFor('> 1. Prove it: turn logging on');
    await wizard.resize(64, 20);
    await wizard.waitFor(/lines 1-\d of/);
    await wizard.press('Enter');
    await wizard.waitFor('> 1. What fails');
    const small = await wizard.screen();
    await using fresh = await openDoctor(['practice', 'mail'], { columns: 64, rows: 20 });
    await fresh.waitFor('> 1. Prove it: turn logging on');
    await fresh.press('Enter');
    await fresh.waitFor('> 1. What fails');
    expect(small).toBe(await fresh.screen());
  });

  it.concurrent.each(['C-c', '4'])('gives the terminal back as it was after %s', async (key) => {
    const script = `stty -g | md5sum; ${process.execPath} ${bundle} practice mail; echo ended with $?; stty -g | md5sum; read -r line; echo "<$line>"`;
    await using terminal = await openTerminal({ command: ['bash', '-c', script] });
    await terminal.waitFor('> 1. Prove it: turn logging on');
    await sleep(100);
    await terminal.press(key);
    await terminal.waitFor(key === '4' ? 'ended with 1' : 'ended with 130');
    await terminal.type('visible');
    await terminal.press('Enter');
    await terminal.waitFor('<visible>');
    const settings = (await terminal.history()).match(/^[\da-f]{32}/gm) ?? [];
    expect(settings).toHaveLength(2);
    expect(settings[0]).toBe(settings[1]);
    expect(await terminal.screen()).toMatch(/\nvisible\n<visible>$/);
  });

  it.concurrent('judges keys that come in one piece one after the other', async () => {
    await using wizard = await openDoctor(['practice', 'mail']);
    await answer(wizard, [['> 1. Prove it: turn logging on']]);
    // Up from the first goes to the last, a hint; to leave stands before it.
    await wizard.type('\x1b[A\x1b[A\r');
    expect(await wizard.exitCode()).toBe(1);
    expect(await wizard.screen()).toContain('Loopback is still blocked; nothing was changed');
  });
});

/** Select Graphic Rendition of a colour, foreground or background: 30 to 49, 90 to 107. */
const COLOR = /\x1b\[(?:\d+;)*(?:3\d|4\d|9\d|10[0-7])[;m]/;

describeTerminal('the wizard without colours', () => {
  const upToTheLog: readonly Answer[] = [...toTheEnd.slice(0, 2), ['The firewall stops local connections']];

  it.concurrent.each([
    ['NO_COLOR', ['practice', 'mail'], { NO_COLOR: '1' }],
    ['--no-color', ['practice', 'mail', '--no-color'], {}],
    ['--no-color before the command', ['--no-color', 'practice', 'mail'], {}],
  ] as const)('marks the fields of a log line by carets alone with %s', async (_, args, env) => {
    await using wizard = await openDoctor(args, { env });
    for (const step of upToTheLog) {
      await answer(wizard, [step]);
      expect(await wizard.screen({ colors: true })).not.toMatch(COLOR);
    }
    expect(readMarks(await wizard.screen())).toEqual(['OUT=lo', 'SRC=127.0.0.1', 'DST=127.0.0.1', 'DPT=25']);
  });

  it.concurrent('has colours otherwise', async () => {
    await using wizard = await openDoctor(['practice', 'mail']);
    await answer(wizard, upToTheLog);
    expect(await wizard.screen({ colors: true })).toMatch(COLOR);
  });

  it.concurrent('asks in lines on a dumb terminal', async () => {
    // tmux sets the variable itself for what it starts.
    const command = ['env', 'TERM=dumb', process.execPath, bundle, 'practice', 'mail'] as const;
    await using wizard = await openTerminal({ command, rows: 60 });
    expect(await wizard.waitFor('Your choice:')).toContain(
      '== 1 Inspect: The firewall of web1 blocks loopback traffic',
    );
    expect(await wizard.screen({ colors: true })).not.toContain('\x1b');
  });
});

describeTerminal('the walk for a screen reader', () => {
  it.concurrent.each([
    [['practice', 'mail', '--screen-reader'], {}],
    [['practice', 'mail'], { ACCESSIBLE: '1' }],
    [['practice', 'mail'], { INK_SCREEN_READER: 'true' }],
  ] as const)('says what is drawn elsewhere, and only ever adds lines: %j %j', async (args, env) => {
    const { code, stdout } = await run(args, '', { ...env, LANG: 'C.UTF-8' });
    expect(code).toBe(0);
    expect(stdout).toContain('\nHighlighted: OUT=lo, SRC=127.0.0.1, DST=127.0.0.1, DPT=25\n');
    expect(stdout).toContain('\nThe way of the packet: program, then OUTPUT, dropped here by rule 2. Not reached: lo');
    expect(stdout).toMatch(/\nStep 5 Verify: Fixed, verified and kept\n/);
    expect(stdout).not.toMatch(/[\x1b\r]|\^\^|[^\x20-\x7e\n]/);
  });

  it('is off where the variable says so', async () => {
    const { stdout } = await run(['practice', 'mail'], '', { ACCESSIBLE: '0' });
    expect(stdout).toMatch(/\^{6}/);
  });
});

describeTerminal('a terminal that does not tell its size', () => {
  it.concurrent('has whole lines, as prompts', async () => {
    const script = `stty cols 0 rows 0; ${process.execPath} ${bundle} practice wordpress </dev/tty`;
    await using terminal = await openTerminal({
      command: ['script', '-qec', script, '/dev/null'],
      columns: 100,
      rows: 60,
    });
    const screen = await terminal.waitFor('Your choice:');
    expect(screen).toContain('-A OUTPUT -p udp -m multiport --dports 53,123 -j ACCEPT');
  });
});

describeKernel('the plain walk on a real server', () => {
  it.concurrent('is answered with numbers in a terminal', async () => {
    await using lab = await startMailServer(blocked);
    await using terminal = await openDoctor(['--plain'], { lab, rows: 200 });
    await answerInLines(terminal, toTheEndInLines);
    await terminal.waitFor('== 5 Verify: Fixed, verified and kept', 90_000);
    expect(await terminal.exitCode()).toBe(0);
    expect(await lab.probe('127.0.0.1', 25)).toMatchObject({ outcome: 'works' });
  });

  it.concurrent('is answered by lines that are piped in', async () => {
    await using lab = await startMailServer(blocked);
    const { code, stdout } = await lab.exec([process.execPath, bundle], {
      input: '\n\n\n\n1\n\n',
      timeout: 100_000,
    });
    expect(stdout).toMatch(/== 5 Verify: Fixed, verified and kept\n/);
    expect(code).toBe(0);
    expect(stdout).not.toContain('\x1b');
    expect(await lab.probe('127.0.0.1', 25)).toMatchObject({ outcome: 'works' });
  });

  it.concurrent('takes all back when its input ends before the fix is kept', async () => {
    await using lab = await startMailServer(blocked);
    const readRules = async () => (await lab.run(['iptables-save'])).replace(/^#.*\n|\[\d+:\d+\]/gm, '');
    const before = await readRules();
    const applied = { input: '\n\n\n\n1\n', timeout: 90_000 };
    expect(await lab.exec([process.execPath, bundle], applied)).toMatchObject({ code: 5 });
    expect(await readRules()).toBe(before);
    expect(await lab.exec([process.execPath, bundle], { input: '\n\n' })).toMatchObject({ code: 1 });
    expect(await readRules()).toBe(before);
  });
});

/** Takes programs out of the lab's /usr/sbin. */
async function uninstall(lab: Lab, pattern: string): Promise<void> {
  const script = `mkdir -p /run/sbin/upper /run/sbin/work
mount -t overlay -o lowerdir=/usr/sbin,upperdir=/run/sbin/upper,workdir=/run/sbin/work lab /usr/sbin
rm ${pattern}`;
  await lab.run(['sh', '-ec', script]);
}

describeKernel('lo-doctor on a server that it can’t walk on', () => {
  it.concurrent('needs root, and says so', async () => {
    await using lab = await startMailServer(blocked);
    // The checkout may be in a directory that nobody else may enter.
    const bind = 'touch /run/node && mkdir /run/dist && mount --bind "$0" /run/node && mount --bind "$1" /run/dist';
    await lab.run(['sh', '-c', bind, process.execPath, dirname(bundle)]);
    // Nor may it be in the user's own power to enter the directory it is started in, as after su or sudo -u.
    await lab.run(['mkdir', '-m', '700', '/run/shut']);
    for (const directory of ['/', '/run/shut']) {
      const start =
        'cd "$0" && exec setpriv --reuid 65534 --regid 65534 --clear-groups /run/node /run/dist/lo-doctor.js';
      const { code, stdout, stderr } = await lab.exec(['sh', '-c', start, directory]);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toMatch(/^lo-doctor: .*root.*\n[\s\S]*sudo[\s\S]*lo-doctor practice/);
    }
  });

  it.concurrent('needs iptables or nft, and says so', async () => {
    await using lab = await startLab();
    await uninstall(lab, '/usr/sbin/*tables* /usr/sbin/nft');
    await using wizard = await openDoctor([], { lab });
    await answer(wizard, [['Neither iptables nor nft is installed here', 'Enter']]);
    expect(await wizard.exitCode()).toBe(3);
    const plain = await lab.exec([process.execPath, bundle, '--plain'], { input: '\n' });
    expect(plain).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('Neither iptables nor nft is installed here'),
    });
    const check = await lab.exec([process.execPath, bundle, 'check']);
    expect(check).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(/^lo-doctor: Neither iptables/) });
  });

  it.concurrent('walks without any log that can be read, and says that there is none', async () => {
    await using lab = await startMailServer({ ...blocked, log: 'none' });
    await using wizard = await openDoctor([], { lab });
    const screens = await answer(wizard, toTheEnd);
    expect(screens[0]).toMatch(/[Nn]o log can be read/);
    expect(screens[2]).toContain('No entry was logged');
    await wizard.waitFor('Fixed, verified and kept');
    expect(await wizard.exitCode()).toBe(0);
  });
});
