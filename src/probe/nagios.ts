// `check --format nagios`: one line and an exit code, as the guidelines for plugins of monitoring daemons have them.

import { findRuleFindings } from '../diagnosis/inspect/find-rule-findings.ts';
import { type Inspection, LOOPBACK_KINDS } from '../diagnosis/inspect/inspect.ts';
import { nameConversation } from '../naming/conversations.ts';
import { enumerateFew } from '../naming/numbers.ts';
import { nameRule } from '../naming/rules.ts';
import { printable } from '../words/printable.ts';
import { findSilentFinals, type ProbeLook, type ProbeState, stateOf } from './state.ts';

/** Older daemons keep 1 to 4 KiB of a line, and a pager shows far less. */
const LONGEST = 400;

/** `LO-DOCTOR CRITICAL - …| loopback_blocked=3;;0;0;3 …`, with its line end. */
export const nagiosLine = (look: ProbeLook): string =>
  `LO-DOCTOR ${stateOf(look)} - ${harmless(tell(look))}${'inspection' in look ? ` | ${perfdata(look.inspection)}` : ''}\n`;

/** For mistakes on the command line, where there was no look. */
export const nagiosUnknown = (message: string): string =>
  `LO-DOCTOR UNKNOWN - ${harmless(message.replace(/^error: |^lo-doctor: /, ''))}\n`;

/**
 * Daemons cut a line at |, and hand it to the shell that sends notifications: names of chains and files are not ours, so what a shell
 * would act on is taken out.
 */
const harmless = (text: string): string => {
  const line = printable(text.replaceAll(/\s+/g, ' '))
    .replaceAll("can't", 'cannot')
    .replaceAll(/['"]/g, '')
    .replaceAll(/[`$&|<>\\;~]/g, '_')
    .trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 3)}...` : line;
};

const tell = (look: ProbeLook): string => {
  if ('trouble' in look) return `could not look: ${[look.trouble.message, ...look.trouble.nextSteps].join(' ')}`;
  const { inspection } = look;
  return `${TELL[stateOf(look)](inspection)}${tellBoot(inspection)}`;
};

const TELL: Readonly<Record<ProbeState, (inspection: Inspection) => string>> = {
  CRITICAL: (inspection) =>
    `loopback of ${inspection.host} is blocked${tellKinds(inspection)}: ${tellStops(inspection)}`,
  UNKNOWN: (inspection) => `whether loopback of ${inspection.host} passes is not known: ${tellDoubts(inspection)}`,
  WARNING: (inspection) =>
    `loopback of ${inspection.host} passes, but what is dropped leaves no line in the log: ${enumerateFew(findSilentFinals(inspection).map(({ rule }) => nameRule(rule)))}`,
  OK: (inspection) => `loopback of ${inspection.host} passes`,
};

const NAMES = { ip: '127.0.0.0/8', ip6: '::1', own: 'own addresses' } as const;

const tellKinds = ({ loopback }: Inspection): string => {
  const kinds = LOOPBACK_KINDS.filter((kind) => ['blocked', 'partly'].includes(loopback[kind].outcome));
  const names = kinds.map((kind) => `${NAMES[kind]}${loopback[kind].outcome === 'partly' ? ' partly' : ''}`);
  return names.length === 0 ? '' : ` (${names.join(', ')})`;
};

/** The first problem that is told, by the rules that stop something, else by its title. */
const tellStops = (inspection: Inspection): string => {
  const stops = new Map(
    inspection.blockedTraces
      .flatMap(({ stoppedAt, conversation }) =>
        stoppedAt === null ? [] : [[nameRule(stoppedAt.rule), conversation] as const],
      )
      .toReversed(),
  );
  const told = [...stops].toReversed().map(([rule, conversation]) => `${nameConversation(conversation)} by ${rule}`);
  return told.length > 0 ? enumerateFew(told) : tellFirst(inspection);
};

const tellFirst = (inspection: Inspection): string => {
  const findings = findRuleFindings(inspection);
  const [first] = ['problem', 'warning'].flatMap((severity) => findings.filter((one) => one.severity === severity));
  return first === undefined ? 'see lo-doctor check' : [first.title, ...first.evidence.slice(0, 2)].join(' ');
};

const tellDoubts = (inspection: Inspection): string => {
  const finding = findRuleFindings(inspection).find(({ id }) => id === 'loopback-unknown' || id === 'not-in-dump');
  return finding === undefined ? tellFirst(inspection) : enumerateFew(finding.evidence);
};

const tellBoot = ({ nextBoot }: Inspection): string =>
  nextBoot?.loopback === 'blocked' ? '. The next boot blocks it' : '';

/** `label=value;warn;crit;min;max`: labels of plain letters alone, numbers without a unit. */
const perfdata = (inspection: Inspection): string => {
  const outcomes = LOOPBACK_KINDS.map((kind) => inspection.loopback[kind].outcome);
  const kinds = (...those: string[]) => outcomes.filter((outcome) => those.includes(outcome)).length;
  const findings = findRuleFindings(inspection);
  const found = (severity: string) => findings.filter((finding) => finding.severity === severity).length;
  const all = LOOPBACK_KINDS.length;
  return [
    `loopback_blocked=${kinds('blocked', 'partly')};;0;0;${all}`,
    `loopback_unknown=${kinds('unknown', 'not-in-dump')};;;0;${all}`,
    `silent_drops=${findSilentFinals(inspection).length};0;;0`,
    `problems=${found('problem')};;;0`,
    `warnings=${found('warning')};;;0`,
  ].join(' ');
};
