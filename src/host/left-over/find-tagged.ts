// Every rule and line that bears the tag of a case: in force, in any table of any tool, and in the files that a boot loads.

import type { Command, Host } from '../host.ts';
import { BOOT_FILES, isLoadedAtBoot } from '../next-boot/boot-files.ts';

/** A case's tag, and where it stands: a file, or `in force (COMMAND)`. */
export type Tagged = { readonly id: string; readonly where: string };

const LISTINGS: readonly Command[] = [
  ['iptables-save'],
  ['ip6tables-save'],
  ['iptables-legacy-save'],
  ['ip6tables-legacy-save'],
  ['nft', 'list', 'ruleset'],
];

const TAG = /lo-doctor ([A-Za-z0-9][A-Za-z0-9._-]{0,63}): /g;

/** ufw writes comments in hexadecimal digits: `lo-doctor `, a name, `: `. */
const TAG_IN_HEX = /6c6f2d646f63746f7220((?:[2-7][0-9a-f])+?)3a20/g;
const IN_FILES = 'lo-doctor [A-Za-z0-9][A-Za-z0-9._-]*: |6c6f2d646f63746f7220([2-7][0-9a-f])+';

/** Each tag once a place. What can't be listed shows none. */
export async function findTagged(host: Host): Promise<Tagged[]> {
  const [inFiles, ...listings] = await Promise.all([
    host.run(['grep', '-rsoHE', IN_FILES, ...BOOT_FILES]),
    ...LISTINGS.map((command) => host.run(command)),
  ]);
  const inForce = LISTINGS.flatMap((command, at) =>
    idsIn(listings[at]?.stdout ?? '').map((id) => ({ id, where: `in force (${command.join(' ')})` })),
  );
  const saved = inFiles.stdout.split('\n').flatMap((line) => {
    const [, path = '', text = ''] = /^(\/[^:]*):(.*)$/.exec(line) ?? [];
    return path === '' || !isLoadedAtBoot(path) ? [] : idsIn(text).map((id) => ({ id, where: path }));
  });
  const all = [...inForce, ...saved];
  return all.filter(({ id, where }, at) => all.findIndex((one) => one.id === id && one.where === where) === at);
}

function idsIn(text: string): string[] {
  const plain = [...text.matchAll(TAG)].map(([, id = '']) => id);
  const hex = [...text.matchAll(TAG_IN_HEX)].flatMap(([, digits = '']) => {
    const id = Buffer.from(digits, 'hex').toString('latin1');
    return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id) ? [id] : [];
  });
  return [...new Set([...plain, ...hex])];
}
