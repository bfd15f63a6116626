// The driver of a real terminal does what the terminal tests rely on.
import { expect, it } from 'vitest';
import { describeKernel, describeTerminal } from '../kernel/available.ts';
import { startLab } from '../kernel/lab.ts';
import { openTerminal } from './tmux.ts';

describeTerminal('a terminal', () => {
  it('shows what a program writes, in its size, and counts the keys pressed', async () => {
    const script = 'stty size; read -r line; echo "read <$line>"; exit 7';
    await using terminal = await openTerminal({ command: ['bash', '-c', script], columns: 60, rows: 10 });
    await terminal.waitFor('10 60');
    await terminal.type('a b;c');
    await terminal.press('Enter');
    expect(await terminal.waitFor(/read <.*>/)).toContain('read <a b;c>');
    expect(terminal.countKeys()).toBe(6);
    expect(await terminal.exitCode()).toBe(7);
    expect(await terminal.screen()).toBe('10 60\na b;c\nread <a b;c>');
  });

  it('shows the last screen when what was waited for does not come', async () => {
    await using terminal = await openTerminal({ command: ['sh', '-c', 'echo something else; sleep 60'] });
    await expect(terminal.waitFor('hello', 300)).rejects.toThrow(/no "hello".*\n─+\nsomething else\n/);
  });

  it('tells an exit code from an end by a signal', async () => {
    await using terminal = await openTerminal({ command: ['sleep', '60'] });
    await terminal.kill('SIGTERM');
    expect(await terminal.exitCode()).toBeNull();
  });
});

describeKernel('a terminal in a lab', () => {
  const script =
    'trap "echo hup >> /root/signals; exit" HUP; trap "echo term >> /root/signals" TERM; hostname; while :; do sleep 0.05; done';

  it('runs the program in the lab and signals it there', async () => {
    await using lab = await startLab();
    await using terminal = await openTerminal({ command: ['sh', '-c', script], lab });
    await terminal.waitFor('web1');
    await terminal.kill('SIGTERM');
    await expect.poll(() => lab.exec(['cat', '/root/signals'])).toMatchObject({ stdout: 'term\n' });
  });

  it('tells the program by SIGHUP that it was closed', async () => {
    await using lab = await startLab();
    const terminal = await openTerminal({ command: ['sh', '-c', script], lab });
    await terminal.waitFor('web1');
    await terminal.close();
    await expect.poll(() => lab.exec(['cat', '/root/signals'])).toMatchObject({ stdout: 'hup\n' });
  });
});
