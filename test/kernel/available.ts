// Decides whether the tests that need a real firewall or a real terminal can run here. With CI=true they always run, and fail.
import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';
import tools from './tools.json' with { type: 'json' };

/** Tools of root count even where the path of this user leaves them out. */
process.env.PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;

const bootTools = ['debootstrap', 'systemd-nspawn'];

/** `describe` for tests on the real netfilter, as root in a lab. */
export const describeKernel = unless(kernelTrouble, 'a real firewall');

/** `describe` for tests that boot a Debian of their own. */
export const describeBoot = unless(() => kernelTrouble() ?? missing(bootTools), 'a machine that boots');

/** `describe` for tests in a real terminal. */
export const describeTerminal = unless(() => missing(['tmux']), 'a real terminal');

function unless(findTrouble: () => string | null, needed: string) {
  const trouble = process.env.CI === 'true' ? null : findTrouble();
  if (trouble !== null) console.warn(`Skipped: tests that need ${needed}: ${trouble}. 'node test/setup.js' says more.`);
  return describe.skipIf(trouble !== null);
}

function kernelTrouble(): string | null {
  if (process.platform !== 'linux') return `this is ${process.platform}, not Linux`;
  if (process.getuid?.() !== 0) return 'they need root';
  const trouble = missing(Object.keys(tools).filter((tool) => !bootTools.includes(tool)));
  if (trouble !== null) return trouble;
  const { status } = spawnSync('unshare', ['-n', '-m', '-p', '-f', 'nft', 'list', 'ruleset']);
  return status === 0 ? null : 'this kernel or container allows no network namespace with nftables';
}

function missing(programs: readonly string[]): string | null {
  const absent = programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  return absent.length === 0 ? null : `${absent.join(', ')} not installed`;
}
