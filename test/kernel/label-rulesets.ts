// Labels the project's own rulesets anew: `node test/kernel/label-rulesets.ts [NAME…]` as root. Their dumps become what the tools print.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { labelsFile, readOwnRulesets, rulesetFolder } from '../firewall/own-rulesets.ts';
import { labelRulesets } from './own-rulesets.ts';

const asked = process.argv.slice(2);
const rulesets = readOwnRulesets().filter(({ name }) => asked.length === 0 || asked.includes(name));
await labelRulesets(rulesets, { lanes: 3, deadline: 2000 }, ({ ruleset, printed, labels }) => {
  ruleset.files.forEach(({ file, text }, place) => {
    const next = printed[place] ?? '';
    if (withoutDates(next) !== withoutDates(text)) writeFileSync(`${rulesetFolder}/${file}`, next);
  });
  mkdirSync(dirname(labelsFile(ruleset.name)), { recursive: true });
  writeFileSync(labelsFile(ruleset.name), `${JSON.stringify(labels, null, 2)}\n`);
  console.info(ruleset.name);
});

function withoutDates(text: string): string {
  return text.replace(/ on \w{3} \w{3} .*$/gm, '');
}
