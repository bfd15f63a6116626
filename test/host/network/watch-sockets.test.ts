// How the user's command is run: nothing that it holds is in a list of processes, and all else is as in a shell.
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { localHost } from '../../../src/host/local.ts';
import { markedCommand } from '../../../src/host/network/watch-sockets.ts';

const host = localHost();
const run = (line: string) => host.run(markedCommand('a-mark'), { input: line, withUsersEnvironment: true });

it("stands in no process's argument list, while the mark does", async () => {
  const secret = `hunter${process.pid}`;
  const running = run(`: ${secret}; sleep 1; exit 0`);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const args = execFileSync('sh', ['-c', 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"']);
  expect(`${args}`).not.toContain(secret);
  expect(`${args}`).toContain('a-mark');
  expect((await running).code).toBe(0);
});

it('has the exit code, the words and the output of the command, and empty input', async () => {
  const hostile = `it's "quoted" \\ $(echo x) é`;
  expect(await run(`printf '%s\\n' "$# $0"; cat; echo problem >&2; exit 7`)).toMatchObject({
    code: 7,
    stdout: '0 sh\n',
    stderr: 'problem\n',
  });
  expect((await run(`printf %s '${hostile.replaceAll("'", `'\\''`)}'`)).stdout).toBe(hostile);
  expect((await run('exec sh -c "exit 5"')).code).toBe(5);
  expect((await run('echo one\necho two |\n tr a-z A-Z')).stdout).toBe('one\nTWO\n');
  expect((await run('echo (')).code).toBe(2);
  expect((await run('lo-doctor-no-such-program')).code).toBe(127);
});

it("has its own process by $$: what moves or limits 'this shell' does so to the command", async () => {
  const [own, parent] = (await run(`echo $$; sh -c 'echo $PPID'`)).stdout.split('\n');
  expect(own).toMatch(/^\d+$/);
  expect(parent).toBe(own);
});
