// The project's own rulesets on the real kernel: loaded, printed, tried.
import { ownProbes } from '../firewall/own-probes.ts';
import {
  type End,
  familiesOf,
  type Labels,
  type Mode,
  type OwnRuleset,
  type RulesetFile,
} from '../firewall/own-rulesets.ts';
import { type Answer, type Kernel, openKernel } from './fuzz/kernel.ts';
import { type KernelLog, openKernelLog } from './fuzz/kernel-log.ts';
import { type Command, type Lab, startLab } from './lab.ts';
import { markPackets } from './mark-packets.ts';

/** What was found of a ruleset: its files as the tools print them, and its labels. */
export type Found = { readonly ruleset: OwnRuleset; readonly printed: readonly string[]; readonly labels: Labels };

/** Labels rulesets, several at once. A probe that has no answer after `deadline` ms has none. `found` is told of each as it is done. */
export async function labelRulesets(
  rulesets: readonly OwnRuleset[],
  { lanes, deadline }: { lanes: number; deadline: number },
  found: (one: Found) => void,
): Promise<void> {
  // The labs' packets have a time to live of their own; it is above what is usual.
  await using log = await openKernelLog(/ (?:TTL|HOPLIMIT)=(6[5-9]|[7-9]\d|[12]\d\d) /);
  // Tables of iptables-legacy stay once they are there, so the others come first.
  const ordered = [...rulesets].sort((one, other) => Number(isLegacy(one)) - Number(isLegacy(other)));
  const waiting = ordered.map((ruleset, place) => ({ ruleset, port: 10_000 + place * 100 }));
  const lane = async () => {
    let server = await openServer(log);
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      found(await labelRuleset(server, next.ruleset, next.port, deadline));
      if (!isLegacy(next.ruleset)) continue;
      await server.lab.close();
      server = await openServer(log);
    }
    await server.lab.close();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** `hops`: what its log lines are told by. */
type Server = { readonly lab: Lab; readonly kernel: Kernel; readonly hops: string };

async function openServer(log: KernelLog): Promise<Server> {
  const lab = await startLab();
  const hops = /\d+/.exec(await markPackets(lab))?.[0] ?? '';
  return { lab, hops, kernel: await openKernel(log, lab) };
}

function isLegacy({ files }: OwnRuleset): boolean {
  return files.some((one) => one.tool === 'iptables' && one.variant === 'legacy');
}

async function labelRuleset(server: Server, ruleset: OwnRuleset, port: number, deadline: number): Promise<Found> {
  const { lab } = server;
  await lab.run(['sh', '-c', 'nft flush ruleset; ipset destroy']);
  const printed = await loadRuleset(lab, ruleset);
  const full = await tryProbes(server, ruleset, port, deadline);
  await flushInput(lab, ruleset);
  const outputOnly = await tryProbes(server, ruleset, port + 50, deadline);
  return { ruleset, printed, labels: { full, output_only: outputOnly } };
}

/** Loads the files one by one; what their tools print of each right after. */
export async function loadRuleset(lab: Lab, { files }: Pick<OwnRuleset, 'files'>): Promise<string[]> {
  const printed: string[] = [];
  for (const one of files) {
    const { load, print } = toolOf(one);
    await lab.run(load, { input: one.text });
    printed.push(await lab.run(print));
  }
  return printed;
}

function toolOf(one: RulesetFile): { readonly load: Command; readonly print: Command } {
  switch (one.tool) {
    case 'ipset':
      return { load: ['ipset', 'restore'], print: ['ipset', 'save'] };
    case 'nft':
      return { load: ['nft', '-f', '-'], print: ['nft', 'list', 'ruleset'] };
    case 'nft-json':
      // It opens /dev/stdin by name, which only a pipe allows.
      return { load: ['sh', '-c', 'cat | nft -j -f -'], print: ['nft', '-j', 'list', 'ruleset'] };
    case 'iptables': {
      const program = `${one.family}tables-${one.variant}`;
      return { load: [`${program}-restore`], print: [`${program}-save`] };
    }
  }
}

/** No rules and accepting policies in the built-in chains that packets come in by. */
async function flushInput(lab: Lab, { files }: OwnRuleset): Promise<void> {
  const legacy = files.flatMap((one) => {
    if (one.tool !== 'iptables' || one.variant !== 'legacy') return [];
    const program = `${one.family}tables-legacy`;
    return [...one.text.matchAll(/^\*(\w+)$/gm)].flatMap(([, table]) =>
      ['INPUT', 'PREROUTING'].map(
        (chain) => `${program} -t ${table} -F ${chain} && ${program} -t ${table} -P ${chain} ACCEPT`,
      ),
    );
  });
  // A table of iptables-legacy has only some of the chains.
  await lab.exec(['sh', '-c', legacy.join('\n')]);
  const { nftables }: { nftables: { chain?: { family: string; table: string; name: string; hook?: string } }[] } =
    JSON.parse(await lab.run(['nft', '-j', 'list', 'chains']));
  const script = nftables.flatMap(({ chain }) => {
    if (chain?.hook !== 'input' && chain?.hook !== 'prerouting') return [];
    const place = `${chain.family} ${chain.table} ${chain.name}`;
    return [`flush chain ${place}`, `chain ${place} { policy accept; }`];
  });
  await lab.run(['nft', '-f', '-'], { input: script.join('\n') });
}

/** What stays silent is tried again until a round brings no more answers: a busy machine is slow, and no label says so. */
async function tryProbes(
  { lab, kernel, hops }: Server,
  ruleset: OwnRuleset,
  port: number,
  deadline: number,
): Promise<Labels[Mode]> {
  const probes = familiesOf(ruleset).flatMap(ownProbes);
  let silent = probes.map(({ name, attempt }, place) => ({ name, attempt: { ...attempt, sourcePort: port + place } }));
  const ends: Record<string, End> = {};
  for (const { name } of probes) ends[name] = 'timeout';
  for (let before = Number.POSITIVE_INFINITY; silent.length > 0 && silent.length < before; ) {
    before = silent.length;
    await lab.run(['conntrack', '-F']);
    const answers = await kernel.converse(
      silent.map(({ attempt }) => attempt),
      hops,
      deadline,
    );
    if (answers === null) throw new Error(`${ruleset.name}: lines of the kernel's log were lost`);
    answers.forEach((answer, place) => {
      const name = silent[place]?.name;
      if (name === undefined) return;
      // Only the first of equal requests may be logged.
      const logged = ends[name]?.endsWith('logged') || answer.logged === 'yes';
      ends[name] = endOf({ ...answer, logged: logged ? 'yes' : 'no' });
    });
    silent = silent.filter(({ name }) => ends[name]?.startsWith('timeout'));
  }
  return ends;
}

function endOf({ attempted: { outcome, error }, logged }: Answer): End {
  const end =
    outcome === 'works'
      ? 'ok'
      : /EPERM|not permitted/.test(`${error}`)
        ? 'EPERM'
        : outcome === 'silent'
          ? 'timeout'
          : 'refused';
  return logged === 'yes' ? `${end} logged` : end;
}
