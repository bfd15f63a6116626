// Takes back by the tag alone, where no case tells how: what is derived from the listings of now needs no record that could be wrong.
import { tagOf } from '../../firewall/fix/rule/tag.ts';
import { numberAt, stringAt } from '../../firewall/nftables/read/json.ts';
import { listedRules } from '../../firewall/nftables/read/listed-rules.ts';
import { readBytes, replaceFile, untilReplaced } from '../files/replace-file.ts';
import type { Command, Host } from '../host.ts';
import { BOOT_FILES, isLoadedAtBoot, ownLineOf } from '../next-boot/boot-files.ts';
import { findTagged } from './find-tagged.ts';

/** `files` were changed; `left`: where the tag stands all the same, afterwards. */
export type TakenBack = { readonly files: readonly string[]; readonly left: readonly string[] };

/** Deletes every rule of the case that is in force, takes its lines out of the files of the next boot, and looks whether that is so. */
export async function takeBackByTag(host: Host, id: string): Promise<TakenBack> {
  await deleteFromUfw(host, id);
  for (const variant of ['', '-legacy'])
    for (const family of ['iptables', 'ip6tables']) await deleteFromIptables(host, `${family}${variant}`, id);
  await deleteFromNft(host, id);
  const files: string[] = [];
  const places = (await findTagged(host)).filter((one) => one.id === id).map(({ where }) => where);
  for (const path of places.filter((where) => where.startsWith('/')))
    if ((await untilReplaced(path, () => cleanFile(host, path, id))) === 'replaced') files.push(path);
  const left = (await findTagged(host)).filter((one) => one.id === id).map(({ where }) => where);
  return { files, left };
}

/** In one transaction a tool: the rules as its own listing shows them, each to be deleted. */
async function deleteFromIptables(host: Host, tool: string, id: string): Promise<void> {
  const { stdout } = await host.run([`${tool}-save`]);
  const script: string[] = [];
  let table = '';
  for (const line of stdout.split('\n')) {
    if (line.startsWith('*')) table = line;
    if (line.startsWith('-A ') && line.includes(tagOf(id))) script.push(table, line.replace(/^-A/, '-D'), 'COMMIT');
  }
  if (script.length === 0) return;
  const input = `${script.join('\n')}\n`;
  const restored = await host.run([`${tool}-restore`, '-w', '5', '--noflush'], { input });
  // Old ones know no -w there.
  if (restored.code !== 0) await host.run([`${tool}-restore`, '--noflush'], { input });
}

async function deleteFromNft(host: Host, id: string): Promise<void> {
  const { code, stdout } = await host.run(['nft', '-j', 'list', 'ruleset']);
  if (code !== 0 || !stdout.includes(tagOf(id))) return;
  for (const rule of listedRules(stdout)) {
    if (!stringAt(rule, 'comment')?.startsWith(tagOf(id))) continue;
    const [family, table, chain] = ['family', 'table', 'chain'].map((key) => stringAt(rule, key));
    const handle = numberAt(rule, 'handle');
    if (family === undefined || table === undefined || chain === undefined || handle === undefined) continue;
    await host.run(['nft', 'delete', 'rule', family, table, chain, 'handle', `${handle}`]);
  }
}

/** By the numbers that ufw shows, the last first: the others then keep theirs. */
async function deleteFromUfw(host: Host, id: string): Promise<void> {
  const command: Command = ['ufw', 'status', 'numbered'];
  const { code, stdout } = await host.run(command);
  if (code !== 0) return;
  const numbers = stdout.split('\n').flatMap((line) => {
    const [, number] = /^\[ *(\d+)\]/.exec(line) ?? [];
    return number !== undefined && line.includes(`# ${tagOf(id)}`) ? [number] : [];
  });
  for (const number of numbers.toReversed()) await host.run(['ufw', '--force', 'delete', number]);
}

async function cleanFile(host: Host, path: string, id: string): Promise<'replaced' | 'changed' | 'absent'> {
  if (!BOOT_FILES.some((one) => path === one || path.startsWith(`${one}/`)) || !isLoadedAtBoot(path)) return 'absent';
  const found = await readBytes(host, path);
  if (found === null) return 'absent';
  const own = new RegExp(ownLineOf(id).replaceAll('[[:space:]]', '\\s'));
  const bytes = found.bytes
    .split('\n')
    .filter((line) => !own.test(line))
    .join('\n');
  if (bytes === found.bytes) return 'absent';
  return replaceFile(host, { path: found.path, old: found.bytes, bytes }, async () => null);
}
