import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { type LogsIo, type LogsOptions, runLogs } from '../../../src/commands/logs/logs.ts';

const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-logs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const line = (day: number, rule = 'DROP: IN= OUT=lo', port = 25): string =>
  `Jun ${day} 18:11:21 web1 kernel: ${rule} SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=41643 DF PROTO=TCP SPT=40577 DPT=${port} WINDOW=32792 RES=0x00 SYN URGP=0 \n`;

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function run(options: Partial<LogsOptions>, io: Partial<LogsIo> = {}) {
  let stdout = '';
  let stderr = '';
  const code = await runLogs(
    { files: [], since: null, json: false, ...options },
    {
      stdout: (text) => {
        stdout += text;
      },
      stderr: (text) => {
        stderr += text;
      },
      stdin: (async function* () {})(),
      color: false,
      columns: 100,
      now: () => new Date('2026-11-22T17:00:00Z'),
      showsProgress: false,
      unicode: true,
      ...io,
    },
  );
  return { code, stdout, stderr };
}

const has = (tool: string): boolean => {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

test('groups what plain and gzipped rotated files hold, loopback first', async () => {
  const files = [
    file('syslog', line(22) + line(22, '[UFW BLOCK] IN=eth0 OUT= MAC=aa:bb', 445).repeat(3)),
    file('syslog.2.gz', gzipSync(line(20))),
    file('syslog.1', `${line(21)}no packet`),
  ];
  const { stdout, code } = await run({ files }, { columns: 300 });
  expect(code).toBe(0);
  expect(stdout).toContain(
    `6 firewall entries in 1.15 kB of ${folder}/syslog.2.gz, ${folder}/syslog.1, ${folder}/syslog`,
  );
  expect(stdout).toMatch(
    /On loopback: 3\n +3 x +TCP to 127.0.0.1 port 25 \(SMTP\) {2}OUT=lo {2}"DROP:"\n +█ .*-06-20 18:11:21 to .*-06-22 18:11:21/,
  );
  expect(stdout.indexOf('On other interfaces: 3')).toBeGreaterThan(stdout.indexOf('On loopback'));
  expect(stdout).toContain('lo-doctor finds the rule');
});

test('prints the document of the contract, the most frequent group first', async () => {
  const path = file('messages', line(20) + line(21, '[UFW BLOCK] IN=eth0 OUT= MAC=aa:bb', 445).repeat(2));
  const { stdout } = await run({ files: [path], json: true });
  const document = JSON.parse(stdout);
  expect(Object.keys(document).join(' ')).toBe('schema files bytes lines entries first last groups');
  expect(document).toMatchObject({ schema: 'lo-doctor.logs/1', files: [path], lines: 3, entries: 3 });
  expect(Object.keys(document.groups[1]).slice(0, 11).join(' ')).toBe(
    'loopback out in proto dst service port prefix count first last',
  );
  expect(document.groups).toMatchObject([
    { loopback: false, in: 'eth0', port: 445, count: 2 },
    {
      loopback: true,
      out: 'lo',
      in: null,
      proto: 'TCP',
      dst: '127.0.0.1',
      service: 'smtp',
      port: 25,
      prefix: 'DROP:',
      count: 1,
    },
  ]);
});

test.skipIf(!has('xz') || !has('zstd'))('unpacks .xz and .zst by their tools', async () => {
  const plain = file('old', line(20));
  execFileSync('xz', ['-k', plain]);
  execFileSync('zstd', ['-qk', plain]);
  expect((await run({ files: [`${plain}.xz`, `${plain}.zst`], json: true })).stdout).toContain('"entries":2');
});

test('reads standard input, and only what is new enough', async () => {
  const stdin = (async function* () {
    yield Buffer.from(line(20).slice(0, 50));
    yield Buffer.from(line(20).slice(50) + line(22));
  })();
  const { stdout } = await run({ files: ['-'], since: '2026-06-21', json: true }, { stdin });
  expect(JSON.parse(stdout)).toMatchObject({ files: ['-'], lines: 2, entries: 1 });
});

test('says what it can not read, reads the rest, and ends with 3', async () => {
  const broken = file('broken.gz', gzipSync(line(20)).subarray(0, 40));
  const { code, stdout, stderr } = await run({
    files: [join(folder, 'missing'), folder, broken, file('fine', line(20))],
  });
  expect(code).toBe(3);
  expect(stderr).toContain(`There is no file ${folder}/missing.`);
  expect(stderr).toContain(`${folder} is a directory.`);
  expect(stderr).toContain(`${broken} can't be read`);
  expect(stdout).toContain('1 firewall entry');
});

test('says since when it looked, and names standard input', async () => {
  const stdin = (async function* () {
    yield Buffer.from(line(20));
  })();
  const { stdout } = await run({ files: ['-'], since: '2026-06-21' }, { stdin });
  expect(stdout).toMatch(/^0 firewall entries in \d+ bytes of standard input, since 2026-06-21 00:00:00\n/);
  expect(stdout).toContain('No firewall entry since then.');
});

test('a --since that is no time is a usage error', async () => {
  expect(await run({ files: ['x'], since: 'soon' })).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('"soon" is no time'),
  });
});

test('does not call drops what only was watched', async () => {
  const { stdout } = await run({ files: [file('audit', line(20, '[UFW AUDIT] IN= OUT=lo'))] }, { columns: 300 });
  expect(stdout).toContain('no sign of a drop');
});

test('shows progress on a terminal and takes it away again', async () => {
  let clock = 0;
  const now = () => {
    clock += 60_000;
    return new Date(clock);
  };
  const { stderr } = await run({ files: [file('big', line(20).repeat(20_000))] }, { showsProgress: true, now });
  expect(stderr).toMatch(/^\r\[#+\.*\] \d+ % .*\/big\x1b\[K/);
  expect(stderr.endsWith('\r\x1b[K')).toBe(true);
});

test('shows lines without Unicode bars where the terminal has none', async () => {
  const { stdout } = await run({ files: [file('ascii', line(20))] }, { unicode: false });
  expect(stdout).toMatch(/\n +@ {2}2026-06-20/);
});
