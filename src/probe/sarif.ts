// `check --format sarif`: a log of the Static Analysis Results Interchange Format 2.1.0 (OASIS), for code scanning on dumps in a repository.

import type { Finding, Severity } from '../diagnosis/finding.ts';
import { findRuleFindings } from '../diagnosis/inspect/find-rule-findings.ts';
import type { RulePlace } from '../firewall/conversation/trace.ts';
import { nameRule } from '../naming/rules.ts';
import { printable } from '../words/printable.ts';
import { locateRule, type NamedDump, type Place } from './locate-rule.ts';
import { rulesOfFinding } from './rules-of-finding.ts';
import type { ProbeLook, Trouble } from './state.ts';

const LEVELS: Readonly<Record<Severity, string>> = { problem: 'error', warning: 'warning', notice: 'note' };

/** Its text, with the line end. Rules are the finding ids of docs/findings.md. */
export const sarifText = (look: ProbeLook, dumps: readonly NamedDump[], version: string): string => {
  const findings = 'inspection' in look ? findRuleFindings(look.inspection) : [];
  const run = {
    tool: { driver: { name: 'lo-doctor', version, rules: findings.map(toRule) } },
    columnKind: 'utf16CodeUnits',
    invocations: [invocation(look)],
    results:
      'inspection' in look
        ? findings.map((finding, ruleIndex) => ({
            ruleId: finding.id,
            ruleIndex,
            level: LEVELS[finding.severity],
            message: { text: plain([finding.title, ...finding.evidence].join(' ')) },
            locations: toLocations(rulesOfFinding(finding, look.inspection), dumps),
          }))
        : [],
  };
  const log = { version: '2.1.0', $schema: 'https://json.schemastore.org/sarif-2.1.0.json', runs: [run] };
  return `${JSON.stringify(log)}\n`;
};

const toRule = ({ id, title, advice, severity }: Finding) => ({
  id,
  shortDescription: { text: plain(title) },
  help: { text: plain(advice) },
  defaultConfiguration: { level: LEVELS[severity] },
});

const invocation = (look: ProbeLook) => ({
  executionSuccessful: 'inspection' in look,
  exitCode: look.exitCode,
  ...('trouble' in look && { toolExecutionNotifications: [notification(look.trouble)] }),
});

const notification = ({ message, nextSteps, place }: Trouble) => ({
  level: 'error',
  message: { text: plain([message, ...nextSteps].join(' ')) },
  ...(place !== null && place.file !== '-' && { locations: [{ physicalLocation: toPhysical(place) }] }),
});

/** Each rule by its name, and where it stands; without a rule the dump as a whole, which code scanning asks for. */
const toLocations = (rules: readonly RulePlace[], dumps: readonly NamedDump[]) => {
  const [first] = dumps;
  if (rules.length > 0) return rules.map((rule) => toLocation(rule, locateRule(dumps, rule)));
  return first === undefined || first.file === '-'
    ? []
    : [{ physicalLocation: toPhysical({ file: first.file, line: null }) }];
};

const toLocation = (rule: RulePlace, place: Place | null) => ({
  ...(place !== null && place.file !== '-' && { physicalLocation: toPhysical(place) }),
  logicalLocations: [{ fullyQualifiedName: printable(nameRule(rule)) }],
});

const toPhysical = ({ file, line }: Place) => ({
  artifactLocation: { uri: toUri(file) },
  ...(line !== null && { region: { startLine: line } }),
});

/** Relative as it was given, so that it is found in the repository. */
const toUri = (file: string): string => {
  const path = file.toWellFormed().split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? `file://${path}` : path;
};

/** Message texts know placeholders (`{0}`) and links (`[text](target)`): what comes from a rule is neither. */
const plain = (text: string): string =>
  printable(text)
    .replaceAll(/\{(\d+)\}/g, '{{$1}}')
    .replaceAll('](', '\\](');
