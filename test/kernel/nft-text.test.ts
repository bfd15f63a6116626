// nft's text against nft's JSON: what the real kernel holds is read alike from both.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Rule, Table } from '../../src/firewall/model/model.ts';
import { parseNftRuleset, parseNftScript } from '../../src/firewall/nftables/read/parse-nft-ruleset.ts';
import { describeKernel } from './available.ts';
import { randomNftPolicy } from './fuzz/nft-policies.ts';
import { randomNft } from './fuzz/nft-rules.ts';
import { randomFrom } from './fuzz/random.ts';
import { type Lab, startLab } from './lab.ts';

const POLICIES = 12;
const written = readFileSync(new URL('../fixtures/nftables/by-hand.nft', import.meta.url), 'utf8');

/** Loads commands one by one (what this kernel can't is left out), and resolves to both listings. */
async function listings(
  lab: Lab,
  commands: readonly string[],
): Promise<{ readonly text: string; readonly json: string }> {
  const script =
    'nft flush ruleset; while IFS= read -r line; do printf "%s\\n" "$line" | nft -f - 2>/dev/null || :; done';
  await lab.exec(['sh', '-c', script], { input: `${commands.join('\n')}\n` });
  const [text, json] = await Promise.all([
    lab.exec(['nft', 'list', 'ruleset']),
    lab.exec(['nft', '-j', 'list', 'ruleset']),
  ]);
  return { text: text.stdout, json: json.stdout };
}

/** Each rule by its place, with what it does. */
const rulesOf = (tables: readonly Table[]) =>
  tables.flatMap(({ family, name, chains }) =>
    // nft's JSON does not say for which devices a chain is, its text does.
    [...chains.values()]
      .filter(({ base }) => base?.hook !== 'ingress' && base?.hook !== 'egress')
      .flatMap((chain) =>
        chain.rules.map(({ number, steps }) => ({
          at: `${family} ${name} ${chain.name} ${number}`,
          base: chain.base,
          steps,
        })),
      ),
  );

/** Rules that the text reading leaves as not known are no wrong readings. */
const isUnknown = (steps: Rule['steps']): boolean =>
  steps.length === 1 && steps[0]?.kind === 'verdict' && steps[0].verdict.kind === 'unknown';

describeKernel('parseNftScript', () => {
  it('reads the listing of random rulesets as their JSON says', { timeout: 120_000 }, async () => {
    await using lab = await startLab();
    for (let seed = 1; seed <= POLICIES; seed++) {
      const random = randomFrom(seed);
      const { text, json } = await listings(
        lab,
        seed % 2 ? randomNftPolicy(random, 'text ') : randomNft(random, 'text '),
      );
      const fromText = rulesOf(parseNftScript(text, { file: 'listing' }));
      const fromJson = rulesOf(parseNftRuleset(json, { file: 'json' }));
      expect(fromText.map(({ at }) => at)).toEqual(fromJson.map(({ at }) => at));
      const known = fromText.map((rule, index) => (isUnknown(rule.steps) ? fromJson[index] : rule));
      expect(known, `seed ${seed}`).toEqual(fromJson);
    }
  });

  it('reads a script by hand as the kernel that loaded it', async () => {
    await using lab = await startLab();
    const { code, stderr } = await lab.exec(['nft', '-f', '/dev/stdin'], { input: written });
    expect(`${code} ${stderr}`).toBe('0 ');
    const { stdout } = await lab.exec(['nft', '-j', 'list', 'ruleset']);
    expect(rulesOf(parseNftScript(written, { file: 'by-hand.nft' }))).toEqual(
      rulesOf(parseNftRuleset(stdout, { file: 'json' })),
    );
  });
});
