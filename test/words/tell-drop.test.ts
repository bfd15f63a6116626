import { expect, test } from 'vitest';
import { tellDrop } from '../../src/words/tell-drop.ts';
import { blockedDiagnosis } from '../fixtures/walk.ts';

const [blocked] = blockedDiagnosis.blocked;
if (blocked?.stop == null) throw new Error('the fixture has a stop');
const { stop } = blocked;

const told = (parts: Partial<typeof blocked>) =>
  tellDrop({ ...blocked, ...parts })
    .map(({ text }) => text)
    .join('');

test('a drop is told in one sentence, and the rule has the name that it has everywhere', () => {
  expect(told({})).toMatch(
    /^This server tried to reach its own SMTP service \(port 25\), and rule \d+ of OUTPUT \(iptables, IPv4\) dropped it on the way out\.$/,
  );
});

test('a reply that is stopped, a reject on the way in, and another hook are told as such', () => {
  expect(told({ stop: { ...stop, packet: 'reply' } })).toContain('dropped the reply on the way out');
  expect(told({ stop: { ...stop, verdict: 'reject', hook: 'input' } })).toContain('rejected it on the way in');
  expect(told({ stop: { ...stop, hook: 'prerouting' } })).toContain('dropped it in PREROUTING');
});

test('a rule that is not known is named by nobody', () => {
  expect(told({ stop: null })).toBe(
    'This server tried to reach its own SMTP service (port 25); by which rule it was stopped is not known: more than one can be it.',
  );
  expect(told({ conversation: { ...blocked.conversation, destinationPort: 4711 } })).toContain('its own port 4711,');
});
