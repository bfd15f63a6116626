// A fix planned while temporary log rules are in force, told as if they were gone already.
import { expect, test } from 'vitest';
import { traceConversation } from '../../../src/firewall/conversation/trace-conversation.ts';
import { planFix } from '../../../src/firewall/fix/plan-fix.ts';
import { planFixBesideLogging } from '../../../src/firewall/fix/plan-fix-beside-logging.ts';
import { planLogging } from '../../../src/firewall/fix/plan-logging.ts';
import { applyChange } from '../../../src/firewall/fix/rule/apply-change.ts';
import { rootConversation } from '../../../src/firewall/questions/probe-conversations.ts';
import { rules, surroundings } from './rules.ts';

const options = { caseId: 'c1', iptables: 'nft' } as const;
const smtp = rootConversation('tcp', '127.0.0.1', 25);

/** A drop before the final one: its log rule moves the final one on. */
const BEFORE = rules(
  '-A OUTPUT -p tcp -m tcp --dport 7 -j DROP\n-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\n-A OUTPUT -j DROP',
);

const logged = () => {
  const plan = planLogging(BEFORE, surroundings, options);
  if (plan === null) throw new Error('no plan');
  return plan.after;
};

const choice = { kind: 'services', services: [{ protocol: 'tcp', port: 25 }] } as const;

test('lists, reasons and commands to be run by hand are those of the rules without temporary logging', () => {
  const plain = planFix(BEFORE, surroundings, [smtp], choice, options);
  const plan = planFixBesideLogging(logged(), surroundings, [smtp], choice, options);
  expect(plan.policies).toEqual(plain.policies);
  expect(plan.changes.map(({ reason }) => reason)).toEqual(plain.changes.map(({ reason }) => reason));
  expect(plan.byHand).toEqual(plain.apply);
  expect(JSON.stringify(plan.policies)).not.toContain('lo-doctor c1: log');
});

test('the commands that are run count the rules that are there', () => {
  const ruleset = logged();
  const plan = planFixBesideLogging(ruleset, surroundings, [smtp], choice, options);
  expect(plan.apply).not.toEqual(plan.byHand);
  expect(plan.apply).toEqual(planFix(ruleset, surroundings, [smtp], choice, options).apply);
  expect(traceConversation(plan.after, smtp, surroundings).outcome).toBe('works');
});

test('the changes as told cure the rules without temporary logging', () => {
  const plan = planFixBesideLogging(logged(), surroundings, [smtp], choice, options);
  const after = plan.changes.reduce(applyChange, BEFORE);
  expect(traceConversation(after, smtp, surroundings).outcome).toBe('works');
});

test('without temporary logging it is the plan as ever', () => {
  const plan = planFixBesideLogging(BEFORE, surroundings, [smtp], choice, options);
  expect(plan.byHand).toEqual(plan.apply);
});
