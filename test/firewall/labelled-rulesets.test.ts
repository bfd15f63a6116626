// Every probe that was sent through a real kernel with the labelled rulesets comes out the same by evaluation.
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { parseIptablesSave } from '../../src/firewall/iptables/parse-iptables-save.ts';
import type { Ruleset, Table } from '../../src/firewall/model.ts';
import type { Conversation } from '../../src/firewall/trace.ts';
import { traceConversation } from '../../src/firewall/trace-conversation.ts';
import { hasCorpus, readCorpusFile, readLabelledDumps } from './corpus.ts';

const result = z.enum(['ok', 'timeout', 'EPERM', 'lost', 'refused']);
const byPort = z.record(z.string(), result);
const probes = z.object({ tcp_lo: byPort, udp_lo: byPort, icmp_lo: result, tcp_own: byPort, udp_own: byPort });
const labels = z.record(z.string(), z.object({ full: probes, output_only: probes }));

const ADDRESSES = { ip: { lo: '127.0.0.1', own: '10.99.0.1' }, ip6: { lo: '::1', own: 'fd00:99::1' } };

type Probe = { readonly name: string; readonly conversation: Conversation; readonly works: boolean };

function probesOf(found: z.infer<typeof probes>, family: 'ip' | 'ip6'): Probe[] {
  const conversation = (protocol: Conversation['protocol'], at: 'lo' | 'own', port: number | null): Conversation => {
    const address = ADDRESSES[family][at];
    return {
      protocol,
      source: address,
      destination: address,
      sourcePort: port === null ? null : 43210,
      destinationPort: port,
      uid: 0,
      gid: 0,
    };
  };
  const ports = (protocol: 'tcp' | 'udp', at: 'lo' | 'own') =>
    Object.entries(found[`${protocol}_${at}`]).map(([port, answer]) => ({
      name: `${protocol} ${at} ${port}`,
      conversation: conversation(protocol, at, Number(port)),
      works: answer === 'ok',
    }));
  return [
    ...ports('tcp', 'lo'),
    ...ports('udp', 'lo'),
    ...ports('tcp', 'own'),
    ...ports('udp', 'own'),
    { name: 'ping', conversation: conversation('icmp', 'lo', null), works: found.icmp_lo === 'ok' },
  ];
}

/** The INPUT side flushed: no rules and accepting policies in the built-in chains that packets come in by. */
function withoutInput(tables: readonly Table[]): Table[] {
  return tables.map((table) => ({
    ...table,
    chains: new Map(
      [...table.chains].map(([name, chain]) =>
        chain.base && (chain.base.hook === 'input' || chain.base.hook === 'prerouting')
          ? [name, { ...chain, rules: [], base: { ...chain.base, policy: 'accept' } }]
          : [name, chain],
      ),
    ),
  }));
}

function wrongAnswers(ruleset: Ruleset, found: z.infer<typeof probes>, family: 'ip' | 'ip6'): string[] {
  return probesOf(found, family).flatMap(({ name, conversation, works }) => {
    const { outcome } = traceConversation(ruleset, conversation, {
      ownAddresses: Object.values(ADDRESSES[family]),
      serverUid: 0,
      serverGid: 0,
    });
    return outcome === (works ? 'works' : 'blocked')
      ? []
      : [`${name}: ${outcome}, the kernel: ${works ? 'works' : 'blocked'}`];
  });
}

describe.skipIf(!hasCorpus)('the labelled rulesets (skipped: ../shared/corpora is not there)', () => {
  if (!hasCorpus) return;
  const known = labels.parse(JSON.parse(readCorpusFile('probes.json')));
  test.each(readLabelledDumps())('$file: every probe ends as on the kernel', ({ file, text, family }) => {
    const tables = parseIptablesSave(text, { file, family });
    const found = known[file];
    if (!found) throw new Error(`${file} has no labels`);
    expect(wrongAnswers({ tables }, found.full, family)).toEqual([]);
    expect(wrongAnswers({ tables: withoutInput(tables) }, found.output_only, family)).toEqual([]);
  });
});
