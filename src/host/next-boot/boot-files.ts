// The files that a boot makes rules of, and how a rule of a case is known in their lines.

import { quoteForShell } from '../quote-for-shell.ts';
import { BOOT_RULES_FILES } from './find-boot-place.ts';
import { NFT_SCRIPTS } from './nft-script.ts';

/** Text of iptables-save, also where ufw has written it. */
const SAVES = [
  ...BOOT_RULES_FILES,
  ...['before', 'before6', 'after', 'after6'].map((name) => `/etc/ufw/${name}.rules`),
];

/** Where a script of nft commonly has its parts. */
const NFT_PARTS = ['/etc/nftables.d', '/etc/nftables'];

/** Files that an owner writes of what it is told; it takes its rules out of them itself. */
const OWNED = ['/etc/ufw/user.rules', '/etc/ufw/user6.rules', '/etc/firewalld/direct.xml'];

/** All of them, for a search through them; those that end in a slash are directories. */
export const BOOT_FILES: readonly string[] = [...SAVES, ...NFT_SCRIPTS, ...NFT_PARTS, ...OWNED];

/** A copy that some editor or admin has beside them is loaded by nobody. */
export const isLoadedAtBoot = (path: string): boolean =>
  !NFT_PARTS.some((part) => path.startsWith(`${part}/`)) || /\.(nft|conf|rules)$/.test(path);

/** A line of such a file that is a rule of the case and nothing else, as an extended regular expression. */
export function ownLineOf(id: string): string {
  const tag = `lo-doctor ${id.replaceAll('.', '[.]')}: `;
  const save = `(\\[[0-9]+:[0-9]+\\] )?-[AI] .*--comment "${tag}`;
  // Of a script of nft, a line that neither begins nor ends a block: sets in braces stand whole on theirs.
  const nft = `[^{}]*(\\{[^{}]*\\}[^{}]*)*comment "${tag}[^"]*"[^{}]*$`;
  const direct = `[[:space:]]*<rule .*${tag}.*</rule>[[:space:]]*$`;
  return `^(${save}|${nft}|${direct})`;
}

/** Part of a script of a case: the function `clean_files`, which takes its rules out of the files where anybody has saved them. */
export function cleanFilesScript(id: string): string {
  const parts = NFT_PARTS.map((part) => `${part}/*`).join(' ');
  return `clean_files() {
  own=${quoteForShell(ownLineOf(id))}
  for file in ${[...SAVES, ...NFT_SCRIPTS].join(' ')} ${parts} /etc/firewalld/direct.xml; do
    [ -f "$file" ] && grep -qE "$own" "$file" 2>/dev/null || continue
    new=$(readlink -f "$file").lo-doctor-new
    if cp -p "$file" "$new" && { grep -vE "$own" "$file" >"$new" || [ $? = 1 ]; }; then
      sync "$new" 2>/dev/null
      mv -f "$new" "\${new%.lo-doctor-new}"
    else
      rm -f "$new"
    fi
  done
}
`;
}
