import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRootsAlone } from '../../src/host/environment.ts';
import { localHost } from '../../src/host/local.ts';

const host = localHost();
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'local-host-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('run', () => {
  it('gives code, output and errors of a command apart', async () => {
    const result = await host.run(['sh', '-c', 'echo out; echo err >&2; exit 3']);
    expect(result).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n', timedOut: false });
  });

  it('passes arguments untouched, without a shell', async () => {
    const hostile = `$(id) 'q' "d" \\ ; > /dev/null\n*`;
    expect((await host.run(['printf', '%s', hostile])).stdout).toBe(hostile);
  });

  it('gives the input to the command, and an empty one without it', async () => {
    expect((await host.run(['cat'], { input: 'to be read' })).stdout).toBe('to be read');
    expect((await host.run(['cat'])).stdout).toBe('');
  });

  it('does not mind a command that leaves its input unread', async () => {
    const result = await host.run(['true'], { input: 'x'.repeat(1_000_000) });
    expect(result.code).toBe(0);
  });

  it('answers 127 for a program that does not exist, 126 for one that may not be executed', async () => {
    const file = join(directory, 'not-executable');
    await writeFile(file, '#!/bin/sh\n');
    await chmod(file, 0o644);
    const missing = await host.run(['lo-doctor-no-such-program']);
    expect(missing.code).toBe(127);
    expect(missing.stderr).toContain('lo-doctor-no-such-program');
    expect((await host.run([file])).code).toBe(126);
  });

  it('answers even for an argument that no program can get', async () => {
    expect((await host.run(['echo', 'a\0b'])).code).toBe(126);
  });

  it('speaks English and finds the system programs', async () => {
    const { stdout } = await host.run(['sh', '-c', 'echo "$LC_ALL"; echo "$PATH"; command -v cat']);
    expect(stdout).toMatch(/^C\n.*:\/usr\/bin.*\n(\/usr)?\/bin\/cat\n$/);
  });

  it('ends a command and all that it started when the time is up', async () => {
    const started = performance.now();
    const result = await host.run(['sh', '-c', 'sleep 30 & echo begun; sleep 30'], { timeout: 200 });
    expect(result).toMatchObject({ code: null, stdout: 'begun\n', timedOut: true });
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('ends a command when the caller aborts', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const result = await host.run(['sleep', '30'], { signal: controller.signal });
    expect(result).toMatchObject({ code: null, timedOut: false });
  });

  it('tells the output while the command runs', async () => {
    const pieces: [string, number][] = [];
    const result = await host.run(['sh', '-c', 'printf "\\303"; sleep 0.2; printf "\\251\\n"; sleep 0.3; echo end'], {
      onOutput: (text) => pieces.push([text, performance.now()]),
    });
    expect(pieces.map(([text]) => text).join('')).toBe('é\nend\n');
    expect(result.stdout).toBe('é\nend\n');
    expect((pieces.at(-1)?.[1] ?? 0) - (pieces[0]?.[1] ?? 0)).toBeGreaterThan(200);
  });

  it('cuts output that has no end', async () => {
    const result = await host.run(['yes', 'x'.repeat(4096)], { timeout: 20_000 });
    expect(result.code).toBe(null);
    expect(result.timedOut).toBe(false);
    expect(result.stdout.length).toBe(64 * 1024 * 1024);
  }, 30_000);

  it('gives the command a process group of its own, so that Ctrl-C does not reach it', async () => {
    const { stdout } = await host.run(['sh', '-c', 'cut -d" " -f5 /proc/$$/stat; echo $$']);
    const [group, pid] = stdout.split('\n');
    expect(group).toBe(pid);
  });
});

describe('where commands run', () => {
  it("is /, and for the user's own command the directory that lo-doctor was started in", async () => {
    expect((await host.run(['pwd'])).stdout).toBe('/\n');
    expect((await host.run(['pwd'], { inUsersDirectory: true })).stdout).toBe(`${process.cwd()}\n`);
    for await (const line of host.follow(['pwd']).lines) expect(line).toBe('/');
  });

  it('is no trouble when the directory that lo-doctor was started in has been deleted', async () => {
    const script = `
      import { rmdirSync } from 'node:fs';
      rmdirSync(process.cwd());
      const { localHost } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/host/local.ts'))});
      const { run, follow } = localHost();
      setTimeout(() => {}, 1000);
      let line = '';
      for await (const one of follow(['pwd']).lines) line = one;
      console.log(JSON.stringify([await run(['pwd']), line, await run(['pwd'], { inUsersDirectory: true })]));`;
    const cwd = await mkdtemp(join(directory, 'gone-'));
    const command = ['sh', '-c', 'cd "$0" && exec "$@"', cwd, process.execPath, '--input-type=module', '-e', script];
    const { stdout, stderr } = await host.run(['sh', ...command.slice(1)]);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([
      { code: 0, stdout: '/\n', stderr: '', timedOut: false },
      '/',
      {
        code: 126,
        stdout: '',
        stderr: expect.stringContaining('the directory that lo-doctor was started in is gone'),
        timedOut: false,
      },
    ]);
  });
});

describe('the environment', () => {
  const hostile = {
    PATH: '',
    HOME: '/tmp',
    LC_MESSAGES: 'de_DE.UTF-8',
    LANGUAGE: 'de',
    IFS: '/',
    QUOTING_STYLE: 'c',
    NODE_OPTIONS: '--no-warnings',
    IPTABLES_LIB_DIR: '/tmp',
    XTABLES_LIBDIR: '/tmp',
    SYSTEMD_PAGER: 'id',
    NFT_DEBUG: 'all',
    TZ: 'Asia/Tokyo',
    PYTHONPATH: '/tmp',
  };

  /** Runs it in a process whose environment is hostile: PATH begins with a directory that has a `cat` of its own. */
  async function inHostile(what: string): Promise<string> {
    const evil = join(directory, 'evil');
    await mkdir(evil, { recursive: true });
    await writeFile(join(evil, 'cat'), '#!/bin/sh\necho evil\n', { mode: 0o755 });
    await writeFile(join(evil, 'env.sh'), 'echo evil\n');
    const script = `
      const { localHost } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/host/local.ts'))});
      const { run, follow } = localHost();
      setTimeout(() => {}, 1500);
      ${what}`;
    return new Promise((resolve, reject) => {
      const more = { BASH_ENV: join(evil, 'env.sh'), ENV: join(evil, 'env.sh'), PATH: `${evil}:` };
      const env = { ...hostile, ...more };
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: evil, env });
      let out = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (piece) => {
          out += piece;
        });
      child.on('close', () => resolve(out));
      child.on('error', reject);
    });
  }

  it("of all that is run is built from nothing: neither the caller's PATH nor anything else of theirs is in it", async () => {
    const told = await inHostile(`
      const { stdout } = await run(['env']);
      console.log(stdout.trim().split('\\n').map((line) => line.split('=')[0]).sort().join());
      console.log(await run(['cat', '/dev/null']), (await run(['bash', '-c', 'echo bash; cat /dev/null'])).stdout);
      for await (const line of follow(['sh', '-c', 'cat /dev/null; env | cut -d= -f1 | sort | tr "\\n" " "']).lines) console.log(line);`);
    expect(told.split('\n')[0]).toBe('HOME,LC_ALL,PATH');
    expect(told).not.toContain('evil');
    expect(told).toMatch(/code: 0,\s+stdout: '',\s+stderr: ''/);
    expect(told).toMatch(/bash\n/);
    expect(told).toMatch(/^HOME LC_ALL (OLDPWD )?PATH PWD( SHLVL _)? $/m);
  });

  it("of the user's own command is theirs", async () => {
    const told = await inHostile(
      `console.log((await run(['/bin/sh', '-c', 'cat; echo "$TZ $PYTHONPATH"'], { withUsersEnvironment: true, input: 'x' })).stdout);`,
    );
    expect(told).toContain('evil\nAsia/Tokyo /tmp\n');
  });

  it('has no directory in PATH that anybody but root can write into', async () => {
    const { stdout } = await host.run(['sh', '-c', 'echo "$PATH"']);
    for (const one of stdout.trim().split(':')) expect(isRootsAlone(one)).toBe(true);
    expect(isRootsAlone('/tmp')).toBe(false);
    const open = join(directory, 'open');
    await mkdir(open);
    await chmod(open, 0o775);
    expect(isRootsAlone(open)).toBe(false);
    expect(isRootsAlone('/nowhere')).toBe(false);
  });
});

describe('follow', () => {
  it('gives each line as it comes, the last one even without its end', async () => {
    const lines: string[] = [];
    for await (const line of host.follow(['sh', '-c', 'echo one; echo; printf two']).lines) lines.push(line);
    expect(lines).toEqual(['one', '', 'two']);
  });

  it('has no lines when the program does not exist', async () => {
    const lines: string[] = [];
    for await (const line of host.follow(['lo-doctor-no-such-program']).lines) lines.push(line);
    expect(lines).toEqual([]);
  });

  it('ends the command and the iteration when stopped, also twice', async () => {
    const followed = host.follow(['sh', '-c', 'echo $$; sleep 30']);
    let pid = '';
    for await (const line of followed.lines) {
      pid = line;
      followed.stop();
      followed.stop();
    }
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it('ends the command when the consumer leaves the loop', async () => {
    const followed = host.follow(['sh', '-c', 'echo $$; while :; do echo more; sleep 0.1; done']);
    let pid = '';
    for await (const line of followed.lines) {
      pid = line;
      break;
    }
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it('holds back a command whose lines nobody reads', async () => {
    const counter = join(directory, 'written');
    const followed = host.follow([
      'sh',
      '-c',
      `i=0; while :; do i=$((i+1)); echo ${'x'.repeat(1000)}; echo $i >> ${counter}; done`,
    ]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = (await host.run(['cat', counter])).stdout;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await host.run(['cat', counter])).stdout).toBe(before);
    followed.stop();
  });

  it('does not keep the process alive, and dies with it', async () => {
    const script = `
      import { localHost } from ${JSON.stringify(join(import.meta.dirname, '../../src/host/local.ts'))};
      for await (const line of localHost().follow(['sh', '-c', 'echo $$; sleep 30']).lines) {
        console.log(line);
        setTimeout(() => {}, 500);
      }`;
    const started = performance.now();
    // The keeper lives long enough for the first line to come, and nothing but the follow is left after it.
    const child = spawn(process.execPath, ['--input-type=module', '-e', `setTimeout(() => {}, 1000);${script}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(out).toMatch(/^\d+\n$/);
    await expect.poll(() => isAlive(out.trim())).toBe(false);
  });
});

/** Whether a process runs; a zombie that nobody has reaped yet does not. */
async function isAlive(pid: string): Promise<boolean> {
  const { stdout } = await host.run(['cat', `/proc/${pid}/stat`]);
  return stdout !== '' && !stdout.includes(') Z ');
}
