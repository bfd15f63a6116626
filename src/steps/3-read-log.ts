// Step 3 in words: the entries that prove what was dropped, field by field, and the rule that did it.

import { type Attempt, works } from '../diagnosis/attempt.ts';
import type { BlockedConversation, Diagnosis } from '../diagnosis/diagnose.ts';
import type { Finding } from '../diagnosis/finding.ts';
import { findWellKnownService } from '../log/conversations/services.ts';
import type { EntryLine } from '../log/packet/entry.ts';
import { nameAddress, nameConversation } from '../naming/conversations.ts';
import { count, enumerateFew } from '../naming/numbers.ts';
import type { Event } from '../wizard/event.ts';
import type { Case, PhaseOf } from '../wizard/state.ts';
import { tellAttempt } from '../words/attempts.ts';
import { markEntry } from '../words/entry-line.ts';
import { tellTerms, termsOf } from '../words/glossary.ts';
import { tellWay } from '../words/packet-way.ts';
import { type Block, gap, type Page, type PageChoice, type Rich, span, text, withGaps } from '../words/page.ts';
import { shellLine } from '../words/shell-line.ts';
import { tellDrop } from '../words/tell-drop.ts';
import { page } from './pages.ts';

const servicePort = ({ conversation }: BlockedConversation) => conversation.destinationPort;

/** What a service is called: `SMTP (port 25)`. */
export const nameService = (blocked: BlockedConversation): string => {
  const port = servicePort(blocked);
  const service = port === null ? null : findWellKnownService(port);
  return service ? `${service.label} (port ${port})` : port === null ? blocked.conversation.protocol : `port ${port}`;
};

const whoListens = ({ listener }: BlockedConversation): string =>
  listener === null
    ? 'nobody listens there now'
    : listener === 'unknown'
      ? 'whether somebody listens there is not known'
      : `${listener.process ?? 'a program'} listens there`;

const addressInWords = (address: string | null): string => {
  if (address === null) return 'not in the line';
  if (address === '::1' || address.startsWith('127.')) return `${address}, the loopback address: this server itself`;
  return `${address}, this server's own address: it goes over lo as well`;
};

const addressRows = ({ src, dst }: EntryLine['entry']): (readonly [string, Rich])[] =>
  src === dst
    ? [['SRC, DST', `both ${addressInWords(src)}`]]
    : [
        ['SRC', addressInWords(src)],
        ['DST', addressInWords(dst)],
      ];

const portInWords = (blocked: BlockedConversation, { entry }: EntryLine): readonly [string, Rich] => {
  const service = servicePort(blocked) === null ? null : findWellKnownService(servicePort(blocked) ?? 0);
  const words = [
    `${nameService(blocked)}; `,
    // The firewall is then one of two causes.
    blocked.listener === null
      ? span('warn', 'nobody listens there now: the service has to be started as well')
      : whoListens(blocked),
    service ? `. Used by ${service.use}` : '',
  ];
  if (entry.direction === 'reply') return [`SPT=${entry.spt}`, ['a reply from ', ...words]];
  return [entry.dpt === null ? `PROTO=${entry.proto}` : `DPT=${entry.dpt}`, words];
};

const fields = (blocked: BlockedConversation, line: EntryLine): Block => ({
  kind: 'facts',
  rows: [
    line.entry.out === null
      ? [`IN=${line.entry.in}`, 'coming in by lo, the loopback interface']
      : [`OUT=${line.entry.out}`, 'leaving by lo, the loopback interface'],
    ...addressRows(line.entry),
    portInWords(blocked, line),
  ],
});

/** The rule in its chain's numbering, and the packet's way up to it. */
const stopped = ({ stop }: BlockedConversation): Block[] =>
  stop === null
    ? []
    : [
        {
          kind: 'rules',
          rows: [{ sign: 'x', number: stop.rule.number === 0 ? '' : String(stop.rule.number), text: stop.rule.text }],
        },
        ...tellWay(stop),
      ];

const byRule = ({ stop }: BlockedConversation): string => {
  if (stop === null) return '';
  const { number, chain } = stop.rule;
  return `, by ${number === 0 ? 'the policy' : `rule ${number}`} of ${chain}`;
};

const tellStopped = (one: BlockedConversation): Rich => {
  const service = findWellKnownService(servicePort(one) ?? 0);
  const entries = one.entries === 0 ? 'no entry' : count(one.entries, 'entry', 'entries');
  return [
    `${nameConversation(one.conversation)}${service === null ? '' : ` ${service.label}`}`,
    span('dim', `, ${entries}${byRule(one)}, ${whoListens(one)}`),
  ];
};

const summary = (blocked: readonly BlockedConversation[], most: number): Block[] =>
  blocked.length < 2
    ? []
    : [
        gap,
        text(`Stopped on loopback, all in all: ${blocked.length}`),
        { kind: 'list', items: blocked.slice(0, most).map(tellStopped) },
        ...(blocked.length > most
          ? [text(span('dim', `and ${blocked.length - most} more, all of them in the report`))]
          : []),
      ];

/** A finding in blocks. */
export const tellFinding = ({ title, evidence, advice, commands }: Finding): Block[] => [
  text(span('strong', title)),
  ...(evidence.length > 0 ? [{ kind: 'list', items: evidence } as const] : []),
  ...(advice === '' ? [] : [text(advice)]),
  ...(commands.length > 0 ? [{ kind: 'code', lines: commands.map(shellLine) } as const] : []),
];

/** Why it counts without an entry. */
const withoutEntry = (first: BlockedConversation): string => {
  const where = nameAddress(first.conversation.destination, first.conversation.destinationPort);
  if (first.trace.outcome !== 'unknown')
    return `No entry was logged for it, but two things agree: the connection to ${where} failed just now, and by its rules the firewall stops it.`;
  const [doubt] = first.trace.unknown;
  const hangsOn = doubt === undefined ? '' : ` The rules alone don't tell (it depends on "${doubt.what}"), but`;
  return `No entry was logged for it.${hangsOn} the connection to ${where} was refused just now although ${whoListens(first)}, and only a rule that rejects can have done that.`;
};

/** The picture: the line with its marks, a sentence, the rule and the way; then what each field means. */
const proof = (first: BlockedConversation): Block[] =>
  first.sample === null
    ? [text(...tellDrop(first)), text(withoutEntry(first)), ...stopped(first)]
    : [
        { kind: 'code', lines: [markEntry(first.sample)] },
        text(...tellDrop(first)),
        ...stopped(first),
        fields(first, first.sample),
      ];

/** What the firewall stops, and by which evidence; `most` of it one by one. Empty where nothing was found blocked. */
export const tellBlocked = ({ blocked }: Diagnosis, most = blocked.length): Block[] => {
  const [first] = blocked;
  return first === undefined ? [] : [...proof(first), ...summary(blocked, most)];
};

const again: PageChoice<Event> = {
  label: 'Repeat what fails, or something else',
  event: { name: 'reproduction-chosen' },
};
const leave: PageChoice<Event> = { label: 'Leave without a fix', event: { name: 'quit-chosen' } };

const commandsOf = (findings: readonly Finding[]): string[] =>
  findings.flatMap(({ commands }) => commands.map(shellLine));

/** Conversations that the page lists; the report has them all. */
const LISTED = 10;

const blockedPage = (diagnosis: Diagnosis, attempts: readonly Attempt[]): Page<Event> => {
  const { blocked, findings } = diagnosis;
  const services = [...new Set(blocked.map(nameService))];
  return page({
    title: `The firewall stops local connections: ${enumerateFew(services)}`,
    body: withGaps([tellBlocked(diagnosis, LISTED), tellFailed(attempts), ...findings.map(tellFinding)]),
    choices: [{ label: 'Show how to fix it', event: { name: 'fix-chosen' }, recommended: true }, again, leave],
    back: { name: 'back-chosen' },
    commands: commandsOf(findings),
    ...(blocked[0]?.sample == null ? {} : { evidence: blocked[0].sample.text }),
    why: tellTerms(
      termsOf(findings, ['outbound-policy', 'final-rule', 'drop-reject', 'replies', 'permit-all', 'by-hand']),
    ),
    searched: () => [...tellBlocked(diagnosis), ...findings.flatMap(tellFinding)],
  });
};

/** Lines of a command's output that are shown. */
const OUTPUT_LINES = 6;

/** What was tried and failed, in a line each: what lo-doctor has seen itself is told whatever else is found. */
const tellFailed = (attempts: readonly Attempt[]): Block[] => {
  const failed = attempts.filter((one) => !works(one));
  return failed.length === 0 ? [] : [text('What was tried:'), { kind: 'list', items: failed.map(tellAttempt) }];
};

/** The heading comes from whom the findings blame, so that it can't contradict them. */
const TITLES: Record<Exclude<Diagnosis['verdict'], 'loopback-blocked' | 'undecided'>, string> = {
  'blocked-elsewhere': 'The firewall dropped packets that are not on lo: a permit of loopback would not help',
  nat: 'No filter rule is to blame: a NAT rule is',
  'not-the-firewall': 'The firewall is not to blame',
  'several-causes': 'Another cause was found, and the firewall drops packets that are not on loopback',
  works: 'What was tried works',
};

/** By the rules alone there is something to fix, or may be. */
const isFixable = ({ inspection }: Case): boolean =>
  inspection !== null && (inspection.blocked || inspection.unknownTraces.length > 0);

const titleOf = (
  verdict: Exclude<Diagnosis['verdict'], 'loopback-blocked'>,
  { inspection, diagnosis }: Case,
): string => {
  if (verdict === 'undecided' && diagnosis?.findings.some(({ id }) => id === 'counted-without-entry') === true)
    return 'Packets were stopped meanwhile, and no entry came: whose they were is not proved';
  if (verdict === 'undecided')
    return inspection?.blocked === true
      ? 'No entry was seen, which proves nothing: by its rules the firewall blocks loopback'
      : 'No entry was seen, which proves nothing';
  // What was tried is one thing, what else the rules stop another.
  return verdict === 'works' && inspection?.blocked === true
    ? `${TITLES[verdict]}; by its rules the firewall blocks other loopback traffic`
    : TITLES[verdict];
};

/** What a command said last, with how it ended. */
const tellCommand = (attempt: Attempt): Block[] => {
  if (attempt.kind !== 'command') return [text(...tellAttempt(attempt))];
  const lines = attempt.output.trimEnd().split('\n').filter(Boolean).slice(-OUTPUT_LINES);
  const said: Block[] = lines.length === 0 ? [] : [{ kind: 'code', lines }];
  return [text(...tellAttempt(attempt)), ...said];
};

/** What can be done next: what is recommended comes first. */
const otherChoices = (verdict: Exclude<Diagnosis['verdict'], 'loopback-blocked'>, walk: Case): PageChoice<Event>[] => {
  const { attempts, inspection, logging } = walk;
  const failed = attempts.some((one) => !works(one));
  const fix: PageChoice<Event> = { label: 'Show how to fix what the rules stop', event: { name: 'fix-chosen' } };
  const log: PageChoice<Event> = { label: 'Turn logging on, and repeat it', event: { name: 'logging-chosen' } };
  const canLog = logging === null && inspection?.loggingPlan != null && inspection.logs?.length !== 0;
  const end: PageChoice<Event> = { ...leave, label: isFixable(walk) ? leave.label : 'Leave' };
  const isOpen = verdict === 'undecided';
  const first = isOpen && failed && isFixable(walk) ? fix : isOpen && canLog ? log : isOpen && !failed ? again : null;
  const others = [
    ...(isFixable(walk) ? [fix] : []),
    ...(verdict === 'undecided' && canLog ? [log] : []),
    end,
    again,
  ].filter((one) => one !== first);
  const [best, ...rest] = first === null ? [end, ...others.filter((one) => one !== end)] : [first, ...others];
  return [{ ...best, recommended: true }, ...rest];
};

const otherPage = (
  verdict: Exclude<Diagnosis['verdict'], 'loopback-blocked'>,
  { findings, elsewhere }: Diagnosis,
  walk: Case,
): Page<Event> =>
  page({
    title: titleOf(verdict, walk),
    body: withGaps([
      ...walk.attempts.map(tellCommand),
      ...findings.map(tellFinding),
      elsewhere.length === 0
        ? []
        : [text('Entries of other traffic:'), { kind: 'code', lines: elsewhere.slice(0, 5).map(({ text }) => text) }],
    ]),
    choices: otherChoices(verdict, walk),
    back: { name: 'back-chosen' },
    commands: commandsOf(findings),
    why: tellTerms(termsOf(findings, ['silence', 'evaluated'])),
    searched: () => [...findings.flatMap(tellFinding), { kind: 'code', lines: elsewhere.map((line) => line.text) }],
  });

const READING = page({ title: 'Reading the log', busy: 'Tying what was logged to the rules' });

/** The page of a phase of step 3. */
export const readLogPage = (phase: PhaseOf<'read-log'>, walk: Case): Page<Event> => {
  const { diagnosis, attempts } = walk;
  switch (phase.name) {
    case 'reading-log':
      return READING;
    case 'log-read': {
      if (diagnosis === null) return READING;
      const { verdict } = diagnosis;
      return verdict === 'loopback-blocked' ? blockedPage(diagnosis, attempts) : otherPage(verdict, diagnosis, walk);
    }
  }
};
