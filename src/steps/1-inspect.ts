// Step 1 in words: what the outbound policy is, what it does to loopback, and whether its drops are logged.

import { findNatFindings } from '../diagnosis/inspect/find-nat-findings.ts';
import { findRuleFindings } from '../diagnosis/inspect/find-rule-findings.ts';
import type { Inspection, Judgement, OutboundPolicy } from '../diagnosis/inspect/inspect.ts';
import { adviseLogging } from '../diagnosis/silence/advise-logging.ts';
import { tellTried } from '../diagnosis/tell-tried.ts';
import type { WayFault } from '../diagnosis/way/loopback-way.ts';
import { nameTool } from '../firewall/model/name-layer.ts';
import type { FinalRule } from '../firewall/questions/final-rule.ts';
import { count, enumerate, enumerateFew } from '../naming/numbers.ts';
import { nameChain, nameRule } from '../naming/rules.ts';
import type { Event } from '../wizard/event.ts';
import type { Case, PhaseOf } from '../wizard/state.ts';
import { type Term, tellTerms, termsOf } from '../words/glossary.ts';
import { nameNextBoot, tellNextBoot } from '../words/next-boot.ts';
import { type Block, gap, type Page, type PageChoice, type Rich, type RuleRow, span, text } from '../words/page.ts';
import { nameStoppedParts, tellStoppedParts } from '../words/stopped-parts.ts';
import { tellFinding } from './3-read-log.ts';
import { commandLines } from './4-fix.ts';
import { page, problemPage, tellProblem } from './pages.ts';
import { tellStory } from './practice.ts';

const quit = ({ logging }: Pick<Case, 'logging'>): PageChoice<Event> => ({
  label:
    logging === null ? 'Leave; nothing on this server has been changed' : 'Leave; the temporary logging is taken away',
  event: { name: 'quit-chosen' },
});

/** Rows shown of a long policy: those at its end, where the final rule is. */
const SHOWN = 4;

const LOGS: Record<FinalRule['logs'], string> = {
  always: 'and logs it first',
  limited: 'and logs it within a limit',
  never: 'and does not log it',
  unreachable: 'and does not log it: the LOG rule behind it is never reached',
};

const ACTIONS: Record<FinalRule['action'], string> = {
  accept: 'accepts the rest',
  drop: 'drops the rest',
  reject: 'rejects the rest',
  unknown: "can't be judged",
};

/** What the final rule does, in a few words. */
export const tellFinalRule = ({ action, logs }: FinalRule): string =>
  `final rule: ${ACTIONS[action]}${action === 'drop' || action === 'reject' ? `, ${LOGS[logs]}` : ''}`;

const listPolicy = ({ rows, final, place }: OutboundPolicy, { blockedTraces }: Inspection): RuleRow[] => {
  const stops = blockedTraces.flatMap(({ stoppedAt }) => (stoppedAt === null ? [] : [stoppedAt.rule]));
  const inChain = stops.filter((rule) => nameChain(rule) === nameChain(place));
  // What stands behind a final rule is never reached.
  const reached = rows.filter(({ number }) => number !== 0 || final.rule.number === 0);
  const listed: RuleRow[] = reached.map(({ number, text }) => {
    const isFinal = number === final.rule.number;
    const row: RuleRow = { sign: isFinal ? '>' : ' ', number: number === 0 ? '' : String(number), text };
    if (isFinal) return { ...row, note: tellFinalRule(final) };
    return inChain.some((rule) => rule.number === number) ? { ...row, sign: 'x', note: 'stops loopback' } : row;
  });
  return shorten(listed);
};

/** Marked rules shown of a long chain beside its end: the first ones stand for all. */
const MARKED = 6;

/** A long chain folded but for its end and the rules that are marked in it. */
const shorten = (listed: RuleRow[]): RuleRow[] => {
  const marked = listed.flatMap(({ sign }, index) => (sign === ' ' ? [] : [index])).slice(0, MARKED);
  return listed.map((row, index) => ({ ...row, isFolded: index < listed.length - SHOWN && !marked.includes(index) }));
};

/** A fault is told in full below: `lo-down` is enough here. */
const nameFault = (fault: WayFault): string => `: see below (${fault.finding.id})`;

const judge = ({ outcome, trace, stopped, fault }: Judgement): Rich => {
  switch (outcome) {
    case 'works':
      return [span('good', 'passes')];
    case 'absent':
      return ['not there', fault ? nameFault(fault) : ''];
    case 'unknown': {
      if (fault) return [span('warn', "can't tell"), nameFault(fault)];
      const doubt = trace?.unknown[0];
      return [span('warn', "can't tell"), doubt ? `: it depends on "${doubt.what}" in ${nameRule(doubt.rule)}` : ''];
    }
    case 'blocked': {
      if (fault) return [span('bad', 'does not pass'), nameFault(fault)];
      const stop = trace?.stoppedAt;
      return [span('bad', 'blocked'), stop ? ` by ${nameRule(stop.rule)}` : ''];
    }
    case 'partly':
      if (fault) return [span('bad', 'partly stopped'), nameFault(fault)];
      return [span('bad', 'partly stopped'), `: ${tellStoppedParts(stopped).join('; ')}`];
    case 'not-in-dump':
      return [span('warn', 'not in the dump')];
  }
};

/** One row for each judgement; kinds that are judged alike share a row. */
const loopbackFacts = ({ loopback, own, ownByFamily }: Inspection): Block => {
  const first = ownByFamily.find(({ address }) => address === own);
  const others = ownByFamily.filter(({ judgement }) => judgement.outcome !== first?.judgement.outcome);
  const judged = [
    ['127.0.0.1', judge(loopback.ip)] as const,
    ['::1', judge(loopback.ip6)] as const,
    ...[...(first ? [first] : []), ...others].map(({ address, judgement }) => [address, judge(judgement)] as const),
  ];
  const rows = new Map<string, { to: string[]; judgement: Rich }>();
  for (const [to, judgement] of judged) {
    const key = JSON.stringify(judgement);
    rows.set(key, { to: [...(rows.get(key)?.to ?? []), to], judgement });
  }
  return { kind: 'facts', rows: [...rows.values()].map(({ to, judgement }) => [`lo to ${to.join(', ')}`, judgement]) };
};

const describeLayers = ({ layers }: Inspection): string =>
  layers.length === 0
    ? 'No firewall rules are loaded.'
    : `Firewall: ${enumerate(layers.map((layer) => `${layer.families.map((family) => nameTool({ ...layer, family })).join(' + ')}${layer.manager === 'none' ? '' : ` (managed by ${layer.manager})`}`))}.`;

/** Nothing that is logged could be read. */
const isBlind = ({ logs }: Inspection): boolean => logs?.length === 0;

const isLogged = ({ logging }: Case, { loggingPlan }: Inspection): boolean =>
  logging !== null || loggingPlan === null || loggingPlan.changes.length === 0;

/** The fix is never out of reach where the rules stop something, or may. */
const fixNow = ({ blocked, unknownTraces }: Inspection): PageChoice<Event>[] =>
  blocked || unknownTraces.length > 0
    ? [{ label: `Fix it now${blocked ? '' : ', though the rules alone do not tell'}`, event: { name: 'fix-chosen' } }]
    : [];

const choices = (inspection: Inspection, walk: Case): PageChoice<Event>[] => {
  const { blocked, loggingPlan } = inspection;
  const repeat: PageChoice<Event> = {
    label: blocked ? 'Prove it: repeat what fails, and read the log' : 'Repeat what fails, to see what else stops it',
    event: { name: 'reproduction-chosen' },
  };
  const others = [...fixNow(inspection), quit(walk)];
  if (isLogged(walk, inspection) || isBlind(inspection)) return [{ ...repeat, recommended: true }, ...others];
  const rules = count(loggingPlan?.changes.length ?? 0, 'LOG rule');
  return [
    {
      label: `${blocked ? 'Prove it: turn' : 'Turn'} logging on (${rules}, taken away again on leaving)`,
      event: { name: 'logging-chosen' },
      recommended: true,
    },
    { ...repeat, label: `${blocked ? 'Prove it: repeat' : 'Repeat'} what fails without more logging` },
    ...others,
  ];
};

/** What the owner of the rules would do about it, for good. */
const ownersWay = ({ owners, loggingPlan }: Inspection): Block[] => {
  const silent = loggingPlan?.changes.map(({ reports }) => reports) ?? [];
  return adviseLogging(owners, silent).map((way) => text(span('dim', way)));
};

/** The rest of the traffic is looked at too, where a final rule drops it: it may be what fails. */
const logRules = ({ loggingPlan }: Inspection): string =>
  loggingPlan?.changes.some(({ traffic }) => traffic === 'other')
    ? 'LOG rules before each drop show them (one for lo, one samples the rest); they change no verdict.'
    : 'A LOG rule before each drop shows them; it changes no verdict.';

const loggingLine = (inspection: Inspection, walk: Case): Block[] => {
  if (!inspection.blocked && inspection.wayFaults.some(({ outcome }) => outcome !== 'works' && outcome !== 'absent'))
    return [
      text('No permit in the firewall cures that. Repeat what fails, to see whether anything else is in the way.'),
    ];
  if (!inspection.blocked && (walk.logging !== null || isLogged(walk, inspection)))
    return [text('If something fails on this server all the same, look at what happens when it is repeated.')];
  if (walk.logging !== null) return [text('Temporary logging is on. Next: repeat what fails and read the log.')];
  if (isBlind(inspection))
    return [
      text(
        span('warn', 'No log can be read here:'),
        ' no syslog file is written, there is no journal, and no kernel log.',
      ),
      text('The walk goes on by trying the connections themselves. To have a log, install and start rsyslog.'),
    ];
  if (isLogged(walk, inspection))
    return [text('Such a drop is logged, so the log can prove it. Next: repeat what fails and read the log.')];
  if (!inspection.blocked) return tellSilent(inspection);
  if (inspection.blockedTraces.every(({ logged }) => logged !== 'no'))
    return [
      text(
        span('warn', 'Its drops are logged within a limit only,'),
        ' so an entry may be missing. LOG rules before each drop show them for sure.',
      ),
    ];
  return [text(span('warn', 'Some of its drops would leave no entry in the log.'), ` ${logRules(inspection)}`)];
};

/** Drops without a line where lo passes, or where that is not known. */
const tellSilent = ({ unknownTraces, loggingPlan }: Inspection): Block[] => {
  const rules = [...new Set((loggingPlan?.changes ?? []).map(({ reports }) => nameRule(reports)))];
  const which = unknownTraces.length > 0 ? 'What it may stop on lo leaves' : 'What it drops on other devices leaves';
  return [
    text(span('warn', `${which} no line in the log`), `, or not always: ${enumerateFew(rules)}.`),
    text(
      'Something that fails for it shows no entry then. LOG rules before each such drop show them, sampled; they change no verdict.',
    ),
  ];
};

const titleOf = ({ blocked, host, loopback }: Inspection): string => {
  const judged = Object.values(loopback);
  const isAnyOf = (...outcomes: Judgement['outcome'][]) => judged.some(({ outcome }) => outcomes.includes(outcome));
  const isBroken = judged.some(({ outcome, fault }) => outcome === 'blocked' && fault !== null);
  const parts = [...new Set(nameStoppedParts(judged.flatMap(({ stopped }) => stopped)))];
  if (blocked) {
    const isAll = judged.some(({ outcome, fault }) => outcome === 'blocked' && fault === null) || parts.length === 0;
    const what = isAll ? 'blocks loopback traffic' : `stops a part of loopback traffic: ${enumerateFew(parts)}`;
    return `The firewall of ${host} ${what}${isBroken ? ', and something else stops it as well' : ''}`;
  }
  if (isBroken) return `Loopback does not work on ${host}, and the firewall is not what stops it`;
  if (judged.some(({ outcome, fault }) => outcome === 'partly' && fault !== null))
    return `A part of loopback does not work on ${host}, and the firewall is not what stops it`;
  if (isAnyOf('not-in-dump'))
    return isAnyOf('works')
      ? `The rules in ${host} let loopback traffic through; what is not in the dump can't be told`
      : `Whether loopback passes can't be told from ${host}: the rules that decide it are not in the dump`;
  const unsure = isAnyOf('unknown');
  return unsure
    ? `Whether ${host} lets loopback through can't be told for sure`
    : `The firewall of ${host} lets loopback traffic through`;
};

/** What NAT does to conversations that no rule drops belongs in the headline too: they fail all the same where nobody listens. */
const tellNatEnd = (inspection: Inspection): string => {
  const ids = findNatFindings(inspection).map(({ id }) => id);
  if (ids.includes('nat-dead-end')) return '; NAT sends a part of it to where nobody listens';
  return inspection.dump !== null && ids.includes('nat-redirects')
    ? '; NAT sends a part of it to another port, and whether anybody listens there is not in the dump'
    : '';
};

/** Lets all traffic out, and no rule says anything else. */
const isOpen = ({ rows, final }: OutboundPolicy): boolean => rows.length === 1 && final.action === 'accept';

/** Accepts what its rules don't stop, and is not where loopback is stopped (first). */
const isBeside = ({ blocked, blockedTraces }: Inspection, { place, final }: OutboundPolicy): boolean =>
  blocked &&
  final.action === 'accept' &&
  final.stop === null &&
  !blockedTraces.some(({ stoppedAt }) => stoppedAt === null || nameChain(stoppedAt.rule) === nameChain(place));

/** Each outbound policy as a list with its final rule marked; in a line those that let everything out, or are not what blocks. */
export const tellPolicies = (inspection: Inspection): Block[] => {
  const { policies, otherStops } = inspection;
  const open = policies.filter(isOpen).map(({ place }) => nameChain(place));
  const beside = policies.filter((policy) => !isOpen(policy) && isBeside(inspection, policy));
  return [
    ...otherStops.flatMap(({ place, rows }): Block[] => [
      text('Stopped in ', span('strong', nameChain(place)), ':'),
      {
        kind: 'rules',
        rows: shorten(
          rows.map((row): RuleRow => ({ ...row, sign: row.sign, number: row.number === 0 ? '' : String(row.number) })),
        ),
      },
    ]),
    ...policies
      .filter((policy) => !isOpen(policy) && !beside.includes(policy))
      .flatMap((policy): Block[] => [
        text('Outbound policy, ', span('strong', nameChain(policy.place)), ':'),
        { kind: 'rules', rows: listPolicy(policy, inspection) },
      ]),
    ...(beside.length === 0
      ? []
      : [
          text(
            span(
              'dim',
              `Accepts what its own rules don't stop: ${enumerate(beside.map(({ place }) => nameChain(place)))}.`,
            ),
          ),
        ]),
    ...(open.length === 0 ? [] : [text(span('dim', `Lets everything out: ${enumerate(open)}.`))]),
  ];
};

/** What a server may have beyond its dumps. */
const tellMissing = ({ dump }: Inspection): Block[] =>
  dump === null || dump.missing.length === 0 ? [] : [text(span('dim', `Not in the dump: ${enumerate(dump.missing)}.`))];

/** What was found by looking at the rules, for step 1 and for `check`: the answer at a glance, and the policies behind it. */
export const tellInspection = (inspection: Inspection): { title: string; glance: Block[]; details: Block[] } => ({
  title: `${titleOf(inspection)}${tellNatEnd(inspection)}`,
  glance: [loopbackFacts(inspection)],
  details: [
    ...tellPolicies(inspection),
    gap,
    text('Programs on this server talk to each other over the loopback interface lo.'),
    text(span('dim', describeLayers(inspection))),
    ...tellMissing(inspection),
  ],
});

/** What is in the way beside the rules that drop, in full. */
const tellFaults = (inspection: Inspection): Block[] =>
  [...inspection.wayFaults.map(({ finding }) => finding), ...findNatFindings(inspection)]
    .filter(({ severity }) => severity !== 'notice')
    .flatMap((finding) => [gap, ...tellFinding(finding)]);

const inspected = (inspection: Inspection, walk: Case, problem: Block[]): Page<Event> => {
  const { title, glance, details } = tellInspection(inspection);
  const { loggingPlan } = inspection;
  return page({
    title,
    // What is needed to answer stands within the first screen of a small terminal; the rest unfolds.
    body: [
      ...problem,
      ...glance,
      ...tellFaults(inspection),
      ...(inspection.nextBoot === undefined ? [] : nameNextBoot(inspection.nextBoot)),
      ...loggingLine(inspection, walk),
    ],
    details: [
      ...details,
      ...(inspection.nextBoot === undefined ? [] : tellNextBoot(inspection.nextBoot)),
      ...tellAttempts(inspection),
      ...(isLogged(walk, inspection) ? [] : ownersWay(inspection)),
    ],
    choices: choices(inspection, walk),
    commands: isLogged(walk, inspection) ? [] : commandLines(loggingPlan?.apply ?? []),
    why: tellTerms(termsOf([...findRuleFindings(inspection), ...findNatFindings(inspection)], FIRST_TERMS)),
  });
};

/** What every reader of step 1 may ask. */
const FIRST_TERMS: readonly Term[] = ['own-address', 'outbound-policy', 'final-rule', 'replies', 'evaluated'];

/** What lo-doctor itself has tried where the rules alone don't tell. */
const tellAttempts = ({ tried = [] }: Inspection): Block[] =>
  tried.length === 0 ? [] : [{ kind: 'list', items: tried.map(tellTried) }];

const INSPECTING = page({
  title: 'Looking at the firewall',
  body: [
    text('Reading the rules of every firewall layer, the services that listen, and the logs. Nothing is changed.'),
  ],
  busy: 'Reading the rules',
});

/** The page of a phase of step 1. */
export const inspectPage = (phase: PhaseOf<'inspect'>, walk: Case): Page<Event> => {
  const { inspection, story } = walk;
  switch (phase.name) {
    case 'inspection-failed':
      return problemPage('This server could not be inspected', phase.problem, [
        { label: 'Try again', event: { name: 'retry-chosen' } },
        { ...quit(walk), recommended: true },
      ]);
    case 'inspected':
      if (inspection === null) return INSPECTING;
      return inspected(inspection, walk, phase.problem === null ? tellStory(story) : tellProblem(phase.problem));
    case 'turning-logging-on':
      return page({ title: 'Turning logging on', busy: 'Adding the LOG rules; they expire by themselves' });
    case 'inspecting':
      return INSPECTING;
  }
};
