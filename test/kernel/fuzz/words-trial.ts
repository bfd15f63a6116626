// One server and its failing command: what the walk concludes, held against what the kernel did.
import { type Attempt, works } from '../../../src/diagnosis/attempt.ts';
import type { BlockedConversation } from '../../../src/diagnosis/diagnose.ts';
import type { Event } from '../../../src/wizard/event.ts';
import type { Block, Page, Rich } from '../../../src/words/page.ts';
import { type Lab, startLab } from '../lab.ts';
import { loadLayers } from './kernel.ts';
import { type Walked, walkInLab } from './walk-in-lab.ts';
import type { WordsServer } from './words-server.ts';
import { type Drop, findTruth, hasDropped, type Truth } from './words-truth.ts';

/** What the walk said: it blames a rule of the firewall, or another thing, or says that it doesn't know. */
export type Conclusion = 'blamed' | 'acquitted' | 'open';

export type WordsResult =
  | { readonly kind: 'not loaded'; readonly complaint: string }
  | {
      readonly kind: 'concluded';
      readonly truth: Truth;
      readonly conclusion: Conclusion;
      /** Whether the firewall is what stopped the command. */
      readonly stopped: boolean;
      readonly works: boolean;
      readonly wrong: 'false acquittal' | 'false accusation' | null;
      readonly why: string;
      readonly words: readonly string[];
    };

/** Tries one server in a lab of its own; what the walk logs has the mark. */
export async function tryServer(server: WordsServer, mark: string): Promise<WordsResult> {
  await using lab = await startLab();
  await lab.listen(server.services);
  const loaded = await loadLayers(lab, server.layers);
  if ('complaint' in loaded) return { kind: 'not loaded', complaint: loaded.complaint };
  if (!server.loIsUp) await lab.run(['ip', 'link', 'set', 'lo', 'down']);
  if (server.daemon) await lab.startRsyslog({ only: mark });
  // Over a lo that is down no packet gets as far as a rule.
  const truth = server.loIsUp
    ? await findTruth(lab, server.commandLine)
    : { code: (await lab.exec(['sh', '-c', server.commandLine])).code, drops: [] };
  if (truth === null) return { kind: 'not loaded', complaint: 'the trace was not heard' };
  const walked = await walkInLab(lab, { commandLine: server.commandLine, logs: server.logs, mark });
  return judge(truth, walked, await worksWithoutRules(lab, server.commandLine));
}

async function worksWithoutRules(lab: Lab, commandLine: string): Promise<boolean> {
  await lab.run(['nft', 'flush', 'ruleset']);
  return (await lab.exec(['sh', '-c', commandLine])).code === 0;
}

function judge(truth: Truth, walked: Walked, free: boolean): WordsResult {
  const works = truth.code === 0;
  const stopped = !works && free;
  const words = walked.page === null ? [] : wordsOf(walked.page);
  const conclusion = conclusionOf(walked, words);
  const wrong = wrongIn(truth, walked, conclusion, stopped);
  return {
    kind: 'concluded',
    truth,
    conclusion,
    stopped,
    works,
    wrong: wrong?.kind ?? null,
    why: wrong?.why ?? '',
    words,
  };
}

/** Sentences that acquit the firewall of what the command met. */
const ACQUITTALS: readonly RegExp[] = [
  /firewall is not to blame/i,
  /^No loopback packet was dropped/i,
  /loopback needs no fix/i,
  /not by a rule/i,
  /no rule is in the way/i,
  /no firewall rule says so/i,
  /but not on loopback/i,
  /a permit of loopback would not help/i,
  /^What was tried works/i,
  /the firewall lets (it|this connection) through/i,
];

/** NAT's rules are the firewall's too. */
const NAT = /\b(S?D?NAT|redirect\w*|masquerad\w*)\b/i;

function conclusionOf({ case: { diagnosis } }: Walked, words: readonly string[]): Conclusion {
  if (diagnosis?.verdict === 'loopback-blocked') return 'blamed';
  if (words.some((line) => NAT.test(line))) return 'blamed';
  return words.some((line) => ACQUITTALS.some((acquittal) => acquittal.test(line))) ? 'acquitted' : 'open';
}

type Wrong = { readonly kind: 'false acquittal' | 'false accusation'; readonly why: string };

const worksNow = (attempts: readonly Attempt[]): boolean =>
  attempts.some((one) => one.kind === 'command' && works(one));

function wrongIn(
  truth: Truth,
  { case: { diagnosis, attempts } }: Walked,
  said: Conclusion,
  stopped: boolean,
): Wrong | null {
  const onLo = truth.drops.filter((drop) => drop.onLo);
  switch (said) {
    case 'acquitted':
      // Rules with a rate limit let it through at one moment and not at another: then it is true that it worked.
      return stopped && !worksNow(attempts)
        ? { kind: 'false acquittal', why: `stopped by ${tellDrops(truth.drops)}` }
        : null;
    case 'open':
      return null;
    case 'blamed': {
      const blocked = diagnosis?.blocked ?? [];
      const [first] = blocked;
      // Where the kernel's own line shows the drop, it was one, be it of another conversation at that moment.
      if (first === undefined || first.sample !== null) return null;
      if (truth.code === 0) return null;
      if (onLo.length === 0)
        return { kind: 'false accusation', why: `nothing was dropped on lo, blamed: ${nameOf(first)}` };
      // Under a time limit the command itself may not have come to all of its places; and within a rate limit it may have worked at that moment.
      const isTrue = blocked.some(({ stop }) => stop === null || hasDropped(onLo, stop.rule));
      return isTrue
        ? null
        : { kind: 'false accusation', why: `dropped by ${tellDrops(onLo)}, blamed: ${nameOf(first)}` };
    }
  }
}

function nameOf({ conversation, stop }: BlockedConversation): string {
  const { protocol, destination, destinationPort } = conversation;
  const rule =
    stop === null ? 'no rule' : `${stop.rule.family} ${stop.rule.table} ${stop.rule.chain} ${stop.rule.number}`;
  return `${protocol} ${destination} ${destinationPort} by ${rule}`;
}

function tellDrops(drops: readonly Drop[]): string {
  const names = drops.map(
    ({ table, chain, policy, onLo }) => `${table} ${chain}${policy ? ' policy' : ''}${onLo ? '' : ' (not on lo)'}`,
  );
  return names.length === 0 ? 'no filter rule' : [...new Set(names)].join(', ');
}

/** The page in lines of plain text: its title, what it says, and what it advises. */
function wordsOf({ title, body, choices }: Page<Event>): string[] {
  const advised = choices.filter(({ recommended }) => recommended === true).map(({ label }) => `advised: ${label}`);
  return [title, ...body.flatMap(linesOf), ...advised];
}

function linesOf(block: Block): string[] {
  switch (block.kind) {
    case 'text':
      return [plain(block.text)];
    case 'list':
      return block.items.map(plain);
    case 'facts':
      return block.rows.map(([label, value]) => `${label}: ${plain(value)}`);
    case 'code':
      return block.lines.map(plain);
    case 'rules':
      return block.rows.map(({ text }) => plain(text));
    case 'way':
      return [block.stop];
    case 'gap':
      return [];
  }
}

function plain(rich: Rich): string {
  return typeof rich === 'string' ? rich : rich.map((part) => (typeof part === 'string' ? part : part.text)).join('');
}
