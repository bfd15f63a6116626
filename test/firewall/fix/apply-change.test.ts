import { expect, test } from 'vitest';
import { applyChange } from '../../../src/firewall/fix/apply-change.ts';
import { conversation } from '../../../src/firewall/probe-conversations.ts';
import type { Trace } from '../../../src/firewall/trace.ts';
import { traceConversation } from '../../../src/firewall/trace-conversation.ts';
import { rules, surroundings } from './rules.ts';

const place = { layer: 'iptables', variant: 'nft', family: 'ip', table: 'filter', chain: 'OUTPUT' } as const;

/** Long enough for the evaluation to pass over rules unread. */
const lines = Array.from(
  { length: 40 },
  (_, i) => `-A OUTPUT -p tcp -m tcp --dport ${100 + i} -j ${i % 2 ? 'ACCEPT' : 'DROP'}`,
);
const added = '-A OUTPUT -p tcp -m tcp --dport 110:130 -j REJECT --reject-with icmp-port-unreachable';

const inWords = ({ outcome, stoppedAt }: Trace) => `${outcome} ${stoppedAt?.rule.number} ${stoppedAt?.rule.text}`;

test.each([1, 2, 20, 40, 41])('rules with one inserted at %i judge as if they had been read so', (position) => {
  const [rule] = rules(added).tables[0]?.chains.get('OUTPUT')?.rules ?? [];
  if (rule === undefined) throw new Error('no rule');
  const changed = applyChange(rules(lines.join('\n')), {
    place,
    position,
    rule: { ...rule, steps: rule.steps, comment: null, number: position },
  });
  const read = rules(lines.toSpliced(position - 1, 0, added).join('\n'));
  for (let port = 95; port < 145; port++) {
    const [a, b] = [changed, read].map((ruleset) =>
      traceConversation(ruleset, conversation('tcp', '127.0.0.1', port), surroundings),
    );
    expect(a && inWords(a), `port ${port}`).toBe(b && inWords(b));
  }
  const textsOf = ({ tables }: typeof read) =>
    tables[0]?.chains.get('OUTPUT')?.rules.map(({ number, text }) => `${number} ${text}`);
  expect(textsOf(changed)).toEqual(textsOf(read));
});
