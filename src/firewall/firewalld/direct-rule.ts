// Direct rules of firewalld: what it puts into the tables of iptables, outside of its own zones and policies.
import { splitWords } from '../iptables/split-words.ts';

/** Where a direct rule stands; `priority` orders the rules of a chain, null is a passthrough, which comes after them; `isFirst`: one that puts itself first (-I). */
export type DirectRule = {
  readonly family: 'ip' | 'ip6';
  readonly table: string;
  readonly chain: string;
  readonly priority: number | null;
  readonly isFirst: boolean;
};

/**
 * Reads what `firewall-cmd --direct` prints with `--get-all-rules` and `--get-all-passthroughs`; those for bridges are left out.
 * Samples: `ipv4 filter OUTPUT 5 -o lo -p tcp -j DROP` and `ipv6 -t raw -A OUTPUT -j DROP`
 */
export function parseDirectRules(rules: string, passthroughs: string): DirectRule[] {
  return [
    ...rules.split('\n').flatMap((line): DirectRule[] => {
      const [, version, table, chain, priority] = /^ipv([46]) (\S+) (\S+) (-?\d+) /.exec(line) ?? [];
      if (table === undefined || chain === undefined) return [];
      return [{ family: familyOf(version), table, chain, priority: Number(priority), isFirst: false }];
    }),
    ...passthroughs.split('\n').flatMap((line): DirectRule[] => {
      const [version, ...words] = splitWords(line) ?? [];
      if (version !== 'ipv4' && version !== 'ipv6') return [];
      const after = (...options: string[]) => words[words.findIndex((word) => options.includes(word)) + 1];
      const isFirst = words.includes('-I') || words.includes('--insert');
      const chain = words.some((word) => ['-A', '--append', '-I', '--insert'].includes(word))
        ? after('-A', '--append', '-I', '--insert')
        : undefined;
      const table = words.includes('-t') || words.includes('--table') ? after('-t', '--table') : 'filter';
      if (chain === undefined || table === undefined) return [];
      return [{ family: familyOf(version.slice(-1)), table, chain, priority: null, isFirst }];
    }),
  ];
}

function familyOf(version: string | undefined): 'ip' | 'ip6' {
  return version === '6' ? 'ip6' : 'ip';
}
