// Another writer at any moment of a fix: none of its rules is lost, none that it took away comes back, and ours go.
import { runUndo } from '../../../src/commands/cases/cases.ts';
import { runFix } from '../../../src/commands/fix/fix.ts';
import { type Host, HostError } from '../../../src/host/host.ts';
import { testIo } from '../../commands/io.ts';
import { hostInLab } from '../host-in-lab.ts';
import { type Lab, startLab } from '../lab.ts';
import { type Figures, newFigures } from './figures.ts';

const RULES =
  '*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -s 203.0.113.5/32 -j DROP\n-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\n-A OUTPUT -j DROP\nCOMMIT\n';

/** What somebody else does: put in front or at the end, take away, in either family and chain. */
const ACTS = [
  (n: number) => ['iptables', '-w', '-I', 'OUTPUT', '-d', `198.51.100.${n}/32`, '-j', 'DROP'],
  (n: number) => ['iptables', '-w', '-A', 'INPUT', '-s', `198.51.100.${n}/32`, '-j', 'DROP'],
  (n: number) => ['ip6tables', '-w', '-I', 'OUTPUT', '-d', `2001:db8::${n}/128`, '-j', 'DROP'],
  (n: number) => [
    'iptables',
    '-w',
    '-I',
    'OUTPUT',
    '2',
    '-p',
    'udp',
    '-m',
    'udp',
    '--dport',
    `${1000 + n}`,
    '-j',
    'ACCEPT',
  ],
] as const;

/** Whether a command changes something: between two of those, another writer may come at any time. */
const isMoment = (command: readonly string[]) => !['id', 'stat', 'ls', 'test'].includes(command[0] ?? '');

const bare = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('-A') && !line.includes('lo-doctor '))
    .toSorted()
    .join('\n');
const listBoth = async (lab: Lab) => `${await lab.run(['iptables-save'])}${await lab.run(['ip6tables-save'])}`;

/** The lab as a host on which somebody acts before the command of that number. */
function disturbed(lab: Lab, at: number, act: readonly string[]): Host & { readonly hasActed: () => boolean } {
  const host = hostInLab(lab);
  const [program = '', ...args] = act;
  let commands = 0;
  return {
    ...host,
    hasActed: () => commands > at,
    run: async (command, options) => {
      if (isMoment(command)) {
        commands += 1;
        if (commands === at + 1) await lab.run([program, ...args]);
      }
      return host.run(command, options);
    },
  };
}

async function once(lab: Lab, seed: number, figures: Figures): Promise<void> {
  await lab.run(['sh', '-c', 'iptables -F; ip6tables -F; rm -rf /run/lo-doctor /var/lib/lo-doctor']);
  await lab.loadRules(RULES);
  const n = 1 + (seed % 250);
  const act = (ACTS[seed % ACTS.length] ?? ACTS[0])(n);
  const host = disturbed(lab, (seed * 7) % 60, act);
  const before = bare(await listBoth(lab));
  const options = { choice: { kind: 'all' }, isDryRun: false, yes: true, confirmWithin: null, json: true } as const;
  figures.runs += 1;
  const id = `i${seed}`;
  const end = await runFix(options, { host, caseId: id, io: testIo().io }).catch((error: unknown) => {
    if (error instanceof HostError) return error.message;
    throw error;
  });
  if (host.hasActed()) figures.reached += 1;
  const isApplied = typeof end === 'number' && (await listBoth(lab)).includes(`lo-doctor ${id}:`);
  if (isApplied)
    await runUndo(id, hostInLab(lab), { stdout: () => {} }).catch((error: unknown) =>
      figures.notes.push(`undo of ${id}: ${error}`),
    );
  const all = await listBoth(lab);
  const wanted = [...before.split('\n'), ...(host.hasActed() ? [withoutPlace(act)] : [])].toSorted().join('\n');
  const left = all.split('lo-doctor ').length - 1;
  if (left > 0) {
    figures.leftOvers += left;
    figures.notes.push(`${id}: left over after ${end}`);
  }
  if (bare(all) !== wanted) {
    figures.foreignLost += 1;
    figures.notes.push(`${id} (${act.join(' ')}): expected\n${wanted}\nfound\n${bare(all)}`);
  }
}

/** `iptables -w -I OUTPUT 2 -p udp …` as iptables-save lists it: `-A OUTPUT -p udp …` */
function withoutPlace(act: readonly string[]): string {
  const [chain, ...rest] = act.slice(3);
  return ['-A', chain, ...(/^\d+$/.test(rest[0] ?? '') ? rest.slice(1) : rest)].join(' ');
}

/** So many fixes, each with another writer at another moment. */
export async function drillInterleavings(count: number, first = 1): Promise<Figures> {
  const figures = newFigures('another writer meanwhile');
  await using lab = await startLab();
  await lab.run(['sh', '-c', 'mkdir -p /etc/iptables; systemctl disable -q ufw firewalld nftables']);
  await lab.startSmtp(25, '127.0.0.1');
  for (let seed = first; seed < first + count; seed += 1) await once(lab, seed, figures);
  return figures;
}
