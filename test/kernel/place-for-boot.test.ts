// A fix is saved where it works in the file that boot loads, whatever is in force: after loading that file, loopback passes on the real kernel.
import { expect, it } from 'vitest';
import { runFix } from '../../src/commands/fix/fix.ts';
import { testIo } from '../commands/io.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { installNetfilterPersistent } from './install-netfilter-persistent.ts';
import { type Lab, startLab } from './lab.ts';

const sh = (lab: Lab, script: string, input = '') => lab.run(['sh', '-ec', script], { input });

/** A saved rules file with that many rules, as iptables-save writes one. */
const rules = (policy: string, ...lines: string[]) => `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ${policy} [0:0]
${lines.map((line) => `${line}\n`).join('')}COMMIT
`;
const https = '-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT';
const script = (policy: string, ...lines: string[]) => `table inet filter {
	chain output {
		type filter hook output priority 0; policy ${policy};
${lines.map((line) => `\t\t${line}\n`).join('')}	}
}
`;

/** As `nft list ruleset` prints what iptables made, for both families. */
const compat = (policy: string, ...lines: string[]) =>
  ['ip', 'ip6']
    .map(
      (family) => `table ${family} filter {
	chain OUTPUT {
		type filter hook output priority filter; policy ${policy};
${lines.map((line) => `\t\t${line}\n`).join('')}	}
}
`,
    )
    .join('');

type Saved = { files: string[]; nextBoot: string; proof: string | null; advice: string[] };

async function fixAndKeep(lab: Lab): Promise<{ code: number; saved: Saved; words: string }> {
  const host = hostInLab(lab);
  const { io, written } = testIo();
  const options = { choice: { kind: 'all' }, isDryRun: false, yes: true, confirmWithin: null, json: true } as const;
  const code = await runFix(options, { host, caseId: 'k1', io });
  return { code, saved: JSON.parse(written.stdout).saved, words: written.stdout };
}

/** What the boot does with the files, and whether TCP and UDP get through on lo then. */
async function loadAndTry(lab: Lab): Promise<string> {
  await sh(
    lab,
    `nft flush ruleset; iptables-legacy -F; iptables-legacy -P OUTPUT ACCEPT
    for f in 4 6; do [ $f = 4 ] && p=iptables || p=ip6tables; [ ! -f /etc/iptables/rules.v$f ] || $p-restore </etc/iptables/rules.v$f; done
    ! systemctl --root=/ is-enabled -q nftables || nft -f /etc/nftables.conf`,
  );
  const python = `
import socket
s = socket.socket(); s.bind(('127.0.0.1', 6379)); s.listen()
c = socket.socket(); c.settimeout(1.5)
try:
    c.connect(('127.0.0.1', 6379)); print('passes')
except OSError as e: print('stopped', e)`;
  return (await lab.run(['python3', '-c', python])).trim();
}

const useIptables = async (lab: Lab, live: string, saved: string) => {
  await sh(lab, 'systemctl disable -q nftables ufw firewalld 2>/dev/null || :');
  await installNetfilterPersistent(lab);
  await sh(lab, 'cat >/etc/iptables/rules.v4', saved);
  await lab.loadRules(live);
};
const useNft = async (lab: Lab, live: string, saved: string) => {
  await sh(
    lab,
    'systemctl disable -q ufw firewalld 2>/dev/null || :; systemctl enable -q nftables; cat >/etc/nftables.conf',
    saved,
  );
  await lab.loadNft(live);
};

const CASES: readonly { name: string; use: typeof useNft; live: string; saved: string }[] = [
  {
    name: 'nftables.conf ends with a drop of its own, in force it is the policy',
    use: useNft,
    live: script('drop', 'ct state established accept', 'tcp dport 22 accept'),
    saved: `flush ruleset\n${script('accept', 'tcp dport 22 accept', 'drop')}`,
  },
  {
    name: 'rules.v4 ends with a drop of its own, in force it is the policy',
    use: useIptables,
    live: rules('DROP', https),
    saved: rules('ACCEPT', https, '-A OUTPUT -j DROP'),
  },
  {
    name: 'rules.v4 stops what comes in as well, which nothing in force does',
    use: useIptables,
    live: rules('DROP', https),
    saved: rules('DROP', https, '-A INPUT -p tcp --dport 22 -j ACCEPT', '-A INPUT -j DROP'),
  },
  {
    name: 'rules.v4 sends all to a chain of its own that drops',
    use: useIptables,
    live: rules('ACCEPT', https, '-A OUTPUT -j DROP'),
    saved: rules(
      'ACCEPT',
      '-A OUTPUT -j OUT',
      https,
      '-A OUT -p tcp -m multiport --dports 80,443 -j ACCEPT',
      '-A OUT -j REJECT',
    ).replace(':OUTPUT', ':OUT - [0:0]\n:OUTPUT'),
  },
  {
    name: 'rules.v4 is written by hand in other words than iptables-save has',
    use: useIptables,
    live: rules('ACCEPT', https, '-A OUTPUT -j REJECT --reject-with icmp-port-unreachable'),
    saved: rules(
      'ACCEPT',
      '-A OUTPUT -d 10.0.0.1 -p tcp --dport 443 -j DROP',
      '-A OUTPUT -p icmp --icmp-type echo-request -j ACCEPT',
      '-A OUTPUT -j REJECT',
    ),
  },
  {
    name: 'nftables.conf stops it in a table that is not in force',
    use: useNft,
    live: script('drop', 'tcp dport 22 accept'),
    saved: `flush ruleset\n${script('drop', 'tcp dport 22 accept')}table inet more {\n\tchain in {\n\t\ttype filter hook input priority 0; policy accept;\n\t\ttcp dport 22 accept\n\t\tdrop\n\t}\n}\n`,
  },
  {
    name: "nftables.conf makes the tables of iptables' own names",
    use: useNft,
    live: compat('drop', 'tcp dport 22 counter accept'),
    saved: `flush ruleset\n${compat('drop', 'tcp dport 22 counter accept')}`,
  },
  {
    name: "nftables.conf makes the tables of iptables' own names, and drops by a rule there",
    use: useNft,
    live: compat('drop', 'tcp dport 22 counter accept'),
    saved: `flush ruleset\n${compat('accept', 'ct state established accept', 'counter drop')}`,
  },
];

describeKernel('a fix saved for the next boot', () => {
  it.each(CASES)('passes after it where $name', async ({ use, live, saved }) => {
    await using lab = await startLab();
    await use(lab, live, saved);
    const kept = await fixAndKeep(lab);
    expect(kept.code, kept.words).toBe(0);
    expect(kept.saved, kept.words).toMatchObject({
      nextBoot: 'passes',
      proof: expect.stringContaining('loaded in a network namespace aside'),
    });
    expect(await loadAndTry(lab)).toBe('passes');
  });

  it('is judged for either order of two services that load rules at boot', async () => {
    await using lab = await startLab();
    await useNft(lab, '', 'flush ruleset\n');
    await installNetfilterPersistent(lab);
    await sh(lab, 'cat >/etc/iptables/rules.v4', rules('DROP', https));
    const { io, written } = testIo();
    const asked = { choice: { kind: 'all' }, isDryRun: true, yes: false, confirmWithin: null, json: true } as const;
    await runFix(asked, { host: hostInLab(lab), caseId: 'k1', io });
    expect(JSON.parse(written.stdout)).toMatchObject({
      result: 'nothing-to-do',
      nextBoot: { loopback: 'blocked', reasons: [expect.stringContaining('in either order')] },
    });
    await lab.loadRules(rules('DROP', https));
    const { saved, words } = await fixAndKeep(lab);
    expect(saved, words).toMatchObject({ nextBoot: 'passes', files: ['/etc/iptables/rules.v4'] });
  });

  it('is not said to be saved where ufw is off and its chains are left over', async () => {
    await using lab = await startLab();
    await sh(
      lab,
      'systemctl disable -q nftables firewalld; ufw --force disable >/dev/null; cp /etc/ufw/before.rules /run/before',
    );
    const left = rules(
      'DROP',
      '-A OUTPUT -j ufw-before-output',
      '-A ufw-before-output -p tcp -m tcp --dport 80 -j ACCEPT',
      '-A ufw-before-output -j DROP',
    );
    await lab.loadRules(left.replace(':OUTPUT', ':ufw-before-output - [0:0]\n:OUTPUT'));
    const { saved } = await fixAndKeep(lab);
    expect(saved).toMatchObject({ files: [], proof: null });
    expect(saved.nextBoot).not.toBe('passes');
    expect(await sh(lab, 'cmp /run/before /etc/ufw/before.rules && echo same')).toBe('same\n');
  });

  it('is said not to be proved where nothing can be loaded aside, and why', async () => {
    await using lab = await startLab();
    await useIptables(
      lab,
      rules('DROP', https),
      rules('DROP', https, '-A OUTPUT -m set --match-set nowhere dst -j ACCEPT'),
    );
    const { saved } = await fixAndKeep(lab);
    expect(saved).toMatchObject({ nextBoot: 'unknown', proof: null });
    expect(saved.advice.join('\n')).toMatch(/not known: .*rules\.v4 could not be loaded aside/);
  });
});
