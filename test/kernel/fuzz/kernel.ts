// The judge: loads rulesets into a lab's real kernel, has the conversations, and reads what it logged.
import { type Attempt, type Attempted, udpRounds } from '../agent.ts';
import { type Lab, startLab } from '../lab.ts';
import type { KernelLog } from './kernel-log.ts';
import { isLegacy, type Layer, type Variant } from './rulesets.ts';
import { type Family, services } from './server.ts';

/** What a tool prints of the rules in force. */
export type Dump =
  | { readonly tool: 'iptables'; readonly variant: Variant; readonly family: Family; readonly text: string }
  | { readonly tool: 'nft'; readonly text: string };

/** What the kernel did with a conversation. `lines`: all that was logged of it, in order. */
export type Answer = {
  readonly attempt: Attempt;
  readonly outcome: 'works' | 'blocked';
  readonly logged: 'yes' | 'no';
  readonly lines: readonly string[];
  /** How the client saw it. */
  readonly attempted: Attempted;
};

export type Kernel = {
  /**
   * Replaces all rules and forgets all connections; resolves to the dumps, or to what a tool complained of. Legacy tables stay
   * for good, and where they stand among the others depends on when they came: a kernel loads those only once.
   */
  load(layers: readonly Layer[]): Promise<{ readonly dumps: readonly Dump[] } | { readonly complaint: string }>;
  /** Has conversations under the rules loaded, whose lines the log keeps under `prefix`. Null when the kernel's log ran over meanwhile. */
  converse(attempts: readonly Attempt[], prefix: string, deadline: number): Promise<Answer[] | null>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** In a fresh lab, or the one given. */
export async function openKernel(log: KernelLog, given: Lab | null = null): Promise<Kernel> {
  const lab = given ?? (await startLab());
  await lab.listen(services);
  return {
    load: (layers) => loadLayers(lab, layers),
    converse: async (attempts, prefix, deadline) => {
      const before = await log.take(prefix);
      const attempted = await lab.talk(attempts, deadline);
      const { lines, losses } = await log.take(prefix);
      if (losses > before.losses) return null;
      return attempts.map((attempt, place) => answer(attempt, attempted[place], lines));
    },
    close: lab.close,
    [Symbol.asyncDispose]: lab.close,
  };
}

const boundary = '=====';

/** Replaces all rules of the lab, as `Kernel.load`. */
export async function loadLayers(lab: Lab, layers: readonly Layer[]): ReturnType<Kernel['load']> {
  const feed = (command: string, lines: readonly string[]) =>
    `${command} <<'${boundary}'\n${lines.join('\n')}\n${boundary}`;
  return dumpAfter(lab, layers.some(isLegacy), [
    'nft flush ruleset',
    'conntrack -F 2>/dev/null || true',
    ...layers.map((layer) =>
      layer.tool === 'nft'
        ? feed('nft -f -', layer.lines)
        : feed(`${layer.family}tables-${layer.variant}-restore`, layer.lines),
    ),
  ]);
}

/** The dumps of the rules in force once the commands have run; legacy tables are asked for only where there are some, or they would be made. */
export async function dumpAfter(lab: Lab, legacy: boolean, commands: readonly string[]): ReturnType<Kernel['load']> {
  const families = ['ip', 'ip6'] as const;
  const savers = (['nft', 'legacy'] as const).flatMap((variant) =>
    families.map((family) => ({ variant, family }) as const),
  );
  const { code, stdout, stderr } = await lab.exec(['sh', '-e'], {
    input: [
      ...commands,
      ...savers.map(
        ({ variant, family }) =>
          `${variant === 'nft' || legacy ? `${family}tables-${variant}-save` : ':'}; echo ${boundary}`,
      ),
      'nft -j list ruleset',
    ].join('\n'),
  });
  if (code !== 0) return { complaint: stderr };
  const texts = stdout.split(`${boundary}\n`);
  const dumps: Dump[] = savers.map((saver, place) => ({ tool: 'iptables', ...saver, text: texts[place] ?? '' }));
  dumps.push({ tool: 'nft', text: texts[savers.length] ?? '' });
  return { dumps: dumps.filter((dump) => dump.text !== '') };
}

function answer(attempt: Attempt, attempted: Attempted | undefined, lines: readonly string[]): Answer {
  if (attempted === undefined) throw new Error('the agent lost a conversation');
  const own = lines.filter((line) => isOf(attempt, line));
  const opening = own.some((line) => isOpening(attempt, attempted.connected, line));
  return {
    attempt,
    outcome: attempted.outcome === 'works' ? 'works' : 'blocked',
    logged: opening ? 'yes' : 'no',
    lines: own,
    attempted,
  };
}

/** Whether a line is about this conversation: its port (its echo's identifier) is no other's. */
function isOf({ protocol, sourcePort }: Attempt, line: string): boolean {
  return protocol === 'icmp'
    ? new RegExp(`CODE=0 ID=${sourcePort} `).test(line)
    : new RegExp(`[SD]PT=${sourcePort} `).test(line);
}

/**
 * Whether a line is about the conversation's opening exchange: the first request, its reply, or an error packet. In a TCP
 * connection that was opened, what is neither SYN nor SYN+ACK came later.
 */
function isOpening({ protocol }: Attempt, connected: boolean, line: string): boolean {
  switch (protocol) {
    case 'icmp':
      return / SEQ=1 /.test(line);
    case 'udp':
      return firstLengths.test(line);
    case 'tcp':
      if (/PROTO=ICMP/.test(line)) return !connected;
      return / SYN /.test(line) || (/ RST /.test(line) && !connected);
  }
}

/** The length of a UDP packet of the first round, its header of 8 bytes included, stands right after its ports. */
const firstLengths = new RegExp(
  ` DPT=\\d+ LEN=(${Object.values(udpRounds[0])
    .map((words) => words.length + 8)
    .join('|')}) `,
);
