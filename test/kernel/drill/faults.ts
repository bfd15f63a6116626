// The fault matrix: the built lo-doctor is struck at a certain command of its own, in every way that a server knows, and what is left is looked at.
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findUnshowable } from '../../fixtures/hostile-strings.ts';
import { installNetfilterPersistent } from '../install-netfilter-persistent.ts';
import { type Lab, startLab } from '../lab.ts';
import type { LabProcess } from '../lab-process.ts';
import { bundle } from '../situation.ts';
import { type Figures, inParallel, newFigures } from './figures.ts';

/** Where lo-doctor is struck: right before the first command of its that reads so. */
export const POINTS = {
  'before the case is written down': '^tee .*/case\\.json',
  'before the rollback is written': '^tee .*/roll-back$',
  'before the case is armed': '^tee .*/armed$',
  'before the plan is written down': '^tee .*/plan',
  'before the rule of IPv4': '^iptables .* -I OUTPUT .*ACCEPT$',
  'before the rule of IPv6': '^ip6tables .* -I OUTPUT .*ACCEPT$',
  'while the fix is tried': '^bash -c exec 3',
  'before the fix is kept': '^mv .*/armed .*/confirmed',
  'before the case is put away': '^cp -p \\./',
  'before rules.v4 is backed up': '^cp .*rules\\.v4 .*before',
  'before the new rules.v4 is on the disk': '^sync .*rules\\.v4',
  'before rules.v4 is replaced': '^mv -f .*rules\\.v4',
  'before rules.v6 is backed up': '^cp .*rules\\.v6 .*before',
  'before the new rules.v6 is on the disk': '^sync .*rules\\.v6',
  'before rules.v6 is replaced': '^mv -f .*rules\\.v6',
  'before the report is written': '^tee .*/report\\.json',
  'before the last report is written': '^tee .*/report\\.md',
  'before logging is armed': '^tee .*-log/armed$',
  'before logging is turned on': '^iptables .* LOG ',
  'before logging is turned off': '^iptables .* -D .* LOG ',
} as const;

export type Point = keyof typeof POINTS;

/** How it is struck. `power cut`: all of its processes are gone, /run is empty, the rules are what the boot loads. */
export const FAULTS = ['KILL', 'HUP', 'TERM', 'closed terminal', 'STOP beyond its time', 'power cut'] as const;
export type Fault = (typeof FAULTS)[number];

export const PROGRAMS = {
  fix: { args: ['fix', '--all', '--yes'], answers: [] },
  wizard: { args: ['--plain', '--confirm-within', '10'], answers: ['', '', '', '', '1', ''] },
} as const;
export type ProgramName = keyof typeof PROGRAMS;

export type Strike = { readonly program: ProgramName; readonly point: Point; readonly fault: Fault };

export const allStrikes = (): Strike[] =>
  (Object.keys(PROGRAMS) as ProgramName[]).flatMap((program) =>
    (Object.keys(POINTS) as Point[]).flatMap((point) => FAULTS.map((fault) => ({ program, point, fault }))),
  );

const policy = (foreign: string) => `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -s ${foreign} -j DROP
-A OUTPUT -p tcp -m tcp --dport 443 -m comment --comment "mine" -j ACCEPT
-A OUTPUT -j DROP
COMMIT
`;
const RULES = { v4: policy('203.0.113.5/32'), v6: policy('2001:db8::5/128') };

/** Everything that can be struck is found by lo-doctor here first, and waits here when it is its turn. */
const WRAPPER = `#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
name=\${0##*/}
if [ -e /run/lock/point ] && [ ! -e /run/lock/hit ] && printf '%s\\n' "$name $*" | grep -qEf /run/lock/point && mkdir /run/lock/hit 2>/dev/null; then
  while [ ! -e /run/lock/go ]; do sleep 0.05; done
fi
exec $name "$@"
`;
const WRAPPED = 'tee mv cp sync bash iptables ip6tables';

/** What another user leaves where root might run it. */
const PLANTED = `mkdir -p /dev/shm/evil /dev/shm/lo-doctor/evil; cd /dev/shm/evil
for one in iptables nft ip cat id stat sh; do printf '#!/bin/sh\\ntouch /run/lock/pwned\\n' >$one; chmod 755 $one; done
cd /dev/shm/lo-doctor/evil; echo '{}' >case.json; : >armed; echo 1 >deadline
for one in roll-back put-away watch; do echo 'touch /run/lock/pwned' >$one; done`;

async function startServer(point: Point): Promise<Lab> {
  const lab = await startLab();
  await installNetfilterPersistent(lab);
  await lab.run([
    'sh',
    '-ec',
    'systemctl disable -q ufw firewalld nftables; mount -t tmpfs -o mode=755 tools /usr/local/sbin',
  ]);
  for (const [version, text] of Object.entries(RULES)) {
    await lab.run(['tee', `/etc/iptables/rules.${version}`], { input: text });
    await lab.loadRules(text, { family: version === 'v4' ? 'ip' : 'ip6' });
  }
  const wrap = `cat >/usr/local/sbin/tee; cd /usr/local/sbin; chmod 755 tee; for one in ${WRAPPED}; do [ $one = tee ] || cp tee $one; done`;
  await lab.run(['sh', '-ec', wrap], { input: WRAPPER });
  await lab.run(['sh', '-ec', 'mount -t tmpfs -o mode=1777 shm /dev/shm']);
  await lab.run(['sh', '-c', PLANTED], { uid: 33 });
  await lab.startSmtp(25, '127.0.0.1');
  await lab.run(['/usr/bin/tee', '/run/lock/point'], { input: `${POINTS[point]}\n` });
  return lab;
}

type Seen = {
  readonly inForce: readonly number[];
  readonly saved: readonly number[];
  readonly foreign: string;
  readonly strays: readonly string[];
  readonly cases: string;
};

const lines = (text: string) => text.split('\n').filter((line) => line !== '');
const isOurs = (line: string) => line.includes('lo-doctor ');

/** Rules, files and processes as they are. */
async function look(lab: Lab): Promise<Seen> {
  const read = async (script: string) => lines(await lab.run(['/bin/sh', '-c', script]));
  const dumps = await Promise.all(['/usr/sbin/iptables-save', '/usr/sbin/ip6tables-save'].map(read));
  const files = await Promise.all(['v4', 'v6'].map((version) => read(`cat /etc/iptables/rules.${version}`)));
  const bare = (all: readonly string[]) => all.filter((line) => line.startsWith('-A') && !isOurs(line)).join('\n');
  return {
    inForce: dumps.map((all) => all.filter((line) => isOurs(line)).length),
    saved: files.map((all) => all.filter(isOurs).length),
    foreign: [...dumps, ...files].map(bare).join('\n--\n'),
    strays: await read(
      'ls -d /etc/iptables/*lo-doctor* /etc/iptables/*.new 2>/dev/null; ls -d /run/lo-doctor/*/ 2>/dev/null; ps -eo args | grep "[s]h ./watch"; :',
    ),
    cases: await lab.run(['/bin/sh', '-c', 'ls -d /run/lo-doctor/*/* /var/lib/lo-doctor/*/* 2>/dev/null; :']),
  };
}

const has = async (lab: Lab, path: string) => (await lab.exec(['/usr/bin/test', '-e', path])).code === 0;

async function until(isSo: () => Promise<boolean>, seconds: number): Promise<boolean> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(150))
    if (await isSo()) return true;
  return false;
}

type Told = { text: string; code: number | null };

/** Runs lo-doctor, in a terminal of its own where that is to be closed. */
async function begin(lab: Lab, { program, fault }: Strike): Promise<LabProcess> {
  const { args, answers } = PROGRAMS[program];
  const command = [process.execPath, resolve(bundle), ...args];
  const inTerminal = ['/usr/bin/script', '-qec', `exec ${command.join(' ')}`, '/run/lock/typescript'];
  const argv = fault === 'closed terminal' ? inTerminal : command;
  const env = [
    '/usr/bin/env',
    '-C',
    '/dev/shm/evil',
    'PATH=/dev/shm/evil:',
    'BASH_ENV=/dev/shm/evil/sh',
    'NO_COLOR=1',
    'TERM=dumb',
  ] as const;
  // Between what brings it into the lab and itself: a shell that is not stopped with it.
  const apart = 'exec 3<&0; "$@" <&3 3<&- & echo $! >/run/lock/pid; exec 3<&-; wait $!';
  const running = await lab.spawn([...env, '/bin/sh', '-c', apart, 'sh', ...argv]);
  running.stdin.write(answers.map((one) => `${one}\n`).join(''));
  return running;
}

const sh = (lab: Lab, script: string) => lab.exec(['/bin/sh', '-c', script]);
const LO_DOCTOR = "ps -eo pid,args | awk '/lo-doctor.j[s]|[s]h .*watch|[s]h .*roll-back/ {print $1}'";

const signal = (lab: Lab, name: string) => sh(lab, `kill -${name} $(cat /run/lock/pid)`);

async function strike(lab: Lab, fault: Fault): Promise<void> {
  const release = () => sh(lab, ': >/run/lock/go');
  switch (fault) {
    case 'KILL':
    case 'HUP':
    case 'TERM':
      await signal(lab, fault);
      break;
    case 'closed terminal':
      await signal(lab, 'KILL');
      break;
    case 'STOP beyond its time':
      await signal(lab, 'STOP');
      await release();
      await sleep(1000);
      await letTimeRunOut(lab);
      await until(async () => !(await armed(lab)), 20);
      await signal(lab, 'CONT');
      break;
    case 'power cut':
      await sh(lab, `kill -KILL $(${LO_DOCTOR}); sleep 0.2; kill -KILL $(${LO_DOCTOR}) 2>/dev/null`);
      await boot(lab);
  }
  await release();
}

/** What a boot does: /run is empty, the rules are those of the files, the kernel has another boot id. */
async function boot(lab: Lab): Promise<void> {
  await sh(
    lab,
    `rm -rf /run/lo-doctor; : >/run/lock/go; sleep 0.3
    /usr/sbin/iptables-restore </etc/iptables/rules.v4; /usr/sbin/ip6tables-restore </etc/iptables/rules.v6
    cat /proc/sys/kernel/random/uuid >/run/lock/boot_id; mount --bind /run/lock/boot_id /proc/sys/kernel/random/boot_id`,
  );
}

/** The time of whatever is armed is up now. */
const letTimeRunOut = (lab: Lab) =>
  sh(lab, 'for one in /run/lo-doctor/*/deadline; do [ -e "$one" ] && echo 0 >"$one.d" && mv "$one.d" "$one"; done');

const armed = async (lab: Lab) => (await sh(lab, 'ls /run/lo-doctor/*/armed /run/lo-doctor/*/rolling-back')).code === 0;

const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);
const isWhole = (all: readonly number[]) => all.every((one) => one > 0) || all.every((one) => one === 0);

async function drillOne(one: Strike, figures: Figures): Promise<void> {
  await using lab = await startServer(one.point);
  const before = await look(lab);
  const running = await begin(lab, one);
  let isOver = false;
  const ended = running.ended.then((result) => {
    isOver = true;
    return result;
  });
  figures.runs += 1;
  await until(async () => isOver || (await has(lab, '/run/lock/hit')), 150);
  if (!(await has(lab, '/run/lock/hit'))) {
    if (!isOver) await signal(lab, 'KILL');
    figures.notes.push(`not met: ${nameOf(one)}`);
    return;
  }
  figures.reached += 1;
  await strike(lab, one.fault);
  if (!(await Promise.race([ended.then(() => true), sleep(45_000, false)]))) {
    figures.notes.push(`${nameOf(one)}: still running after 45 s`);
    figures.leftOvers += 1;
    await signal(lab, 'KILL');
  }
  const first = await ended;
  // A command that was running may still come through.
  await sleep(700);
  await letTimeRunOut(lab);
  await until(async () => !(await armed(lab)), 25);
  const next: Told[] = [];
  for (const args of [['check'], ['undo', '--json']]) {
    // Whoever comes next sees it, and can settle it: first it is looked at, then taken back.
    const seen = await look(lab);
    judge(one, before, seen, next, figures, args[0] === 'undo');
    const { stdout, stderr, code } = await lab.exec([process.execPath, resolve(bundle), ...args], { timeout: 90_000 });
    next.push({ text: stdout + stderr, code });
  }
  const last = await look(lab);
  if (sum(last.inForce) + sum(last.saved) > 0)
    add(figures, 'leftOvers', one, `after undo: ${told(last)}, ${next.at(-1)?.text}`);
  if (last.foreign !== before.foreign) add(figures, 'foreignLost', one, last.foreign);
  const raw = findUnshowable(
    Buffer.from(first.stdout + first.stderr + next.map(({ text }) => text).join('')).filter((byte) => byte !== 13),
  );
  if (raw !== null) add(figures, 'rawBytes', one, raw);
  if (await has(lab, '/run/lock/pwned')) add(figures, 'othersRun', one, 'pwned');
}

const told = ({ inForce, saved, strays }: Seen) =>
  `in force ${inForce.join('+')}, saved ${saved.join('+')}${strays.length === 0 ? '' : `, ${strays.join(', ')}`}`;

/** `isLater`: another start of lo-doctor has been there; what was half done then has to be settled, or told. */
function judge(one: Strike, before: Seen, seen: Seen, next: readonly Told[], figures: Figures, isLater: boolean): void {
  if (seen.foreign !== before.foreign) add(figures, 'foreignLost', one, seen.foreign);
  if (!isLater) return;
  const { inForce, saved, strays } = seen;
  const isTold = next.some(({ text }) => /lo-doctor (undo|confirm)|taken back|rolled back|Case \w+/.test(text));
  const isConsistent = isWhole(inForce) && isWhole(saved) && sum(inForce) > 0 === sum(saved) > 0;
  if (!isConsistent && !isTold)
    add(figures, 'halfDone', one, `${told(seen)}; check said: ${next.at(-1)?.text.slice(0, 200)}`);
  if (strays.length > 0 && !isTold) add(figures, 'leftOvers', one, told(seen));
  const isKept = /confirmed/.test(seen.cases);
  if (sum(inForce) > 0 && !isKept && !isTold) add(figures, 'leftOvers', one, `no case: ${told(seen)}`);
}

const nameOf = ({ program, point, fault }: Strike) => `${program}, ${fault} ${point}`;

function add(
  figures: Figures,
  what: 'leftOvers' | 'halfDone' | 'foreignLost' | 'rawBytes' | 'othersRun',
  one: Strike,
  detail: string,
): void {
  figures[what] += 1;
  figures.notes.push(`${what}: ${nameOf(one)}: ${detail}`);
}

/** Does these strikes, so many at a time; figures for each program and fault. */
export async function drillFaults(
  strikes: readonly Strike[],
  most: number,
  onDone: (one: Strike) => void = () => {},
): Promise<Figures[]> {
  const all = new Map<string, Figures>();
  await inParallel(strikes, most, async (one) => {
    const part = `${one.program}: ${one.fault}`;
    const figures = all.get(part) ?? newFigures(part);
    all.set(part, figures);
    await drillOne(one, figures).catch((error: unknown) =>
      add(figures, 'leftOvers', one, `the drill failed: ${error}`),
    );
    onDone(one);
  });
  return [...all.values()];
}
