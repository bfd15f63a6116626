// After an undo: rules of the case that the look for its tag doesn't show, since they have lost it.
import type { PlannedCommand } from '../../firewall/fix/plan.ts';
import { tagOf } from '../../firewall/fix/rule/tag.ts';
import { splitWords } from '../../firewall/iptables/read/split-words.ts';
import type { Host } from '../host.ts';

/** Rules in force that are those of the case but for their comment: somebody may have changed it. */
export async function findRulesWithoutTag(
  host: Host,
  caseId: string,
  undo: readonly PlannedCommand[],
): Promise<string[]> {
  const wanted = undo.flatMap(({ command }) => deletedRule(command));
  const tools = [...new Set(wanted.map(({ tool, table }) => `${tool}-save -t ${table}`))];
  const listings = await Promise.all(
    tools.map(async (line) => {
      const [program = '', ...args] = line.split(' ');
      return { line, stdout: (await host.run([program, ...args])).stdout };
    }),
  );
  const found = listings.flatMap(({ line, stdout }) =>
    wanted
      .filter(({ tool, table }) => `${tool}-save -t ${table}` === line)
      .flatMap(({ words }) =>
        stdout.split('\n').filter((rule) => isSame(rule, words) && !rule.includes(tagOf(caseId))),
      ),
  );
  return [...new Set(found)];
}

type Deleted = { readonly tool: string; readonly table: string; readonly words: readonly string[] };

/** Sample: `iptables -w 5 -t filter -D OUTPUT -o lo -m comment --comment "lo-doctor a1: permit loopback" -j ACCEPT` */
function deletedRule([tool, ...args]: PlannedCommand['command']): Deleted[] {
  const at = args.indexOf('-D');
  const table = args[args.indexOf('-t') + 1];
  if (!/^ip6?tables/.test(tool) || at < 0 || table === undefined) return [];
  return [{ tool, table, words: withoutComment(['-A', ...args.slice(at + 1)]) }];
}

function isSame(rule: string, words: readonly string[]): boolean {
  if (!rule.startsWith('-A ')) return false;
  return withoutComment(splitWords(rule) ?? []).join('\n') === words.join('\n');
}

function withoutComment(words: readonly string[]): string[] {
  const at = words.findIndex((word, index) => word === '-m' && words[index + 1] === 'comment');
  return at < 0 ? [...words] : [...words.slice(0, at), ...words.slice(at + 4)];
}
