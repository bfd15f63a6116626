// How many packets rules and policies have seen, by the kernel's own counters.

import type { RulePlace } from '../../firewall/conversation/trace.ts';
import { contentOf, listOf, numberAt, stringAt } from '../../firewall/nftables/read/json.ts';
import { listedRules } from '../../firewall/nftables/read/listed-rules.ts';
import type { Command, Host } from '../host.ts';
import { listWithCounters } from './list-with-counters.ts';

/** What each rule or policy has counted, in the order of the rules; null where it does not count, or is not to be found any more. */
export async function readRuleCounters(host: Host, rules: readonly RulePlace[]): Promise<(number | null)[]> {
  const commands = new Map(rules.map((rule) => [listing(rule).join(' '), listing(rule)]));
  const outputs = new Map<string, string>();
  await Promise.all(
    [...commands].map(async ([key, command]) => {
      outputs.set(key, (await host.run(command)).stdout);
    }),
  );
  return rules.map((rule) => countOf(rule, outputs.get(listing(rule).join(' ')) ?? ''));
}

function listing(rule: RulePlace): Command {
  return listWithCounters(rule, 'document');
}

function countOf(rule: RulePlace, listed: string): number | null {
  if (rule.layer === 'nftables') return countInDocument(rule, listed);
  const lines = listed.split('\n');
  return rule.number === 0 ? countOfPolicy(rule, lines) : countInSave(rule, lines);
}

/** `:OUTPUT DROP [12:720]` */
function countOfPolicy({ chain }: RulePlace, lines: readonly string[]): number | null {
  return toNumber(/\[(\d+):\d+\]$/.exec(lines.find((line) => line.startsWith(`:${chain} `)) ?? ''));
}

/** lo-doctor's own log rules come and go meanwhile, and are not counted among the numbers. */
const OWN_LOG = /--comment "lo-doctor [^"]*log: \d+"/;

/**
 * `[12:720] -A OUTPUT -j DROP`. A rule is told by its own words, as others come and go before it (lo-doctor's log rules, a ban); one of
 * several that say the same, by its number.
 */
function countInSave({ chain, number, text }: RulePlace, lines: readonly string[]): number | null {
  const rules = lines.filter((line) => line.includes(`] -A ${chain} `));
  const isRule = (line: string | undefined) => line?.replace(/^\[\d+:\d+\] /, '').trimEnd() === text;
  const alike = rules.filter(isRule);
  const numbered = [rules.filter((line) => !OWN_LOG.test(line)), rules].map((list) => list[number - 1]).find(isRule);
  return toNumber(/^\[(\d+):\d+\] /.exec((alike.length > 1 ? numbered : alike[0]) ?? ''));
}

function toNumber(found: RegExpExecArray | null): number | null {
  return found === null ? null : Number(found[1]);
}

/**
 * `{"nftables": [{"rule": {"chain": "out", "handle": 2, "expr": [{"counter": {"packets": 3, "bytes": 90}}, {"drop": null}]}}]}`. A table
 * and a chain have handles as well, and may have the same number.
 */
function countInDocument({ chain, handle }: RulePlace, listed: string): number | null {
  const rule = listedRules(listed).find(
    (one) => handle !== null && stringAt(one, 'chain') === chain && numberAt(one, 'handle') === handle,
  );
  const counters = listOf(contentOf(rule, 'expr')).map((statement) => contentOf(statement, 'counter'));
  return counters.map((counter) => numberAt(counter, 'packets')).find((packets) => packets !== undefined) ?? null;
}
