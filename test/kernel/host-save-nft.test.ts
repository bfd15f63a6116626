// Saving a fix of nftables in the scripts that the next boot loads: judged by the real nft, and by conversations after loading them.
import { expect, it } from 'vitest';
import type { FixPlan } from '../../src/firewall/fix/plan.ts';
import { planFix } from '../../src/firewall/fix/plan-fix.ts';
import { saveForBoot, undoSaveForBoot } from '../../src/host/next-boot/save-for-boot.ts';
import { describeKernel } from './available.ts';
import { attemptsEverywhere, failures, listenEverywhere, readRules, runAll, surroundings } from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';

const MAIN = '/etc/nftables.conf';
const port = 80;
const attempts = attemptsEverywhere([port]);

type Files = Readonly<Record<string, string>>;

/** Writes scripts, loads the main one, and lets its service be enabled. */
async function boot(lab: Lab, files: Files): Promise<void> {
  await lab.run(['sh', '-c', 'rm -rf /etc/nftables.d; mkdir /etc/nftables.d; systemctl enable -q nftables']);
  for (const [path, text] of Object.entries(files)) await lab.run(['sh', '-c', 'cat > "$0"', path], { input: text });
  await lab.run(['sh', '-c', `nft flush ruleset; nft -f ${MAIN}`]);
}

/** What stands in the files, byte by byte. */
const bytesOf = (lab: Lab, files: Files) => lab.run(['base64', ...Object.keys(files).toSorted().slice(0, 1)]);

const planAll = async (lab: Lab): Promise<FixPlan> =>
  planFix(await readRules(lab), surroundings, [], { kind: 'all' }, { caseId: 'k1', iptables: 'nft' });

const save = (lab: Lab, { bootInsertions: insertions, nftInsertions }: FixPlan) =>
  saveForBoot(hostInLab(lab), { caseId: 'k1', insertions, nftInsertions });

/** Lines that a file has more than its backup, and nothing else that differs. */
async function linesAdded(lab: Lab, backup: string, path: string): Promise<string[]> {
  const { stdout } = await lab.exec(['diff', '--text', backup, path]);
  const lines = stdout.split('\n').filter((line) => line !== '');
  expect(lines.filter((line) => !/^(> |\d+a\d+(,\d+)?$)/.test(line))).toEqual([]);
  return lines.filter((line) => line.startsWith('> ')).map((line) => line.slice(2));
}

const permit = 'oifname "lo" counter accept comment "lo-doctor k1: permit loopback"';
const way = {
  head: '#!/usr/sbin/nft -f\n\nflush ruleset\n',
  hook: 'type filter hook output priority filter; policy drop;',
};

type Case = {
  readonly name: string;
  readonly files: Files;
  readonly changed: string;
  readonly added: readonly string[];
};

const cases: readonly Case[] = [
  {
    name: 'a script written by hand, with comments, definitions and sets',
    files: {
      [MAIN]: `${way.head}
define WEB = { 80, 443 }   # café
table inet filter {
	set admins {
		type ipv4_addr; flags interval
		elements = { 192.0.2.0/28,
			198.51.100.7 }
	}

	chain output {
		${way.hook}
		# what is known already
		ct state established,related accept; ct state invalid drop
		oifname "eth0" tcp dport $WEB \\
			accept comment "a { brace; and a # sign"
		ip daddr @admins accept # our people

		# the final rule:
		# all the rest
		log prefix "final: " drop
	}
}
`,
    },
    changed: MAIN,
    added: [`\t\t${permit}`],
  },
  {
    name: 'a policy alone',
    files: { [MAIN]: `${way.head}table ip6 t {\n  chain out {\n    ${way.hook}\n  }\n}\ntable ip t {\n}\n` },
    changed: MAIN,
    added: [`    ${permit}`],
  },
  {
    name: 'everything in an included file of a folder',
    files: {
      [MAIN]: `${way.head}include "/etc/nftables.d/*.nft"\n`,
      '/etc/nftables.d/10-in.nft': 'table inet filter {\n chain input { type filter hook input priority 0; }\n}\n',
      '/etc/nftables.d/20-out.nft': `table inet filter {\n chain output {\n  ${way.hook}\n  tcp dport { 22, 25 } accept\n  reject\n }\n}\n`,
    },
    changed: '/etc/nftables.d/20-out.nft',
    added: [`  ${permit}`],
  },
  {
    name: 'rules of a chain in a file that stands inside of it',
    files: {
      [MAIN]: `${way.head}table inet filter {\n\tchain output {\n\t\t${way.hook}\n\t\ttcp dport 22 accept\n\t\tinclude "nftables.d/rest.nft"\n\t}\n}\n`,
      '/etc/nftables.d/rest.nft': 'udp dport 53 accept\ncounter drop\n',
    },
    changed: '/etc/nftables.d/rest.nft',
    added: [permit],
  },
  {
    name: 'rules added by commands',
    files: {
      [MAIN]: `flush ruleset\nadd table inet filter\nadd chain inet filter output { type filter hook output priority 0; policy accept; }\nadd rule inet filter output tcp dport { 22, 443 } accept\nadd rule inet filter output drop\n`,
    },
    changed: MAIN,
    added: [`add rule inet filter output ${permit}`],
  },
];

describeKernel('saving a fix of nftables', () => {
  it.each(cases)('puts the rule before the one it comes before in force: $name', async ({ files, changed, added }) => {
    await using lab = await startLab();
    await listenEverywhere(lab, [port]);
    await boot(lab, files);
    const host = hostInLab(lab);
    const before = await bytesOf(lab, { [changed]: '' });
    const fix = await planAll(lab);
    await runAll(lab, fix.apply);
    const inForce = await lab.run(['nft', '-s', 'list', 'ruleset']);
    const saved = await save(lab, fix);
    const backup = `/var/lib/lo-doctor/k1/${changed.split('/').at(-1)}.before`;
    expect(saved).toEqual({ files: [changed], backups: [backup], advice: [] });
    expect(await linesAdded(lab, backup, changed)).toEqual(added);
    expect(await lab.run(['nft', '-s', 'list', 'ruleset'])).toBe(inForce);
    await lab.run(['sh', '-c', `nft flush ruleset; nft -f ${MAIN}`]);
    expect(await lab.run(['nft', '-s', 'list', 'ruleset'])).toBe(inForce);
    const open =
      changed === MAIN && files[MAIN]?.includes('ip6 t')
        ? attempts.filter(({ destination }) => destination.includes(':'))
        : attempts;
    expect(await failures(lab, open)).toEqual([]);
    expect(await undoSaveForBoot(host, 'k1')).toEqual([changed]);
    expect(await bytesOf(lab, { [changed]: '' })).toBe(before);
    expect(await undoSaveForBoot(host, 'k1')).toEqual([]);
  });

  it('writes into a script on one line, and saves each chain that needs a permit', async () => {
    await using lab = await startLab();
    await listenEverywhere(lab, [port]);
    const text = `table inet a { chain one { ${way.hook} tcp dport 22 accept; drop; } ; chain two { type filter hook output priority 5; policy drop; }; }\n`;
    await boot(lab, { [MAIN]: text });
    const before = await lab.run(['cat', MAIN]);
    const fix = await planAll(lab);
    await runAll(lab, fix.apply);
    const saved = await save(lab, fix);
    expect(saved).toEqual({ files: [MAIN], backups: ['/var/lib/lo-doctor/k1/nftables.conf.before'], advice: [] });
    expect(await lab.run(['cat', MAIN])).toBe(
      text.replace(' drop; }', ` ${permit}; drop; }`).replace('policy drop; }; }', `policy drop; ${permit}; }; }`),
    );
    await lab.run(['sh', '-c', `nft flush ruleset; nft -f ${MAIN}`]);
    expect(await failures(lab, attempts)).toEqual([]);
    await undoSaveForBoot(hostInLab(lab), 'k1');
    expect(await lab.run(['cat', MAIN])).toBe(before);
  });

  it('finds the place by what stands behind it, also where a rule that is only in force for now comes first', async () => {
    await using lab = await startLab();
    const chain = (...rules: readonly string[]) =>
      `table inet filter {\n\tchain output {\n\t\t${way.hook}\n${rules.map((rule) => `\t\t${rule}\n`).join('')}\t}\n}\n`;
    const rules = ['tcp dport 22 accept', 'tcp dport 80 drop', 'tcp dport 443 accept', 'drop'] as const;
    await boot(lab, { [MAIN]: chain(...rules) });
    await lab.loadNft('insert rule inet filter output index 1 ip daddr 127.0.0.9 tcp dport 80 drop');
    const saved = await save(lab, await planAll(lab));
    expect(saved).toMatchObject({ files: [MAIN], advice: [] });
    expect(await lab.run(['cat', MAIN])).toBe(chain(rules[0], permit, ...rules.slice(1)));
  });

  it.each(['insert rule inet filter output', 'add rule inet filter output index 0'])(
    'is not sure of the place where rules are put before others: %s',
    async (command) => {
      await using lab = await startLab();
      const chain = `table inet filter {\n\tchain output {\n\t\t${way.hook}\n\t\ttcp dport 23 accept\n\t\ttcp dport 80 drop\n\t\ttcp dport 443 accept\n\t}\n}\n`;
      await boot(lab, { [MAIN]: `${chain}${command} tcp dport 22 accept\n` });
      const saved = await save(lab, await planAll(lab));
      expect(saved.advice).toEqual([expect.stringContaining('stands first')]);
      expect(await lab.run(['cat', MAIN])).toContain(`policy drop;\n\t\t${permit}\n\t\ttcp dport 23 accept\n`);
    },
  );

  it('puts the rule first, and says so, where the script differs from the rules in force', async () => {
    await using lab = await startLab();
    await boot(lab, {
      [MAIN]: `table inet filter {\n\tchain output {\n\t\t${way.hook}\n\t\ttcp dport 22 accept\n\t}\n}\n`,
    });
    await lab.loadNft('flush chain inet filter output\nadd rule inet filter output reject');
    const saved = await save(lab, await planAll(lab));
    expect(saved.files).toEqual([MAIN]);
    expect(saved.advice).toEqual([expect.stringContaining('stands first in its chain output')]);
    expect(await lab.run(['cat', MAIN])).toContain(`policy drop;\n\t\t${permit}\n\t\ttcp dport 22`);
  });

  it('changes nothing where the script does not make the chain, or nft would not load it', async () => {
    await using lab = await startLab();
    const text = `table inet filter {\n\tchain output {\n\t\t${way.hook}\n\t}\n}\n`;
    await boot(lab, { [MAIN]: text });
    await lab.loadNft('add table inet b\nadd chain inet b late { type filter hook output priority 9; policy drop; }');
    const fix = await planAll(lab);
    const late = await save(lab, { ...fix, nftInsertions: fix.nftInsertions.filter(({ table }) => table === 'b') });
    expect(late.files).toEqual([]);
    expect(late.advice.join()).toMatch(/chain late of table inet b was not saved .*does not make this chain/);
    const broken = fix.nftInsertions.map((insertion) => ({ ...insertion, statement: 'no such statement' })).slice(0, 1);
    const refused = await save(lab, { ...fix, nftInsertions: broken });
    expect(refused.files).toEqual([]);
    expect(refused.advice.join()).toMatch(/stays as it was: nft would not load it/);
    expect(await lab.run(['cat', MAIN])).toBe(text);
    expect(await lab.run(['sh', '-c', 'ls /etc | grep lo-doctor || true'])).toBe('');
  });

  it('does not mind what only the server itself has: a device that the script names', async () => {
    await using lab = await startLab();
    const netdev = 'table netdev d {\n\tchain in { type filter hook ingress device "eth0" priority 0; }\n}\n';
    await boot(lab, { [MAIN]: `${netdev}table inet filter {\n\tchain output {\n\t\t${way.hook}\n\t}\n}\n` });
    const { files, advice } = await save(lab, await planAll(lab));
    expect({ files, advice }).toMatchObject({ files: [MAIN] });
    expect(await lab.run(['cat', MAIN])).toContain(permit);
  });

  it('says when nothing loads the script at boot', async () => {
    await using lab = await startLab();
    await boot(lab, { [MAIN]: `table inet filter {\n\tchain output {\n\t\t${way.hook}\n\t}\n}\n` });
    await lab.run(['systemctl', 'disable', '-q', 'nftables']);
    expect((await save(lab, await planAll(lab))).advice).toEqual([
      expect.stringContaining('systemctl enable nftables'),
    ]);
  });
});
