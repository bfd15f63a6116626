// The rules of ufw's files, each with what ufw calls it: its number in `ufw status numbered`, or its line.
import type { KnownRule } from '../questions/with-origins.ts';

/** What ufw shows of its rules: its files (`/etc/ufw/user.rules`, before.rules, after.rules and those for IPv6), and `ufw status numbered`. */
export type UfwShown = {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly status: string;
};

type Line = { readonly path: string; readonly text: string; readonly number: number; readonly table: string };

/** All rules that ufw makes of its files and its defaults. */
export function findUfwRules(shown: UfwShown): KnownRule[] {
  return [...findInFiles(shown), ...(['ip', 'ip6'] as const).flatMap(findDefaults)];
}

const DEFAULTS = [
  ['output', 'outgoing'],
  ['input', 'incoming'],
] as const;

function findDefaults(family: 'ip' | 'ip6'): KnownRule[] {
  const table = 'filter';
  return DEFAULTS.flatMap(([hook, way]): KnownRule[] => {
    const chain = `ufw${family === 'ip6' ? '6' : ''}-reject-${hook}`;
    return [
      { family, table, chain: hook.toUpperCase(), text: 'policy drop', origin: `ufw default deny ${way}` },
      { family, table, chain, text: `-A ${chain} -j REJECT`, origin: `ufw default reject ${way}` },
    ];
  });
}

/** A line of a file: `-A ufw-before-output -o lo -p tcp --dport 25 -j DROP`; in user.rules, a line before it tells the user's rule. */
function findInFiles({ files, status }: UfwShown): KnownRule[] {
  const lines = files.flatMap(readLines);
  const numbers = numberUserRules(lines);
  const listed = readStatus(status);
  const isTold = listed.size === new Set(numbers.values()).size;
  let tuple: number | undefined;
  return lines.flatMap((line): KnownRule[] => {
    tuple = numbers.get(line) ?? (/^(### |\*)/.test(line.text) ? undefined : tuple);
    const chain = /^-A (\S+) /.exec(line.text)?.[1];
    if (chain === undefined) return [];
    const shown = isTold && tuple !== undefined ? listed.get(tuple) : undefined;
    const origin = shown === undefined ? `${line.path}:${line.number}` : `ufw rule ${tuple}: ${shown}`;
    return [{ family: isIp6(line.path) ? 'ip6' : 'ip', table: line.table, chain, text: line.text, origin }];
  });
}

function isIp6(path: string): boolean {
  return path.endsWith('6.rules');
}

function readLines({ path, text }: UfwShown['files'][number]): Line[] {
  let table = 'filter';
  return text.split('\n').map((line, at) => {
    if (line.startsWith('*')) table = line.slice(1).trim();
    return { path, text: line.trim(), number: at + 1, table };
  });
}

/**
 * The number of each line that tells a user's rule. As ufw 0.36 counts: those for IPv6 behind all others, rules of one application as one.
 * Samples: `### tuple ### deny tcp 25 0.0.0.0/0 any 0.0.0.0/0 out comment=6e6f` and, with applications,
 * `### tuple ### allow tcp 22 10.0.0.0/8 any 0.0.0.0/0 OpenSSH - out_eth0`
 */
function numberUserRules(lines: readonly Line[]): ReadonlyMap<Line, number> {
  const tuples = lines.filter(({ text }) => text.startsWith('### tuple ### '));
  const numbers = new Map<Line, number>();
  const applications = new Map<string, number>();
  let last = 0;
  for (const line of [...tuples.filter(({ path }) => !isIp6(path)), ...tuples.filter(({ path }) => isIp6(path))]) {
    const words = line.text.split(/\s+/).slice(3);
    const [, , port, to, fromPort, from, toName = '-', fromName = '-', ...rest] = words;
    const isApplication = words.filter((word) => !word.startsWith('comment=')).length > 7;
    const same = [toName === '-' ? port : toName, to, fromName === '-' ? fromPort : fromName, from, rest[0]].join(' ');
    const number = (isApplication ? applications.get(same) : undefined) ?? last + 1;
    last = Math.max(last, number);
    if (isApplication) applications.set(same, number);
    numbers.set(line, number);
  }
  return numbers;
}

/** `[ 3] 25/tcp                     DENY OUT    Anywhere                   (out) # no mail` */
function readStatus(status: string): ReadonlyMap<number, string> {
  return new Map(
    [...status.matchAll(/^\[ *(\d+)\] (.*)$/gm)].map(([, number, rule = '']) => [
      Number(number),
      rule.trim().replace(/ {2,}/g, ' '),
    ]),
  );
}
