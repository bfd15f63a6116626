// The labels of the project's own rulesets are what the real kernel does: a few of each kind are made anew.
import { expect, it } from 'vitest';
import { readLabels, readOwnRulesets } from '../firewall/own-rulesets.ts';
import { describeKernel } from './available.ts';
import { labelRulesets } from './own-rulesets.ts';

/** iptables of both variants and families, nft as text and as JSON, two layers; `LABELS=all` for all. */
const SOME = ['final-reject', 'limited-log', 'nft-maps-and-sets', 'nft-goto-and-return', 'two-layers', 'nat-redirect'];

describeKernel('labelled rulesets', () => {
  it('are labelled as the kernel answers', async () => {
    const rulesets = readOwnRulesets().filter(({ name }) => process.env.LABELS === 'all' || SOME.includes(name));
    await labelRulesets(rulesets, { lanes: 3, deadline: 1500 }, ({ ruleset: { name }, labels }) => {
      expect({ name, ...labels }).toEqual({ name, ...readLabels(name) });
    });
  });
});
