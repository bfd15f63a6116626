// `lo-doctor trace` on dumps.
import { parseWhole } from '../commands/parse-whole.ts';
import { runTrace } from '../commands/trace.ts';
import { finishAtOnce, openIo, readFile } from '../process.ts';
import { readFlags } from './read-flags.ts';

const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true } as const;
const numbers = { dport: text, sport: text, uid: text };
const dumps = { rules: texts, rules4: texts, rules6: texts };
const OPTIONS = { to: text, from: text, proto: text, ...numbers, ...dumps, json: { type: 'boolean' } } as const;
const PROTOCOLS = ['tcp', 'udp', 'icmp'] as const;

/** Runs it where dumps are given and every flag is as it should be; null otherwise. */
export function run(args: string[]): Promise<void> | null {
  const flags = readFlags(args, OPTIONS);
  if (flags === null || flags.positionals.length > 0) return null;
  const { to, from = null, proto = 'tcp', json = false, uid: user = '0', ...values } = flags.values;
  const dport = readPort(values.dport);
  const sport = readPort(values.sport);
  const uid = parseWhole(user, 0, 4294967294);
  const protocol = PROTOCOLS.find((known) => known === proto);
  const rules = [...dumpsOf(null, values.rules), ...dumpsOf('ip', values.rules4), ...dumpsOf('ip6', values.rules6)];
  if (to === undefined || protocol === undefined || rules.length === 0) return null;
  if ([dport, sport, uid].some(Number.isNaN)) return null;
  const options = { to, from, protocol, dport, sport, uid, rules, json };
  return runTrace(options, { io: openIo(false), readFile, openHost }).then(finishAtOnce);
}

const readPort = (value: string | undefined): number | null =>
  value === undefined ? null : parseWhole(value, 1, 65535);

const dumpsOf = (family: 'ip' | 'ip6' | null, paths: readonly string[] = []) => paths.map((path) => ({ path, family }));

const openHost = () => Promise.reject(new Error('a trace of dumps asks no server'));
