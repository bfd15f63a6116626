// The nft script that this server loads at boot, with what it includes; and what comes of it, tried out in a namespace that is gone at once.
import type { Ruleset } from '../../firewall/model/model.ts';
import { parseNftRuleset } from '../../firewall/nftables/read/parse-nft-ruleset.ts';
import { type ScriptContext, type ScriptItem, scanScript } from '../../firewall/nftables/read/scan-script.ts';
import { readBytes } from '../files/replace-file.ts';
import type { Command, Host } from '../host.ts';
import { askEnabled, isEnabled } from './find-boot-place.ts';

const NOT_FOUND = 127;

/** A script's path, whether the boot loads it, and what to do so that it does. */
export type NftScript = { readonly path: string; readonly isLoaded: boolean; readonly enable: string };

/** By what each distribution's service loads: Debian, Arch and SUSE; Fedora and Red Hat; Alpine. */
const SCRIPTS: readonly { path: string; enabled: Command; enable: string }[] = [
  {
    path: '/etc/sysconfig/nftables.conf',
    enabled: askEnabled('nftables.service'),
    enable: 'systemctl enable nftables',
  },
  {
    path: '/etc/nftables.conf',
    enabled: askEnabled('nftables.service'),
    enable: 'systemctl enable nftables',
  },
  {
    path: '/etc/nftables.nft',
    enabled: ['test', '-e', '/etc/runlevels/default/nftables'],
    enable: 'rc-update add nftables default',
  },
];

/** The scripts of all distributions. */
export const NFT_SCRIPTS: readonly string[] = SCRIPTS.map(({ path }) => path);

/** The script of this distribution; null where there is none. */
export async function findNftScript(host: Host): Promise<NftScript | null> {
  for (const { path, enabled, enable } of SCRIPTS) {
    if ((await host.run(['test', '-f', path])).code !== 0) continue;
    return { path, isLoaded: await isEnabled(host, enabled), enable };
  }
  return null;
}

/** What stands in a script, with the file that it stands in: `path` is the file itself where the script names a link. */
export type LocatedItem = Exclude<ScriptItem, { kind: 'include' }> & { readonly path: string };

/** nft itself goes no deeper. */
const DEEPEST = 16;

/** What stands in a script and in what it includes, in the order in which nft reads it. Files that can't be read are passed over. */
export async function readNftScript(
  host: Host,
  path: string,
  context: ScriptContext = { level: 'file' },
  depth = 0,
): Promise<LocatedItem[]> {
  const found = depth < DEEPEST ? await readBytes(host, path) : null;
  if (found === null) return [];
  const items: LocatedItem[] = [];
  for (const item of scanScript(found.bytes, context)) {
    if (item.kind !== 'include') items.push({ ...item, path: found.path });
    else
      for (const file of await findIncluded(host, item.path))
        items.push(...(await readNftScript(host, file, item.context, depth + 1)));
  }
  return items;
}

/** nft looks for a path without a slash in front in /etc. No word splitting: the shell does nothing but match the pattern. */
async function findIncluded(host: Host, pattern: string): Promise<string[]> {
  const script = 'IFS=; for file in $0; do [ -f "$file" ] && echo "$file"; done';
  const { stdout } = await host.run(['sh', '-c', script, pattern.startsWith('/') ? pattern : `/etc/${pattern}`]);
  return stdout.split('\n').filter((line) => line !== '');
}

/** A script that is tried with the file `candidate` in the place of `replaced`: the script itself, or what it includes. */
export type ScriptTrial = { readonly script: string; readonly replaced: string; readonly candidate: string };

/** What a script makes in an empty namespace; or nft's complaint; or null where no namespace can be made here. */
type Tried =
  | { readonly kind: 'loaded'; readonly ruleset: Ruleset }
  | { readonly kind: 'complaint'; readonly text: string }
  | null;

/** Loads a script in a network namespace of its own, which is gone at once. */
export async function tryNftScript(host: Host, { script, replaced, candidate }: ScriptTrial): Promise<Tried> {
  const inside = 'mount --bind "$2" "$1" && nft -f "$0" && nft -j list ruleset';
  const command: Command = ['unshare', '-n', '-m', 'sh', '-c', inside, script, replaced, candidate];
  const { code, stdout, stderr } = await host.run(command);
  if (code === NOT_FOUND || isForbidden(stderr)) return null;
  if (code !== 0) return { kind: 'complaint', text: stderr.trim() };
  return { kind: 'loaded', ruleset: { tables: parseNftRuleset(stdout, { file: script }) } };
}

/** nft's complaint about a script that it reads and does not load, or null; here, with all devices and what else the server has. */
export async function checkNftScript(host: Host, { script, replaced, candidate }: ScriptTrial): Promise<string | null> {
  const inside = 'mount --bind "$2" "$1" && nft -c -f "$0"';
  const bound = await host.run(['unshare', '-m', 'sh', '-c', inside, script, replaced, candidate]);
  const isBound = bound.code !== NOT_FOUND && !isForbidden(bound.stderr);
  if (!isBound && replaced !== script) return "it can't be tried here, as no namespace can be made";
  const { code, stderr } = isBound ? bound : await host.run(['nft', '-c', '-f', candidate]);
  return code === 0 ? null : `nft would not load it: ${stderr.trim()}`;
}

function isForbidden(stderr: string): boolean {
  return /^(unshare|mount): /m.test(stderr);
}
