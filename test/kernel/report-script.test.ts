// The report's script on the real netfilter, run by shells that know nothing but POSIX: it applies, asks, and takes back what nobody keeps.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { planFix } from '../../src/firewall/fix/plan-fix.ts';
import { parseIptablesSave } from '../../src/firewall/iptables/read/parse-iptables-save.ts';
import { combineLayers } from '../../src/firewall/model/combine-layers.ts';
import { parseNftRuleset } from '../../src/firewall/nftables/read/parse-nft-ruleset.ts';
import { planLooks } from '../../src/host/trial/look-for-tag.ts';
import { reportScript } from '../../src/report/report-script.ts';
import { begin } from '../../src/wizard/state.ts';
import { describeKernel } from './available.ts';
import { type Lab, startLab } from './lab.ts';

/** Where a program is, by this machine's path: labs have one of their own. */
const findProgram = (name: string): string =>
  spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();

const SHELLS = [['dash'], ['busybox', 'sh'], ['bash', '--posix']]
  .map(([name = '', ...args]) => ({ name, shell: [findProgram(name), ...args] }))
  .filter(({ shell: [program] }) => program !== '');

const RULES = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT
-A OUTPUT ! -o eth9 -j DROP
COMMIT
`;
const NFT =
  'table inet filter { chain output { type filter hook output priority 0; policy drop; tcp dport 443 accept; }; }';
const SURROUNDINGS = { ownAddresses: ['127.0.0.1', '::1'], serverUid: null, serverGid: null };
const TO = {
  protocol: 'tcp',
  source: '127.0.0.1',
  destination: '127.0.0.1',
  sourcePort: 40_000,
  destinationPort: 25,
  uid: 0,
} as const;

const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-report-'));
afterAll(() => rmSync(folder, { recursive: true }));
let scripts = 0;

/** The file of a script of the fix for the rules that are in force in the lab. */
const scriptFor = async (lab: Lab, kind: 'iptables' | 'nft'): Promise<string> => {
  if (kind === 'iptables') await lab.loadRules(RULES);
  else await lab.loadNft(NFT);
  const iptables = kind === 'iptables' ? parseIptablesSave(RULES, { file: 'x', family: 'ip' }) : [];
  const nft = kind === 'nft' ? parseNftRuleset(await lab.run(['nft', '-j', 'list', 'ruleset']), { file: 'x' }) : [];
  const plan = planFix(
    combineLayers({ iptables, nft }),
    SURROUNDINGS,
    [TO],
    { kind: 'all' },
    { caseId: 'x1', iptables: 'nft' },
  );
  const walk = begin({ id: 'x1', startedAt: new Date(0), confirmWithin: 60, story: null }).case;
  const script = reportScript({ ...walk, plan }, 'unfixed', 'lab', planLooks('x1', plan.undo));
  scripts += 1;
  const file = join(folder, `${scripts}.sh`);
  writeFileSync(file, script);
  return file;
};

/** Without a terminal, so that its questions are answered from standard input; `input` is a command line that prints the answers. */
const start = (lab: Lab, run: readonly string[], input: string, { wait = 30, args = '' } = {}) =>
  lab.exec([
    'sh',
    '-c',
    `{ ${input}; } | LO_DOCTOR_WAIT=${wait} setsid -w sh -c 'echo $$ >${run.at(-1)}.pid; exec ${run.join(' ')} ${args}'`,
  ]);

const isInForce = async (lab: Lab): Promise<boolean> =>
  /permit/.test(`${(await lab.exec(['iptables-save'])).stdout}${(await lab.exec(['nft', 'list', 'ruleset'])).stdout}`);

const waitUntil = async (isSo: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; !(await isSo()) && tries < 300; tries += 1) await sleep(100);
};

describeKernel('the script of a report', () => {
  describe.each(SHELLS)('run by $name', ({ shell }) => {
    it.concurrent.for(['iptables', 'nft'] as const)(
      'applies the fix on %s, keeps it when told so, and undoes it',
      async (kind, { expect }) => {
        await using lab = await startLab();
        await lab.listen([{ protocol: 'tcp', address: '127.0.0.1', port: 25, kind: 'banner', banner: '220 hi\n' }]);
        const run = [...shell, await scriptFor(lab, kind)];
        const { code, stdout } = await start(lab, run, 'echo; echo yes');
        expect(stdout).toContain('TCP to 127.0.0.1 port 25: answers');
        expect(stdout).toContain('Kept');
        expect(code).toBe(0);
        expect(await isInForce(lab)).toBe(true);
        const again = await start(lab, run, ':');
        expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('in force already') });
        expect(await isInForce(lab)).toBe(true);
        expect(await start(lab, run, ':', { args: 'undo' })).toMatchObject({ code: 0 });
        expect(await isInForce(lab)).toBe(false);
      },
    );

    it.concurrent.for(['echo no', ':'])('takes it back after: %s', async (input, { expect }) => {
      await using lab = await startLab();
      const run = [...shell, await scriptFor(lab, 'iptables')];
      const before = await lab.run(['iptables', '-S']);
      const { code, stdout } = await start(lab, run, input);
      expect(stdout).toContain('The fix is in force, on trial.');
      expect(stdout).toContain('Taken back');
      expect(code).toBe(5);
      expect(await lab.run(['iptables', '-S'])).toBe(before);
    });

    it.concurrent('takes it back when nobody answers in time, and a late yes keeps nothing', async ({ expect }) => {
      await using lab = await startLab();
      const run = [...shell, await scriptFor(lab, 'iptables')];
      const { code, stdout } = await start(lab, run, 'sleep 8; echo yes', { wait: 3 });
      expect(stdout).toContain('nobody confirmed it in time: taken back');
      expect(code).toBe(5);
      expect(await isInForce(lab)).toBe(false);
    });

    it.concurrent.for(['KILL', 'HUP', 'TERM'])(
      'takes it back after SIG%s while it asks',
      async (signal, { expect }) => {
        await using lab = await startLab();
        const run = [...shell, await scriptFor(lab, 'iptables')];
        // Long enough for a busy machine to see the rule in force after the kill.
        const ended = start(lab, run, 'sleep 25', { wait: 15 });
        await waitUntil(() => isInForce(lab));
        // Its whole process group, as a terminal's end would.
        await lab.run(['bash', '-c', `kill -${signal} -- -$(cat ${run.at(-1)}.pid)`]);
        // Nobody but the rollback that was armed outside is there to do it after a kill.
        if (signal === 'KILL') expect(await isInForce(lab)).toBe(true);
        await waitUntil(async () => !(await isInForce(lab)));
        expect(await isInForce(lab)).toBe(false);
        await ended;
      },
    );

    it.concurrent('changes nothing where the rules are no longer those that it was made for', async ({ expect }) => {
      await using lab = await startLab();
      const run = [...shell, await scriptFor(lab, 'iptables')];
      await lab.run(['iptables', '-I', 'OUTPUT', '1', '-p', 'udp', '-j', 'ACCEPT']);
      const { code, stderr } = await start(lab, run, 'echo yes');
      expect(stderr).toContain('The rules have changed');
      expect(code).toBe(3);
      expect(await isInForce(lab)).toBe(false);
    });
  });

  it('has a shell that knows only POSIX', () => expect(SHELLS.map(({ name }) => name)).toContain('dash'));
});
