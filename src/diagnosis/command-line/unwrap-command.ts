// The command inside a command: sudo, su, timeout and the like say as whom, and where, another one runs.

/** A program with its words. `user`: a name or number, null where nobody else is said. `elsewhere`: it runs in another network namespace. */
export type UnwrappedCommand = {
  readonly words: readonly string[];
  /** A line for a shell of its own: `sh -c '…'`. */
  readonly line: string | null;
  readonly user: string | null;
  readonly elsewhere: boolean;
};

/** How a program that runs another is told: options with a value, how many words come before the command, who it runs as. */
type Wrapper = {
  readonly values: readonly string[];
  readonly before: number;
  readonly user?: readonly string[];
  readonly elsewhere?: true;
};

const plain: Wrapper = { values: [], before: 0 };
const container: Wrapper = {
  values: ['-u', '--user', '-e', '--env', '-w', '--workdir', '-n', '--namespace', '-c'],
  before: 1,
  elsewhere: true,
};

const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  sudo: { values: ['-g', '-h', '-p', '-C', '-r', '-t', '-D', '-R', '-T'], before: 0, user: ['-u', '--user'] },
  doas: { values: ['-C'], before: 0, user: ['-u'] },
  runuser: { values: ['-g', '-G', '-s'], before: 0, user: ['-u', '--user'] },
  setpriv: {
    values: ['--regid', '--groups', '--inh-caps', '--bounding-set'],
    before: 0,
    user: ['--reuid', '--ruid', '--euid'],
  },
  chpst: { values: ['-e', '-/', '-n', '-l', '-L'], before: 0, user: ['-u', '-U'] },
  'systemd-run': { values: ['-p', '--property', '--unit', '--slice', '-E'], before: 0, user: ['--uid'] },
  timeout: { values: ['-s', '--signal', '-k', '--kill-after'], before: 1 },
  nice: { values: ['-n'], before: 0 },
  ionice: { values: ['-c', '-n'], before: 0 },
  strace: { values: ['-e', '-f', '-o', '-s'], before: 0 },
  stdbuf: plain,
  env: { values: ['-u', '-C'], before: 0 },
  nohup: plain,
  time: plain,
  setsid: plain,
  exec: plain,
  command: plain,
  unbuffer: plain,
  nsenter: { values: ['-t', '-S', '-G'], before: 0, elsewhere: true },
  unshare: { ...plain, elsewhere: true },
};

const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash', 'busybox']);

const baseName = (word = ''): string => word.slice(word.lastIndexOf('/') + 1);

const isAssignment = (word: string): boolean => /^[A-Za-z_]\w*=/.test(word);

/** The word behind `-c`, however it is joined with other letters (`-lc`). */
const lineBehindC = (words: readonly string[]): string | null => {
  const at = words.findIndex((word) => /^-[a-z]*c$/.test(word) || word === '--command');
  return at < 0 ? null : (words[at + 1] ?? null);
};

/** `su [-] [USER] [-s SHELL] -c LINE`, `runuser USER -c LINE` */
const unwrapSu = (words: readonly string[]): Omit<UnwrappedCommand, 'elsewhere'> => {
  const operand = words.find(
    (word, at) => at > 0 && !word.startsWith('-') && !/^(-s|-g|-G|-c)$/.test(words[at - 1] ?? ''),
  );
  return { words: [], line: lineBehindC(words), user: operand ?? 'root' };
};

const dropOptions = (words: readonly string[], { values, before, user = [] }: Wrapper) => {
  let as: string | null = null;
  let at = 1;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') {
      at += 1;
      break;
    }
    // Letters may be joined: -nu USER.
    const [option = '', joined] =
      /^-[A-Za-z]{2,}$/.test(word) && user.includes(`-${word.at(-1)}`) ? [`-${word.at(-1)}`] : word.split(/=(.*)/s, 2);
    if (user.includes(option)) {
      as = joined ?? words[at + 1] ?? null;
      if (joined === undefined) at += 1;
    } else if (user.some((one) => one.length === 2 && word.startsWith(one))) as = word.slice(2);
    else if (values.includes(word)) at += 1;
    else if (!word.startsWith('-') && !isAssignment(word)) break;
  }
  return { rest: words.slice(at + before), as };
};

/** `ip netns exec NAME …`, `docker exec NAME …` are wrappers by their first words. */
const wrapperOf = (words: readonly string[]): readonly [Wrapper, readonly string[]] | null => {
  const name = baseName(words[0]);
  if (name === 'ip' && words[1] === 'netns' && words[2] === 'exec')
    return [{ ...plain, before: 1, elsewhere: true }, words.slice(2)];
  if (['docker', 'podman', 'kubectl', 'lxc'].includes(name) && words[1] === 'exec') return [container, words.slice(1)];
  const known = WRAPPERS[name];
  return known === undefined ? null : [known, words];
};

/** The innermost command: whose it is, and what it is told. */
export const unwrapCommand = (words: readonly string[]): UnwrappedCommand => {
  let rest = words.slice(
    Math.max(
      0,
      words.findIndex((word) => !isAssignment(word)),
    ),
  );
  let user: string | null = null;
  let elsewhere = false;
  for (let depth = 0; depth < 8; depth += 1) {
    const name = baseName(rest[0]);
    if (name === 'su' || (name === 'runuser' && !rest.includes('-u'))) {
      return { ...unwrapSu(rest), elsewhere };
    }
    if (SHELLS.has(name)) return { words: rest, line: lineBehindC(rest), user, elsewhere };
    const wrapper = wrapperOf(rest);
    if (wrapper === null) break;
    const [{ elsewhere: away }, from] = wrapper;
    const { rest: inner, as } = dropOptions(from, wrapper[0]);
    user = as ?? (name === 'sudo' || name === 'doas' ? 'root' : user);
    elsewhere ||= away === true;
    rest = inner;
  }
  return { words: rest, line: null, user, elsewhere };
};
