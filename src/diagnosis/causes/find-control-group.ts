// The command is refused what lo-doctor itself, as the same user and at the same moment, is given: a filter on its control group.
import { nameAddress } from '../../naming/conversations.ts';
import type { CommandAttempt, OwnAttempt } from '../attempt.ts';
import { tellLimits, tellLimitsOf, unitIn } from '../tell-limits.ts';
import type { Cause, Clues } from './cause.ts';

/** What a program is told by a filter on its control group: EPERM where it sends itself, silence where the kernel does. */
const REFUSED = /operation not permitted|\bEPERM\b|\[Errno 1\]/i;
/** Refusals that are about files, users and processes, by the same words. */
const ABOUT_FILES =
  /\b(open|chown|chmod|mkdir|rm|unlink|mount|exec\w*|kill|setrlimit|set[ug]id|su|sudo)\b|['"]\/|: \//i;
const SILENT = /timed?[- ]?out|ETIMEDOUT|\(110\)/i;

const groupsOf = ({ trail }: CommandAttempt): string[] => [
  ...new Set((trail?.sockets ?? []).flatMap(({ isOwn, cgroup }) => (isOwn && cgroup != null ? [cgroup] : []))),
];

const tellUser = ({ trail }: CommandAttempt, uid: number): string => {
  const user = trail?.user ?? null;
  if (user === 'unknown') return "whom the command ran as is not known; lo-doctor's own attempt was root's";
  return `the same user: ${user?.name ?? (uid === 0 ? 'root' : `uid ${uid}`)}`;
};

/** What an attempt of lo-doctor's own may differ in from the command's, and what was found of each. */
export const tellDifferences = (command: CommandAttempt, own: readonly OwnAttempt[], { witness }: Clues): string[] => {
  const groups = groupsOf(command);
  const sockets = (command.trail?.sockets ?? []).filter(({ isOwn }) => isOwn);
  const devices = [...new Set(sockets.flatMap(({ device }) => (device === null ? [] : [device])))];
  const others = groups.filter((group) => group !== witness.ownGroup);
  return [
    tellUser(command, own[0]?.conversation.uid ?? 0),
    command.trail?.elsewhere === true
      ? 'another network namespace'
      : 'the same network namespace, as far as its words tell',
    groups.length === 0
      ? 'its control group was not seen (it ended too soon, or ss does not tell)'
      : `its control group ${groups.join(', ')}${others.length === 0 ? ", which is lo-doctor's too" : `; lo-doctor's own is ${witness.ownGroup ?? 'not known'}`}`,
    devices.length === 0
      ? 'no socket of it was seen bound to a device'
      : `its sockets were bound to ${devices.join(', ')}`,
  ];
};

const lineWith = (words: RegExp, { output }: CommandAttempt): string | undefined =>
  output
    .split('\n')
    .find((line) => words.test(line) && !ABOUT_FILES.test(line))
    ?.trim();

/** Units with such filters, those of the command's own control group first. */
const listLimits = (groups: readonly string[], { witness }: Clues): { known: string[]; possible: string[] } => {
  const known = groups.flatMap((group) => tellLimitsOf(witness, group));
  return { known, possible: known.length > 0 ? [] : tellLimits(witness) };
};

/** lo-doctor was let out: answered, or over UDP not refused. */
const isLetOut = ({ conversation: { protocol }, end }: OwnAttempt): boolean =>
  end === 'connected' || (protocol === 'udp' && end === 'timed-out');

const tellOwn = ({ conversation: { destination, destinationPort }, end, because }: OwnAttempt): string =>
  `lo-doctor's own attempt at ${nameAddress(destination, destinationPort)}, right after it, is ${end === 'connected' ? 'answered' : 'let out, and not refused'} (${because})`;

/** The firewall drops other packets of the command's perhaps, on another device: netfilter says the same word. */
const dropsAnything = ({ ruleset }: Clues): boolean =>
  ruleset.tables.some(({ chains }) =>
    [...chains.values()].some(
      ({ base, rules }) => base?.policy === 'drop' || rules.some(({ text }) => /\b(drop|reject)\b/i.test(text)),
    ),
  );

export const findControlGroup: Cause = (clues) => {
  const command = clues.attempts.find((one): one is CommandAttempt => one.kind === 'command' && one.code !== 0);
  const own = clues.attempts.filter(
    (one): one is OwnAttempt => one.kind === 'connection' && one.because !== undefined && !one.isOthers,
  );
  if (command === undefined || own.length === 0 || command.trail?.elsewhere === true) return null;
  if (!own.every(isLetOut) || clues.found.some(({ blame }) => blame === 'filter')) return null;
  const groups = groupsOf(command);
  const { known, possible } = listLimits(groups, clues);
  const refused = lineWith(REFUSED, command);
  const line = refused ?? lineWith(SILENT, command);
  // A silence alone has many reasons; one in a control group that is known to be filtered has this one.
  if (line === undefined || (refused === undefined && (known.length === 0 || clues.passing.length > 0))) return null;
  const unit = groups.map(unitIn).find((one) => one !== null);
  const isOpen = known.length === 0 && dropsAnything(clues);
  return {
    finding: {
      id: 'control-group-filter',
      severity: 'problem',
      title: `The command ${refused === undefined ? 'gets no answer' : 'is refused'}, and the same connection works from lo-doctor: ${isOpen ? 'a filter on its control group, or a packet of it that left by another device' : 'most likely a filter on its control group, and no rule of the firewall'}.`,
      evidence: [
        `its output: ${line}`,
        ...own.map(tellOwn),
        ...tellDifferences(command, own, clues),
        ...known,
        ...possible,
        ...(clues.witness.cgroupFilters ?? []).map((one) => `bpftool cgroup tree: ${one}`),
      ],
      advice:
        known.length + possible.length > 0
          ? 'A unit with IPAddressDeny= needs IPAddressAllow=localhost to use lo (systemctl edit UNIT, then restart it).'
          : 'systemd makes such a filter by IPAddressDeny= and the like; look at the unit that the command belongs to, and at what bpftool shows. A sandbox that refuses system calls (SystemCallFilter=) says the same words.',
      commands: [
        ['systemctl', 'show', '-p', 'IPAddressDeny', '-p', 'IPAddressAllow', unit ?? 'UNIT'],
        ['bpftool', 'cgroup', 'tree'],
      ],
    },
    blame: isOpen ? 'unknown' : 'server',
    explains: clues.passing.map(({ failure }) => failure),
    command: 'says-why',
  };
};
