// The keys that work on every page, in a real terminal on the practice server.
import { readFile, rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { describeTerminal } from '../kernel/available.ts';
import { bundle } from '../kernel/situation.ts';
import { openDoctor } from './mail-server.ts';
import { openTerminal } from './tmux.ts';
import { type Answer, answer, toTheEnd } from './walk.ts';

describeTerminal('the keys of the wizard', () => {
  it.concurrent('? explains the step, and what it lists can be executed', async () => {
    await using wizard = await openDoctor(['practice', 'mail']);
    await answer(wizard, [['> 1. Prove it: turn logging on']]);
    await wizard.press('?');
    const help = await wizard.waitFor('Help: step 1, Inspect');
    expect(help).toMatch(/Changes: Nothing[\s\S]*> 1\. Back to the page[\s\S]*q {2}leave/);
    await wizard.press('Space');
    await wizard.waitFor(/Esc +closes this/);
    await wizard.press('Escape');
    await wizard.waitFor('> 1. Prove it: turn logging on');
    await wizard.press('?');
    const again = await wizard.waitFor('Help: step 1');
    const [, digit = ''] = /(\d)\. q {2}leave/.exec(again) ?? [];
    await wizard.press(digit);
    await wizard.waitFor('Loopback is still blocked; nothing was changed');
    expect(await wizard.exitCode()).toBe(1);
  });

  it.concurrent('c shows the commands of the plan whole, and offers them to the clipboard', async () => {
    const log = `/tmp/lo-doctor-keys-${process.pid}.log`;
    await rm(log, { force: true });
    const script = `exec script -qefc '${process.execPath} ${bundle} practice mail' ${log}`;
    await using wizard = await openTerminal({ command: ['bash', '-c', script] });
    await answer(wizard, [...toTheEnd.slice(0, 4), [/^Permit .*: 1 command/m, 'c']]);
    const sheet = await wizard.waitFor('The exact commands');
    expect(sheet).toMatch(/iptables -w 5 -t filter -I OUTPUT/);
    await wizard.press('Escape');
    await wizard.waitFor(/^Permit .*: 1 command/m);
    await wizard.press('C-c');
    await wizard.exitCode();
    const [, copied = ''] = /\x1b\]52;c;([^\x07]*)\x07/.exec(await readFile(log, 'utf8')) ?? [];
    expect(Buffer.from(copied, 'base64').toString()).toMatch(/^iptables [^\n]*-j ACCEPT\n/);
    await rm(log, { force: true });
  });

  it.concurrent('y copies the marked log line where there is one, and the report elsewhere', async () => {
    await using wizard = await openDoctor(['practice', 'mail']);
    await answer(wizard, [['> 1. Prove it: turn logging on', 'y']]);
    await wizard.waitFor('Copied: the report so far');
    await wizard.press('Enter');
    await answer(wizard, [...toTheEnd.slice(0, 2), ['The firewall stops local connections', 'y']]);
    await wizard.waitFor('Copied: the marked log line');
  });

  it.concurrent('q leaves in an orderly way, with a last line that says how things stand', async () => {
    await using wizard = await openDoctor(['practice', 'mail']);
    const toThePlan: Answer = [/^Permit .*: 1 command/m, '1'];
    await answer(wizard, [...toTheEnd.slice(0, 4), toThePlan, ['Keep the fix?', 'q']]);
    await wizard.waitFor('Rolled back: the rules are as they were before');
    expect(await wizard.exitCode()).toBe(5);
  });

  it.concurrent('a typed command is not lost on Esc, and can be called again', async () => {
    await using wizard = await openDoctor(['practice', 'mail']);
    const label = /(\d)\. A command of mine/;
    await answer(wizard, [['> 1. Prove it: turn logging on', 'Enter'], ['What fails?']]);
    const [, digit = ''] = label.exec(await wizard.waitFor(label)) ?? [];
    await wizard.press(digit);
    await wizard.waitFor('Which command fails?');
    await wizard.type('q? test');
    await wizard.press('Home');
    await wizard.type('echo ');
    await wizard.waitFor('Command: echo q? test');
    await wizard.press('Escape');
    await wizard.waitFor('What fails?');
    await wizard.press(digit);
    await wizard.waitFor('Command: echo q? test');
  });

  it.concurrent('Ctrl-Z gives the shell its terminal, and fg brings the same page back', async () => {
    await using terminal = await openTerminal({ command: ['bash', '--norc', '-i'] });
    await terminal.type(`${process.execPath} ${bundle} practice mail`);
    await terminal.press('Enter');
    await answer(terminal, []);
    await terminal.waitFor('> 1. Prove it: turn logging on');
    await terminal.press('C-z');
    await terminal.waitFor('Stopped');
    await terminal.type('echo in the $((40 + 2))th shell');
    await terminal.press('Enter');
    await terminal.waitFor('in the 42th shell');
    await terminal.type('fg');
    await terminal.press('Enter');
    await terminal.waitFor('> 1. Prove it: turn logging on');
    await terminal.press('Down');
    await terminal.waitFor('> 2. Prove it: repeat what fails');
    expect(await terminal.history()).toContain('in the 42th shell');
    await terminal.press('q');
    await terminal.waitFor('nothing was changed');
  });
});
