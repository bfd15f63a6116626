import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Trace } from '../../../../src/firewall/conversation/trace.ts';
import { traceConversation } from '../../../../src/firewall/conversation/trace-conversation.ts';
import { applyChange } from '../../../../src/firewall/fix/rule/apply-change.ts';
import { copyRule } from '../../../../src/firewall/model/copy-rule.ts';
import type { Ruleset } from '../../../../src/firewall/model/model.ts';
import { rootConversation } from '../../../../src/firewall/questions/probe-conversations.ts';
import { rules, surroundings } from '../rules.ts';

const place = { layer: 'iptables', variant: 'nft', family: 'ip', table: 'filter', chain: 'OUTPUT' } as const;

/** Long enough for the evaluation to pass over rules unread. */
const lines = Array.from(
  { length: 40 },
  (_, i) => `-A OUTPUT -p tcp -m tcp --dport ${100 + i} -j ${i % 2 ? 'ACCEPT' : 'DROP'}`,
);
const added = '-A OUTPUT -p tcp -m tcp --dport 110:130 -j REJECT --reject-with icmp-port-unreachable';

const textsOf = ({ tables }: Ruleset) =>
  tables[0]?.chains.get('OUTPUT')?.rules.map(({ number, text }) => `${number} ${text}`);
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
      traceConversation(ruleset, rootConversation('tcp', '127.0.0.1', port), surroundings),
    );
    expect(a && inWords(a), `port ${port}`).toBe(b && inWords(b));
  }
  expect(textsOf(changed)).toEqual(textsOf(read));
});

test('many rules inserted one after the other judge as if they had been read so', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 8 }), (places) => {
      let changed = rules(lines.join('\n'));
      let texts = [...lines];
      for (const [n, some] of places.entries()) {
        const position = 1 + (some % (texts.length + 1));
        const text = `-A OUTPUT -p tcp -m tcp --dport ${100 + 5 * n}:${103 + 5 * n} -j REJECT --reject-with icmp-port-unreachable`;
        const [rule] = rules(text).tables[0]?.chains.get('OUTPUT')?.rules ?? [];
        if (rule === undefined) throw new Error('no rule');
        changed = applyChange(changed, { place, position, rule: copyRule(rule, { number: position }) });
        texts = texts.toSpliced(position - 1, 0, text);
      }
      const read = rules(texts.join('\n'));
      for (let port = 98; port < 145; port += 3) {
        const probe = rootConversation('tcp', '127.0.0.1', port);
        expect(inWords(traceConversation(changed, probe, surroundings))).toBe(
          inWords(traceConversation(read, probe, surroundings)),
        );
      }
      expect(textsOf(changed)).toEqual(textsOf(read));
    }),
    { numRuns: 20 },
  );
});
