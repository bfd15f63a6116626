// Rules that programs keep in force only while they run, beside a policy that somebody else has made: no saved file of that policy should have them.
import { splitWords } from './split-words.ts';

/** The chains of such programs. What they put into the built-in chains leads there, but for some of Docker's rules. */
export const PASSING_CHAINS = {
  docker: /^DOCKER(-|$)/,
  fail2ban: /^(f2b|fail2ban)-/,
  podman: /^(NETAVARK|CNI)[-_]/,
  kubernetes: /^(KUBE|cali)-/,
  libvirt: /^LIBVIRT_/,
  crowdsec: /^CROWDSEC/i,
  sshguard: /^sshguard$/,
  tailscale: /^ts-/,
  cilium: /^(OLD_)?CILIUM_/,
  flannel: /^FLANNEL-/,
} as const;

/** Docker's own bridge, one for each of its networks, and that of a swarm. */
const DOCKERS_BRIDGES = /^(docker\d+|docker_gwbridge|br-[0-9a-f]{12})$/;

/** The text of iptables-save without the rules and chains of such programs, and whose they were. */
export function leaveOutPassingRules(save: string): { readonly text: string; readonly owners: readonly string[] } {
  const owners = new Set<string>();
  const kept = save.split('\n').filter((line) => {
    const owner = ownerOfLine(line);
    if (owner !== null) owners.add(owner);
    return owner === null;
  });
  return { text: kept.join('\n'), owners: [...owners] };
}

function ownerOfLine(line: string): string | null {
  const [chain] = /(?<=^:)\S+/.exec(line) ?? [];
  if (chain !== undefined) return ownerOfChain(chain);
  const words = line.startsWith('-A ') ? splitWords(line) : null;
  if (words === null) return null;
  const wordsAfter = (...options: readonly string[]): string[] =>
    words.filter((_, at) => options.some((option) => option === words[at - 1]));
  for (const name of wordsAfter('-A', '-j', '-g')) {
    const owner = ownerOfChain(name);
    if (owner !== null) return owner;
  }
  const [chainOfRule, source, destination, target] = ['-A', '-s', '-d', '-j'].map((option) => wordsAfter(option)[0]);
  if (chainOfRule !== 'FORWARD' && chainOfRule !== 'POSTROUTING') return null;
  const isAtBridge =
    wordsAfter('-i', '-o').some((name) => DOCKERS_BRIDGES.test(name)) ||
    wordsAfter('--match-set').some((name) => name.startsWith('docker-'));
  // A container that calls a port of its own by way of the host.
  const isHairpin = target === 'MASQUERADE' && source !== undefined && source === destination;
  return isAtBridge || isHairpin ? 'docker' : null;
}

/** The program whose chain that is, by its name; null for a chain that is nobody's. */
export function ownerOfChain(chain: string): string | null {
  return Object.entries(PASSING_CHAINS).find(([, names]) => names.test(chain))?.[0] ?? null;
}
