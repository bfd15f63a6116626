// Which rule has to stand at a place for a command that names the place by its number.
import type { FixPlan, PolicyChange } from '../firewall/fix/plan.ts';
import { isOwnLogRule } from '../firewall/fix/rule/tag.ts';

/** `list` prints a chain, its rules from the second line on; `text`: what the rule with that number has to be. */
export type ExpectedRule = { readonly list: readonly string[]; readonly number: number; readonly text: string };

/** `iptables -w 5 -t filter -I OUTPUT 3 …` in parts; null for whatever names no number. */
const readInsert = (command: readonly string[]) => {
  const [tool] = command;
  const at = command.indexOf('-I');
  const [chain, number] = [command[at + 1], Number(command[at + 2])];
  if (at < 0 || chain === undefined || !Number.isInteger(number) || tool === undefined) return null;
  if (!/^ip6?tables/.test(tool)) return null;
  const table = command[command.indexOf('-t') + 1] ?? 'filter';
  return { chain, number, table, family: tool.startsWith('ip6') ? 'ip6' : 'ip', before: command.slice(0, at) };
};

/** The rules of a chain as they are without the temporary log rules: those are gone by the time of the script. */
const rulesOf = ({ before }: PolicyChange): string[] =>
  before.filter(({ number, text }) => number > 0 && !isOwnLogRule(text)).map(({ text }) => text);

/** What is to be looked at before the commands of a plan are run by hand; commands that name a rule by its handle need no look. */
export const expectedRules = ({ byHand, policies }: FixPlan): ExpectedRule[] => {
  const inserted: { readonly chain: string; readonly number: number }[] = [];
  return byHand.flatMap(({ command }): ExpectedRule[] => {
    const insert = readInsert(command);
    if (insert === null) return [];
    const { family, table, chain, before } = insert;
    const key = `${family} ${table} ${chain}`;
    const number = insert.number - inserted.filter((one) => one.chain === key && one.number <= insert.number).length;
    inserted.push({ chain: key, number: insert.number });
    const policy = policies.find(
      ({ place }) => `${place.family} ${place.table} ${place.chain}` === key && place.layer === 'iptables',
    );
    const text = policy === undefined ? undefined : rulesOf(policy)[number - 1];
    return text === undefined ? [] : [{ list: [...before, '-S', chain], number, text }];
  });
};
