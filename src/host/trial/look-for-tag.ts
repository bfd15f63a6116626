// Where the rules of a case could still stand, and how an undo's end is judged: what is gone has been looked for.
import type { PlannedCommand } from '../../firewall/fix/plan.ts';
import { tagInHexOf, tagOf } from '../../firewall/fix/rule/tag.ts';
import type { Command, Host } from '../host.ts';

/**
 * By which exit codes each tool may mean "there is nothing to take away". Never by its words: a missing library, table or kernel module
 * "does not exist" either. The look afterwards has the last word on these, too. All other codes but 0 are failures.
 */
const NOTHING_THERE: Readonly<Record<string, readonly number[]>> = {
  iptables: [1],
  ip6tables: [1],
  'iptables-nft': [1],
  'ip6tables-nft': [1],
  'iptables-legacy': [1],
  'ip6tables-legacy': [1],
  // The undo of nft's rules, which ends as nft does: with 1 where it can't list the chain.
  sh: [1],
  // firewalld is not running.
  'firewall-cmd': [252],
};

/** The codes of NOTHING_THERE as pairs `TOOL:CODE`. */
export const nothingThereCodes = (): string[] =>
  Object.entries(NOTHING_THERE).flatMap(([tool, codes]) => codes.map((code) => `${tool}:${code}`));

/** A listing in which `text` must not be found. `isNeeded`: the case has changed what it lists, so it has to be seen; else it may be absent. */
export type TagLook = { readonly command: Command; readonly text: string; readonly isNeeded: boolean };

/** What lists the rules in force, by every tool that a server may have. */
export const RULE_LISTINGS: readonly Command[] = [
  ['iptables-save'],
  ['ip6tables-save'],
  ['iptables-legacy-save'],
  ['ip6tables-legacy-save'],
  ['nft', 'list', 'ruleset'],
];

/** All listings of a server that could show a rule of the case, each once. */
export function planLooks(caseId: string, undo: readonly PlannedCommand[]): TagLook[] {
  const tools = [...new Set(undo.map(({ command: [tool] }) => tool))];
  const own = tools.flatMap((tool) => listingsOf(tool, caseId));
  const others = RULE_LISTINGS.filter((command) => !own.some((look) => look.command.join() === command.join()));
  return [...own, ...others.map((command) => ({ command, text: tagOf(caseId), isNeeded: false }))];
}

function listingsOf(tool: string, caseId: string): TagLook[] {
  const text = tagOf(caseId);
  if (/^ip6?tables(-nft|-legacy)?$/.test(tool)) return [{ command: [`${tool}-save`], text, isNeeded: true }];
  switch (tool) {
    case 'sh':
      return [{ command: ['nft', 'list', 'ruleset'], text, isNeeded: true }];
    case 'ufw': {
      const inHex = tagInHexOf(caseId);
      return ['user', 'user6'].map((name) => ({
        command: ['cat', `/etc/ufw/${name}.rules`],
        text: inHex,
        isNeeded: false,
      }));
    }
    case 'firewall-cmd':
      return [{ command: ['cat', '/etc/firewalld/direct.xml'], text, isNeeded: false }];
    default:
      return [];
  }
}

/** What a look at the whole server found: listings with a rule of the case, and those that could not be had although the case needs them. */
type Found = { readonly left: readonly string[]; readonly unseen: readonly string[] };

/** Looks now, for those who have no script that has looked. */
export async function lookForTag(host: Host, caseId: string, undo: readonly PlannedCommand[]): Promise<Found> {
  const looks = planLooks(caseId, undo);
  const results = await Promise.all(looks.map(({ command }) => host.run(command)));
  const named = (wanted: (look: TagLook, result: (typeof results)[number]) => boolean): string[] =>
    looks.flatMap((look, at) => {
      const result = results[at];
      return result !== undefined && wanted(look, result) ? [look.command.join(' ')] : [];
    });
  return {
    left: named(({ text }, { stdout }) => stdout.includes(text)),
    unseen: named(({ isNeeded }, { code }) => isNeeded && code !== 0),
  };
}
