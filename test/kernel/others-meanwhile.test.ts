// What other programs change while a fix is made: neither lost nor overwritten, and in no file of the next boot.
import { beforeAll, expect, it } from 'vitest';
import { runConfirm, runUndo } from '../../src/commands/cases/cases.ts';
import { type FixCommandOptions, runFix } from '../../src/commands/fix/fix.ts';
import type { Host } from '../../src/host/host.ts';
import { readCase } from '../../src/host/trial/case-file.ts';
import { testIo } from '../commands/io.ts';
import { describeKernel } from './available.ts';
import { addresses, listRules } from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import { installNetfilterPersistent } from './install-netfilter-persistent.ts';
import { type Lab, startLab } from './lab.ts';
import {
  type Banning,
  ban,
  interruptedHost,
  startContainer,
  startDocker,
  startFail2ban,
  stopContainer,
  unban,
  useVariant,
} from './others.ts';

const policy = `# my policy
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -j DROP
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT
-A OUTPUT -j LOG --log-prefix "final "
-A OUTPUT -j DROP
COMMIT
`;

const script = `flush ruleset
# my policy
table inet filter {
\tchain input {
\t\ttype filter hook input priority filter
\t\tct state established,related accept
\t\ttcp dport 22 accept
\t\tdrop
\t}
\tchain output {
\t\ttype filter hook output priority filter
\t\tct state established,related accept
\t\ttcp dport 443 accept
\t\tlog prefix "final "
\t\tdrop
\t}
}
`;

/** A server with a policy that stops lo on output and on input, kept in files, with fail2ban and Docker beside it. */
type Kind = {
  readonly name: string;
  readonly banning: Banning;
  readonly files: readonly string[];
  set(lab: Lab): Promise<void>;
};

const withIptables = async (lab: Lab, variant: 'nft' | 'legacy') => {
  await useVariant(lab, variant);
  await installNetfilterPersistent(lab);
  const load = 'for v in 4 6; do cat > /etc/iptables/rules.v$v; done';
  await lab.run(['sh', '-ec', load.replace('cat', 'printf %s "$0"'), policy]);
  for (const family of ['ip', 'ip6'] as const) await lab.loadRules(policy, { variant, family });
};

const rulesFiles = ['/etc/iptables/rules.v4', '/etc/iptables/rules.v6'];

const KINDS: readonly Kind[] = [
  { name: 'iptables-nft', banning: 'iptables-multiport', files: rulesFiles, set: (lab) => withIptables(lab, 'nft') },
  {
    name: 'iptables-legacy',
    banning: 'iptables-multiport',
    files: rulesFiles,
    set: (lab) => withIptables(lab, 'legacy'),
  },
  {
    name: 'nftables',
    banning: 'nftables-multiport',
    files: ['/etc/nftables.conf'],
    set: async (lab) => {
      await lab.run(['sh', '-ec', 'systemctl enable -q nftables; cat > /etc/nftables.conf'], { input: script });
      await lab.loadNft(script);
    },
  },
];

/** What the others do, in this order; the same on a server without lo-doctor shows what their rules have to be. */
const OTHERS = {
  before: async (lab: Lab) => {
    await ban(lab, 'INPUT', '203.0.113.1');
    await startContainer(lab, '172.17.0.2', 8080);
  },
  beforeApplying: async (lab: Lab) => {
    await ban(lab, 'OUTPUT', '203.0.113.2');
    await ban(lab, 'INPUT', '203.0.113.3');
    await startContainer(lab, '172.17.0.3', 8081);
  },
  beforeConfirming: async (lab: Lab) => {
    await ban(lab, 'INPUT', '203.0.113.4');
    await stopContainer(lab, '172.17.0.2', 8080);
  },
  whileSaving: async (lab: Lab) => {
    await ban(lab, 'INPUT', '203.0.113.5');
    await startContainer(lab, '172.17.0.4', 8082);
  },
  beforeUndoing: async (lab: Lab) => {
    await unban(lab, 'INPUT', '203.0.113.3');
    await ban(lab, 'OUTPUT', '203.0.113.6');
    await stopContainer(lab, '172.17.0.3', 8081);
  },
} as const;

type Step = keyof typeof OTHERS;

async function startServer({ banning, set }: Kind): Promise<Lab> {
  const lab = await startLab();
  await set(lab);
  await startFail2ban(lab, banning);
  await startDocker(lab);
  await OTHERS.before(lab);
  return lab;
}

/** The rules after each step on a server that lo-doctor has never seen. */
async function undisturbed(kind: Kind): Promise<Map<Step, string>> {
  await using lab = await startServer(kind);
  const seen = new Map<Step, string>();
  for (const step of ['beforeApplying', 'beforeConfirming', 'whileSaving', 'beforeUndoing'] as const) {
    await OTHERS[step](lab);
    seen.set(step, await listRules(lab));
  }
  return seen;
}

/** nft shows the rules of iptables without their comments. */
const isOurs = (line: string) => line.includes('lo-doctor') || /^\s*[io]ifname "lo" +counter accept$/.test(line);
const withoutOurs = (text: string) =>
  text
    .split('\n')
    .filter((line) => !isOurs(line))
    .join('\n');
const ours = (text: string) => text.split('\n').filter(isOurs);

const unreached = async (lab: Lab): Promise<string[]> => {
  const ends = await Promise.all(addresses.map((address) => lab.probe(address, 25)));
  return addresses.filter((_, at) => ends[at]?.outcome !== 'works');
};

const isApplying = (command: string) => / -I (IN|OUT)PUT /.test(command) || command === 'nft -f -';
const ALL: FixCommandOptions = { choice: { kind: 'all' }, isDryRun: false, yes: true, confirmWithin: 90, json: true };
const fix = (host: Host, options: Partial<FixCommandOptions> = {}) =>
  runFix({ ...ALL, ...options }, { host, caseId: 'c1', io: testIo().io });

describeKernel.each(KINDS)('with fail2ban and Docker at work on a server with $name', (kind) => {
  let expected = new Map<Step, string>();
  beforeAll(async () => {
    expected = await undisturbed(kind);
  });

  it('a fix that is kept and undone changes its own rules alone, in force and in the files', async () => {
    await using lab = await startServer(kind);
    for (const address of addresses) await lab.startSmtp(25, address);
    expect(await unreached(lab)).toEqual(addresses);
    const read = (file: string) => lab.run(['cat', file]);

    const applying = interruptedHost(hostInLab(lab), [{ before: isApplying, act: () => OTHERS.beforeApplying(lab) }]);
    expect(await fix(applying)).toBe(0);
    expect(applying.happened()).toBe(1);
    const applied = await listRules(lab);
    expect(withoutOurs(applied)).toBe(expected.get('beforeApplying'));
    expect(ours(applied).length).toBeGreaterThanOrEqual(2);
    expect(await unreached(lab)).toEqual([]);

    await OTHERS.beforeConfirming(lab);
    const [file = ''] = kind.files;
    const saving = interruptedHost(hostInLab(lab), [
      {
        before: (command) => command.startsWith('sync '),
        act: async () => void (await lab.run(['sed', '-i', '1i # and mine', file])),
      },
      { before: (command) => command.startsWith('mv -f '), act: () => OTHERS.whileSaving(lab) },
    ]);
    const before = await Promise.all(kind.files.map(read));
    expect(await runConfirm(null, saving, testIo().io)).toBe(0);
    expect(saving.happened()).toBe(2);
    expect(withoutOurs(await listRules(lab))).toBe(expected.get('whileSaving'));
    const withMine = before.map((text, at) => (at === 0 ? `# and mine\n${text}` : text));
    const saved = await Promise.all(kind.files.map(read));
    expect(saved.map(withoutOurs)).toEqual(withMine);
    for (const text of saved) expect(ours(text)).toHaveLength(2);

    const undoing = interruptedHost(hostInLab(lab), [
      { before: (command) => command.includes('/roll-back'), act: () => OTHERS.beforeUndoing(lab) },
    ]);
    expect(await runUndo(null, undoing, testIo().io)).toBe(0);
    expect(undoing.happened()).toBe(1);
    expect(await listRules(lab)).toBe(expected.get('beforeUndoing'));
    expect(await Promise.all(kind.files.map(read))).toEqual(withMine);
  });

  it('a fix that nobody confirms takes back its own rules alone', async () => {
    await using lab = await startServer(kind);
    const host = interruptedHost(hostInLab(lab), [{ before: isApplying, act: () => OTHERS.beforeApplying(lab) }]);
    expect(await fix(host, { confirmWithin: 12 })).toBe(0);
    expect(host.happened()).toBe(1);
    await OTHERS.beforeConfirming(lab);
    expect((await readCase(host, 'c1'))?.state).toBe('armed');
    await expect.poll(async () => (await readCase(host, 'c1'))?.state, { timeout: 30_000 }).toBe('rolled-back');
    expect(await listRules(lab)).toBe(expected.get('beforeConfirming'));
  });

  it('a plan whose numbers no longer fit is made anew and applied', async () => {
    await using lab = await startServer(kind);
    for (const address of addresses) await lab.startSmtp(25, address);
    let readings = 0;
    const host = interruptedHost(hostInLab(lab), [
      // The inspection, the plan that is shown, and the same plan right before it is applied.
      {
        before: (command) => command === 'nft -j list ruleset' && ++readings === 3,
        act: () => OTHERS.beforeApplying(lab),
      },
    ]);
    expect(await fix(host)).toBe(0);
    expect(await unreached(lab)).toEqual([]);
    expect(host.happened()).toBe(1);
    expect(withoutOurs(await listRules(lab))).toBe(expected.get('beforeApplying'));
  });
});
