// `check --format …` as other programs read it, with rules that somebody hostile has written.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type ProbeFormat, runProbe } from '../../src/commands/probe.ts';
import { writeOutput } from '../../src/host/files/write-output.ts';
import { HostError } from '../../src/host/host.ts';
import { practiceHost } from '../../src/host/practice/practice-host.ts';
import { testIo } from '../commands/io.ts';

const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-probe-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HEAD = '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n';
const save = (...rules: string[]) => `${HEAD}${rules.map((rule) => `${rule}\n`).join('')}COMMIT\n`;
const both = (...rules: string[]) => ({ a: save(...rules), a6: save(...rules) });
const LO = '-A OUTPUT -o lo -j ACCEPT';
const LOGGED = ['-A OUTPUT -j LOG --log-prefix "out: "', '-A OUTPUT -j DROP'];

type Said = Partial<{ quiet: boolean; output: string; files: Record<string, string> | null; scenario: string }>;

const probe = async (
  format: ProbeFormat,
  { files = null, quiet = false, output, scenario = 'wordpress' }: Said,
  openHost = async () => practiceHost(scenario),
) => {
  const { io, written } = testIo();
  const rules = Object.keys(files ?? {}).map((path) => ({
    path,
    family: path.endsWith('6') ? ('ip6' as const) : ('ip' as const),
  }));
  const readFile = (path: string) => {
    const text = files?.[path];
    if (text === undefined) throw new Error('ENOENT');
    return text;
  };
  const options = { rules, format, quiet, output: output ?? null, version: '1.2.3' };
  return { code: await runProbe(io, options, { readFile, openHost, writeOutput }), ...written };
};

const NAGIOS = /^LO-DOCTOR (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+(?: \|(?: [a-z_]+=\d+(?:;\d*){2,4})+)?\n$/;

describe('nagios', () => {
  test.each([
    ['blocked', 'CRITICAL', 2, both('-A OUTPUT -j DROP')],
    ['partly blocked', 'CRITICAL', 2, both('-A OUTPUT -p tcp -m tcp --dport 8081 -j DROP')],
    ['drops without a line in the log', 'WARNING', 1, both(LO, '-A OUTPUT -j DROP')],
    ['a LOG rule behind the drop', 'WARNING', 1, both(LO, '-A OUTPUT -j DROP', '-A OUTPUT -j LOG')],
    ['passes, and drops are logged', 'OK', 0, both(LO, ...LOGGED)],
    ['nothing is dropped', 'OK', 0, both()],
    ['not known', 'UNKNOWN', 3, both('-A OUTPUT -m set --match-set banned dst -j DROP')],
    [
      'not known, and drops without a line',
      'UNKNOWN',
      3,
      both('-A OUTPUT -m set --match-set x dst -j DROP', LO, '-A OUTPUT -j DROP'),
    ],
    ['not in the dump', 'UNKNOWN', 3, { a: save(LO, ...LOGGED) }],
    ['no dump', 'UNKNOWN', 3, { a: 'nonsense\u001b[2J\n' }],
    ['an empty file', 'UNKNOWN', 3, { a: '' }],
  ])('%s is %s', async (_, state, exit, files) => {
    const { code, stdout } = await probe('nagios', { files });
    expect(stdout).toMatch(NAGIOS);
    expect(stdout.startsWith(`LO-DOCTOR ${state} - `)).toBe(true);
    expect(code).toBe(exit);
  });

  test('a server is named, with the rule that stops it', async () => {
    const { code, stdout } = await probe('nagios', {});
    expect(code).toBe(2);
    expect(stdout).toMatch(NAGIOS);
    expect(stdout).toMatch(/loopback of web1 is blocked .* by rule \d+ of OUTPUT \(iptables, IPv4\)/);
  });

  test.each([
    [
      'a server that may not be read',
      new HostError("The rules can't be read | without root.\nNo.", { nextSteps: ['sudo'] }),
    ],
    ['a defect', new TypeError('undefined is no\nfunction')],
  ])('%s is UNKNOWN, in one line', async (_, error) => {
    const { code, stdout } = await probe('nagios', {}, () => Promise.reject(error));
    expect(code).toBe(3);
    expect(stdout).toMatch(/^LO-DOCTOR UNKNOWN - could not look: [^|\n]*\n$/);
  });

  test('nothing in a name ends the line, or does anything in the shell that sends a notification', async () => {
    const name = 'x|$(reboot)`id`;\'"\u001b]0;x\u0007\nLO-DOCTOR OK';
    const { stdout } = await probe('nagios', { files: { [name]: save('-A OUTPUT -j DROP') } });
    expect(stdout).toMatch(NAGIOS);
    expect(stdout.split(' | ')[0]).not.toMatch(/[`$|;<>&\\'"\x1b\x07]/);
    const long = await probe('nagios', { files: { ['x'.repeat(5000)]: save('-A OUTPUT -j DROP') } });
    expect(long.stdout.length).toBeLessThan(700);
  });
});

const EVIL = '-A OUTPUT -m comment --comment "100%,\u001b[31m::error:: ]( {0} \\"q\\" \\\\ \u202e" -j DROP';

describe('prometheus', () => {
  /** As its parser reads a line of the format 0.0.4. */
  const SAMPLE = /^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)+)\})? (\S+)$/;
  const samples = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

  test('each metric has its help and its type before its samples, each sample once', async () => {
    const { code, stdout } = await probe('prometheus', { files: both(EVIL) });
    expect(code).toBe(1);
    const told = samples(stdout);
    for (const line of told) expect(line).toMatch(SAMPLE);
    expect(new Set(told).size).toBe(told.length);
    expect([...new Set(told.map((line) => SAMPLE.exec(line)?.[1]))]).toEqual(
      [...stdout.matchAll(/^# HELP (\S+) .+\n# TYPE \1 gauge$/gm)].map(([, name]) => name),
    );
    expect(told).toContain('lo_doctor_check_timestamp_seconds 1795370400');
    expect(told).toContain('lo_doctor_loopback_state{kind="ip",state="blocked"} 1');
    expect(stdout).toContain('\\"q\\\\\\" ');
    expect(stdout).not.toMatch(/[\x1b\u202e]/);
  });

  test('what could not be looked at says nothing of loopback, and takes the place of what was said before', async () => {
    const output = join(folder, 'lo-doctor.prom');
    await probe('prometheus', { output });
    expect(readFileSync(output, 'utf8')).toContain('lo_doctor_loopback_state{kind="ip",state="blocked"} 1');
    const { code, stdout } = await probe('prometheus', { output, files: { a: 'nonsense' } });
    expect(code).toBe(3);
    expect(stdout).toBe('');
    const text = readFileSync(output, 'utf8');
    expect(text).toContain('lo_doctor_check_success 0');
    expect(text).not.toContain('loopback_state');
    expect(readdirSync(folder)).toEqual(['lo-doctor.prom']);
  });

  test('a link in the place of the file is replaced, and what it leads to stays', async () => {
    const [target, output] = [join(folder, 'target'), join(folder, 'link.prom')];
    writeFileSync(target, 'precious');
    symlinkSync(target, output);
    await probe('prometheus', { output });
    expect(readFileSync(target, 'utf8')).toBe('precious');
    expect(readFileSync(output, 'utf8')).toContain('# HELP');
  });

  test('a file that can not be written ends with 3, and leaves nothing behind', async () => {
    const { code, stderr } = await probe('prometheus', { output: join(folder, 'none', 'x.prom') });
    expect(code).toBe(3);
    expect(stderr).toContain("can't be written");
    const before = readdirSync(folder);
    expect((await probe('prometheus', { output: folder })).code).toBe(3);
    expect(readdirSync(folder)).toEqual(before);
    expect(existsSync(folder)).toBe(true);
  });
});

describe('github', () => {
  const COMMAND = /^::(error|warning|notice) title=[^:,\n]+(?:,file=[^:,\n]+(?:,line=\d+)?)?::[^\n]*$/;
  const lines = (text: string) => text.split('\n').slice(0, -1);

  test('a finding stands at its rule, in the dump that holds it', async () => {
    const { code, stdout } = await probe('github', {
      files: { a: save(LO), a6: save(LO, '-A OUTPUT -j ACCEPT', EVIL, '-A OUTPUT -p tcp -j DROP') },
    });
    expect(code).toBe(0);
    for (const line of lines(stdout)) expect(line).toMatch(COMMAND);
    const blocked = await probe('github', {
      files: { 'a:%,b': save('-A OUTPUT -o eth0 -j ACCEPT', EVIL), a6: save(EVIL) },
    });
    expect(blocked.code).toBe(1);
    for (const line of lines(blocked.stdout)) expect(line).toMatch(COMMAND);
    expect(blocked.stdout).toMatch(/^::error title=lo-doctor%3A loopback-blocked,file=a%3A%25%2Cb,line=6::/m);
    expect(blocked.stdout).toMatch(/^::error title=lo-doctor%3A loopback-blocked,file=a6,line=5::/m);
    expect(blocked.stdout).toContain('100%25,');
    expect(blocked.stdout).not.toMatch(/[\x1b\u202e]/);
  });

  test('a policy stands at its own line', async () => {
    const mangled = `*mangle\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n${save().replace(':OUTPUT ACCEPT', ':OUTPUT DROP')}`;
    expect((await probe('github', { files: { a: mangled } })).stdout).toContain('loopback-blocked,file=a,line=7::');
    const nft = 'table inet t {\n\tchain out {\n\t\ttype filter hook output priority filter; policy drop;\n\t}\n}\n';
    expect((await probe('github', { files: { n: nft } })).stdout).toContain('loopback-blocked,file=n,line=3::');
  });

  test('a dump that can not be read is an error at its line', async () => {
    const { code, stdout } = await probe('github', { files: { a: '*filter\nnon%sense\n' } });
    expect(code).toBe(3);
    expect(stdout).toMatch(/^::error title=lo-doctor%3A could not look,file=a,line=2::.*non%25sense.*\n$/);
  });

  test('healthy is a notice, or nothing where nothing was asked for', async () => {
    const files = both(LO, ...LOGGED);
    expect(await probe('github', { files })).toMatchObject({ code: 0, stdout: expect.stringMatching(/^::notice /) });
    expect(await probe('github', { files, quiet: true })).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});

describe('sarif', () => {
  test('results name their rule and where it stands', async () => {
    const { code, stdout } = await probe('sarif', { files: { 'dir/a b': save('-A OUTPUT -o eth0 -j ACCEPT', EVIL) } });
    expect(code).toBe(1);
    const log = JSON.parse(stdout);
    expect(log).toMatchObject({
      version: '2.1.0',
      runs: [{ tool: { driver: { name: 'lo-doctor', version: '1.2.3' } } }],
    });
    const [run] = log.runs;
    expect(run.invocations).toEqual([{ executionSuccessful: true, exitCode: 1 }]);
    for (const { ruleId, ruleIndex, level, locations } of run.results) {
      expect(run.tool.driver.rules[ruleIndex].id).toBe(ruleId);
      expect(['error', 'warning', 'note']).toContain(level);
      expect(locations.length).toBeGreaterThan(0);
    }
    expect(run.results[0]).toMatchObject({
      ruleId: 'loopback-blocked',
      level: 'error',
      locations: [{ physicalLocation: { artifactLocation: { uri: 'dir/a%20b' }, region: { startLine: 6 } } }],
    });
    const told = run.results[0].message.text;
    expect(told).toContain('{{0}}');
    expect(told).toContain('\\](');
    expect(told).not.toMatch(/[\x1b\u202e]/);
  });

  test('a look that failed is no run without results, but one that failed', async () => {
    const { code, stdout } = await probe('sarif', { files: { a: '*filter\nnonsense\n' } });
    expect(code).toBe(3);
    const [run] = JSON.parse(stdout).runs;
    expect(run.invocations[0]).toMatchObject({
      executionSuccessful: false,
      toolExecutionNotifications: [{ locations: [{ physicalLocation: { region: { startLine: 2 } } }] }],
    });
  });
});
