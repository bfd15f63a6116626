// The direct configuration of firewalld as firewall-cmd prints it: the one in force, or the one that it puts in force when it starts.
import type { DirectConfiguration } from '../../firewall/firewalld/direct-configuration.ts';
import type { Host } from '../host.ts';

/** Null where firewalld does not tell it. */
export async function readDirectConfiguration(
  host: Host,
  which: 'in-force' | 'permanent',
): Promise<DirectConfiguration | null> {
  const [rules, passthroughs, chains] = await Promise.all([
    ask(host, which, 'rules'),
    ask(host, which, 'passthroughs'),
    ask(host, which, 'chains'),
  ]);
  return rules === null || passthroughs === null || chains === null ? null : { rules, passthroughs, chains };
}

async function ask(host: Host, which: 'in-force' | 'permanent', what: keyof DirectConfiguration) {
  const permanent = which === 'permanent' ? ['--permanent'] : [];
  const { code, stdout } = await host.run(['firewall-cmd', ...permanent, '--direct', `--get-all-${what}`]);
  return code === 0 ? stdout : null;
}
