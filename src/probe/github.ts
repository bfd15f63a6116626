// `check --format github`: workflow commands, which become annotations beside the lines of a dump.

import type { Severity } from '../diagnosis/finding.ts';
import { findRuleFindings } from '../diagnosis/inspect/find-rule-findings.ts';
import { printable } from '../words/printable.ts';
import { locateRule, type NamedDump, type Place } from './locate-rule.ts';
import { rulesOfFinding } from './rules-of-finding.ts';
import type { ProbeLook } from './state.ts';

const LEVELS: Readonly<Record<Severity, string>> = { problem: 'error', warning: 'warning', notice: 'notice' };

/** `::error title=loopback-blocked,file=server.rules,line=6::…`: a line for each finding and rule; of one without a rule, the first dump's. */
export const githubLines = (look: ProbeLook, dumps: readonly NamedDump[]): string => {
  if ('trouble' in look) {
    const { message, nextSteps, place } = look.trouble;
    return command('error', 'could not look', place, [message, ...nextSteps]);
  }
  const { inspection } = look;
  const findings = findRuleFindings(inspection);
  if (findings.length === 0)
    return command('notice', 'loopback passes', null, [`${inspection.host}: loopback passes.`]);
  return findings
    .flatMap((finding) => {
      const places = rulesOfFinding(finding, inspection).flatMap((rule) => locateRule(dumps, rule) ?? []);
      const first = dumps[0] === undefined ? null : { file: dumps[0].file, line: null };
      return (places.length > 0 ? places : [first]).map((place) =>
        command(LEVELS[finding.severity], finding.id, place, [finding.title, ...finding.evidence, finding.advice]),
      );
    })
    .join('');
};

const command = (level: string, title: string, place: Place | null, message: readonly string[]): string => {
  const file = place === null || place.file === '-' ? [] : [`file=${escapeProperty(place.file)}`];
  const line = file.length === 0 || place?.line == null ? [] : [`line=${place.line}`];
  return `::${level} ${[`title=lo-doctor%3A ${escapeProperty(title)}`, ...file, ...line].join(',')}::${escapeData(message.join('\n'))}\n`;
};

/** What the runner would take for the end of the command, or for an escape. */
const escapeData = (text: string): string =>
  text
    .split('\n')
    .map((line) => printable(line).replaceAll('%', '%25'))
    .join('%0A');

const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
