// Every rule and line that bears the tag of a case: in force, in any table of any tool, and in the files that a boot loads.

import { ANY_TAG, casesIn } from '../../firewall/fix/rule/tag.ts';
import type { Host } from '../host.ts';
import { BOOT_FILES, isLoadedAtBoot } from '../next-boot/boot-files.ts';
import { RULE_LISTINGS } from '../trial/look-for-tag.ts';

/** A case's tag, and where it stands: a file, or `in force (COMMAND)`. */
export type Tagged = { readonly id: string; readonly where: string };

/** Each tag once a place. What can't be listed shows none. */
export async function findTagged(host: Host): Promise<Tagged[]> {
  const [inFiles, ...listings] = await Promise.all([
    host.run(['grep', '-rsoaHE', ANY_TAG, ...BOOT_FILES]),
    ...RULE_LISTINGS.map((command) => host.run(command)),
  ]);
  const inForce = RULE_LISTINGS.flatMap((command, at) =>
    casesIn(listings[at]?.stdout ?? '').map((id) => ({ id, where: `in force (${command.join(' ')})` })),
  );
  const saved = inFiles.stdout.split('\n').flatMap((line) => {
    const [, path = '', text = ''] = /^(\/[^:]*):(.*)$/.exec(line) ?? [];
    return path === '' || !isLoadedAtBoot(path) ? [] : casesIn(text).map((id) => ({ id, where: path }));
  });
  const all = [...inForce, ...saved];
  return all.filter(({ id, where }, at) => all.findIndex((one) => one.id === id && one.where === where) === at);
}
