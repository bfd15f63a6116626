// Every probe that was sent through a real kernel with the labelled rulesets comes out the same by evaluation.
import { expect, test } from 'vitest';
import { traceConversation } from '../../src/firewall/conversation/trace-conversation.ts';
import type { Ruleset } from '../../src/firewall/model/model.ts';
import { type LabelledProbe, type LabelledRuleset, readLabelledRulesets } from './corpus.ts';

/** What no dump can tell of these rulesets: the evaluator has to say so, of one of their probes at least. */
const UNTOLD: Readonly<Record<string, readonly ('logged' | 'outcome')[]>> = {
  'docker-like': ['outcome'],
  'ferm-like': ['logged'],
  'ipset-friends': ['logged', 'outcome'],
  'limited-log': ['logged'],
  'local-by-type': ['logged', 'outcome'],
  'odd-words': ['outcome'],
  'recent-knock': ['outcome'],
  'ufw-without-loopback': ['logged'],
};

/** The INPUT side flushed: no rules and accepting policies in the built-in chains that packets come in by. */
function withoutInput({ tables }: Ruleset): Ruleset {
  const flushed = tables.map((table) => ({
    ...table,
    chains: new Map(
      [...table.chains].map(([name, chain]) =>
        chain.base && (chain.base.hook === 'input' || chain.base.hook === 'prerouting')
          ? [name, { ...chain, rules: [], base: { ...chain.base, policy: 'accept' as const } }]
          : [name, chain],
      ),
    ),
  }));
  return { tables: flushed };
}

type Compared = { readonly wrong: readonly string[]; readonly untold: readonly string[] };

function compare(ruleset: Ruleset, probes: readonly LabelledProbe[], ownAddresses: readonly string[]): Compared {
  const wrong: string[] = [];
  const untold: string[] = [];
  for (const { name, conversation, works, logged } of probes) {
    const said = traceConversation(ruleset, conversation, { ownAddresses, serverUid: 0, serverGid: 0 });
    const outcome = works ? 'works' : 'blocked';
    // Whether somebody off this host answers is not the evaluator's to know.
    if (said.outcome === 'unknown' || said.outcome === 'leaves') untold.push('outcome');
    else if (said.outcome !== outcome) wrong.push(`${name}: ${said.outcome}, the kernel: ${outcome}`);
    if (logged === null) continue;
    if (said.logged === 'maybe') untold.push('logged');
    else if ((said.logged === 'yes') !== logged) wrong.push(`${name}: logged ${said.logged}, the kernel: ${logged}`);
  }
  return { wrong, untold };
}

test.each(readLabelledRulesets())('$name: every probe ends as on the kernel', (labelled: LabelledRuleset) => {
  const { name, ruleset, probes, ownAddresses } = labelled;
  const full = compare(ruleset, probes.full, ownAddresses);
  const outputOnly = compare(withoutInput(ruleset), probes.output_only, ownAddresses);
  expect([...full.wrong, ...outputOnly.wrong]).toEqual([]);
  expect([...new Set([...full.untold, ...outputOnly.untold])].sort()).toEqual(UNTOLD[name] ?? []);
});
