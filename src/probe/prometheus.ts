// `check --format prometheus`: the text format that node_exporter's textfile collector reads.
import { findRuleFindings } from '../diagnosis/inspect/find-rule-findings.ts';
import { type Inspection, type Judgement, LOOPBACK_KINDS } from '../diagnosis/inspect/inspect.ts';
import type { NextBoot } from '../diagnosis/inspect/next-boot.ts';
import { printable } from '../words/printable.ts';
import { findSilentFinals, type ProbeLook } from './state.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = { readonly labels: Labels; readonly value: number };
type Metric = { readonly name: string; readonly help: string; readonly samples: readonly Sample[] };

const OUTCOMES: Readonly<Record<Judgement['outcome'], true>> = {
  works: true,
  blocked: true,
  partly: true,
  unknown: true,
  absent: true,
  'not-in-dump': true,
};
const BOOTS: Readonly<Record<NextBoot['loopback'], true>> = { passes: true, blocked: true, unknown: true };

/** The metrics of one look. Where there was none, none says anything of loopback: a value of before would be taken for one of now. */
export const prometheusText = (look: ProbeLook, now: Date): string =>
  [
    metric('check_success', 'Whether the server could be looked at (1) or not (0).', 'inspection' in look ? 1 : 0),
    metric(
      'check_exit_code',
      'The exit code of lo-doctor check: 0 passes, 1 blocked, 3 could not look, 4 not known.',
      look.exitCode,
    ),
    metric('check_timestamp_seconds', 'When it was looked, in seconds since the epoch.', now.getTime() / 1000),
    ...('inspection' in look ? ofInspection(look.inspection) : []),
  ]
    .map(print)
    .join('');

const metric = (name: string, help: string, value: number | readonly Sample[]): Metric => ({
  name: `lo_doctor_${name}`,
  help,
  samples: typeof value === 'number' ? [{ labels: {}, value }] : value,
});

/** One sample for each state that there is, 1 for the one that is so. */
const states = (all: object, label: string, now: string, labels: Labels = {}): Sample[] =>
  Object.keys(all).map((state) => ({ labels: { ...labels, [label]: state }, value: state === now ? 1 : 0 }));

const ofInspection = (inspection: Inspection): Metric[] => [
  metric(
    'loopback_state',
    'What becomes of loopback traffic to 127.0.0.0/8 (ip), ::1 (ip6), own addresses (own): 1 for what is so.',
    LOOPBACK_KINDS.flatMap((kind) => states(OUTCOMES, 'state', inspection.loopback[kind].outcome, { kind })),
  ),
  ...(inspection.nextBoot === undefined
    ? []
    : [
        metric(
          'next_boot_state',
          'What the next boot makes of loopback traffic: 1 for what is so.',
          states(BOOTS, 'state', inspection.nextBoot.loopback),
        ),
      ]),
  metric(
    'silent_final_rules',
    'Final rules of outbound policies that drop without a line in the log.',
    findSilentFinals(inspection).length,
  ),
  metric(
    'final_rule_info',
    'The final rule of each outbound policy.',
    inspection.policies.map(({ final: { rule, action, logs } }) => ({
      labels: {
        layer: rule.layer,
        variant: rule.variant ?? '',
        family: rule.family,
        table: rule.table,
        chain: rule.chain,
        number: String(rule.number),
        rule: rule.text,
        action,
        logs,
      },
      value: 1,
    })),
  ),
  metric(
    'finding',
    'What was found, by the ids of docs/findings.md.',
    findRuleFindings(inspection).map(({ id, severity }) => ({ labels: { id, severity }, value: 1 })),
  ),
];

/** Two samples of the same labels make the collector throw the whole file away. */
const print = ({ name, help, samples }: Metric): string => {
  const lines = new Set(samples.map(({ labels, value }) => `${name}${printLabels(labels)} ${value}\n`));
  return lines.size === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${[...lines].join('')}`;
};

const printLabels = (labels: Labels): string => {
  const told = Object.entries(labels).map(([label, value]) => `${label}="${escapeLabel(value)}"`);
  return told.length === 0 ? '' : `{${told.join(',')}}`;
};

/** Backslash, quote and line end are all that the format escapes; what can't be shown is made visible first. */
const escapeLabel = (value: string): string =>
  value
    .split('\n')
    .map((line) => printable(line).replaceAll('\\', '\\\\').replaceAll('"', '\\"'))
    .join('\\n');
