// The labelled rulesets: the project's own, always, and those of real projects where their corpus lies beside this one.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { Conversation } from '../../src/firewall/conversation/trace.ts';
import { parseIptablesSave } from '../../src/firewall/iptables/read/parse-iptables-save.ts';
import type { Ruleset } from '../../src/firewall/model/model.ts';
import { ownProbes } from './own-probes.ts';
import {
  familiesOf,
  type Labels,
  type Mode,
  type OwnRuleset,
  readLabels,
  readOwnRulesets,
  rulesetOf,
} from './own-rulesets.ts';

const REAL = fileURLToPath(new URL('../../../shared/corpora/rulesets/labelled', import.meta.url));
const hasReal = existsSync(REAL);
if (!hasReal)
  console.warn('../shared/corpora/rulesets is not here: the project’s own labelled rulesets are tried alone');

/** What iptables-save printed. */
export type LabelledDump = { readonly file: string; readonly text: string; readonly family: 'ip' | 'ip6' };

/** A conversation, and what the real kernel did with it. `logged`: its opening exchange left a line; null where nobody looked. */
export type LabelledProbe = {
  readonly name: string;
  readonly conversation: Conversation;
  readonly works: boolean;
  readonly logged: boolean | null;
};

/** Rules, probes of them as they are and with the INPUT side flushed, and the addresses of the host that they were tried on. */
export type LabelledRuleset = {
  readonly name: string;
  readonly ruleset: Ruleset;
  readonly probes: Readonly<Record<Mode, readonly LabelledProbe[]>>;
  readonly ownAddresses: readonly string[];
};

/** All texts of iptables-save that there are. */
export function readLabelledDumps(): LabelledDump[] {
  const own = readOwnRulesets().flatMap(({ files }) => files.flatMap((one) => (one.tool === 'iptables' ? [one] : [])));
  return [...own, ...readRealDumps()];
}

export function readLabelledRulesets(): LabelledRuleset[] {
  return [...readOwnRulesets().map(labelledOwn), ...labelledReal()];
}

/** The real projects' dumps; none where their corpus is not here. */
function readRealDumps(): LabelledDump[] {
  if (!hasReal) return [];
  return readdirSync(REAL)
    .filter((file) => file.endsWith('.rules'))
    .map((file) => ({
      file,
      text: readFileSync(join(REAL, file), 'utf8'),
      family: file.includes('__v6') ? 'ip6' : 'ip',
    }));
}

const OWN_HOST = ['127.0.0.1', '127.0.0.5', '192.0.2.10', '::1', 'fd00::10'];

function labelledOwn(own: OwnRuleset): LabelledRuleset {
  const labels = readLabels(own.name);
  const named = familiesOf(own).flatMap(ownProbes);
  const probesOf = (found: Labels[Mode]) =>
    named.map(({ name, attempt: { protocol, source, destination, destinationPort, uid } }) => {
      const end = found[name];
      if (end === undefined) throw new Error(`${own.name} has no label for ${name}`);
      const ports =
        protocol === 'icmp'
          ? { sourcePort: null, destinationPort: null }
          : { sourcePort: CLIENT_PORT, destinationPort };
      const conversation = { protocol, source: source ?? destination, destination, ...ports, uid, gid: 0 };
      return { name, conversation, works: end.startsWith('ok'), logged: end.endsWith('logged') };
    });
  return {
    name: own.name,
    ruleset: rulesetOf(own),
    probes: { full: probesOf(labels.full), output_only: probesOf(labels.output_only) },
    ownAddresses: OWN_HOST,
  };
}

const CLIENT_PORT = 43210;
const REAL_HOST = { ip: { lo: '127.0.0.1', own: '10.99.0.1' }, ip6: { lo: '::1', own: 'fd00:99::1' } };
const result = z.enum(['ok', 'timeout', 'EPERM', 'lost', 'refused']);
const byPort = z.record(z.string(), result);
const realProbes = z.object({ tcp_lo: byPort, udp_lo: byPort, icmp_lo: result, tcp_own: byPort, udp_own: byPort });
const realLabels = z.record(z.string(), z.object({ full: realProbes, output_only: realProbes }));

function labelledReal(): LabelledRuleset[] {
  if (!hasReal) return [];
  const known = realLabels.parse(JSON.parse(readFileSync(join(REAL, 'probes.json'), 'utf8')));
  return readRealDumps().map(({ file, text, family }) => {
    const found = known[file];
    if (!found) throw new Error(`${file} has no labels`);
    return {
      name: file,
      ruleset: { tables: parseIptablesSave(text, { file, family }) },
      probes: { full: probesOfReal(found.full, family), output_only: probesOfReal(found.output_only, family) },
      ownAddresses: Object.values(REAL_HOST[family]),
    };
  });
}

function probesOfReal(found: z.infer<typeof realProbes>, family: 'ip' | 'ip6'): LabelledProbe[] {
  const probe = (protocol: Conversation['protocol'], at: 'lo' | 'own', port: number | null, answer: string) => {
    const address = REAL_HOST[family][at];
    const ports = { sourcePort: port === null ? null : CLIENT_PORT, destinationPort: port };
    return {
      name: `${protocol} ${at} ${port ?? ''}`,
      conversation: { protocol, source: address, destination: address, ...ports, uid: 0, gid: 0 },
      works: answer === 'ok',
      logged: null,
    };
  };
  const ports = (protocol: 'tcp' | 'udp', at: 'lo' | 'own') =>
    Object.entries(found[`${protocol}_${at}`]).map(([port, answer]) => probe(protocol, at, Number(port), answer));
  return [
    ...ports('tcp', 'lo'),
    ...ports('udp', 'lo'),
    ...ports('tcp', 'own'),
    ...ports('udp', 'own'),
    probe('icmp', 'lo', null, found.icmp_lo),
  ];
}
