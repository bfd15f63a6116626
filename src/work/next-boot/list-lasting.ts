// What keeping a fix would write, told before it is kept: each file with its lines.
import type { Host } from '../../host/host.ts';
import { findBootPlace } from '../../host/next-boot/find-boot-place.ts';
import type { Lasting } from '../../wizard/state.ts';
import { shellLine } from '../../words/shell-line.ts';
import type { BootPlan } from './save-plan.ts';

/** Where the lines of a plan go when it is kept. Owners of rules save by commands of their own. */
export const listLasting = async (host: Host, plan: BootPlan): Promise<Lasting[]> => {
  const [ip, ip6] = await Promise.all((['ip', 'ip6'] as const).map((family) => findBootPlace(host, family)));
  const lines = [
    ...plan.bootInsertions.map(({ file, family, ruleText }) => ({
      file: file ?? (family === 'ip' ? ip : ip6)?.path ?? null,
      line: ruleText,
    })),
    ...plan.nftInsertions.map(({ family, table, chain, statement }) => ({
      file: `the nft script that makes chain ${family} ${table} ${chain}`,
      line: statement,
    })),
    ...plan.bootCommands.map(({ command }) => ({
      file: plan.ownersFiles.length === 0 ? null : plan.ownersFiles.join(', '),
      line: shellLine(command),
    })),
  ];
  return [...Map.groupBy(lines, ({ file }) => file)].map(([file, own]) => ({
    file,
    lines: own.map(({ line }) => line),
  }));
};
