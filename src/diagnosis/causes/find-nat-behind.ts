// A NAT rule behind what was tried and failed: beside a drop that it causes, and where a service refuses whom it takes for somebody else.
import type { Attempt } from '../attempt.ts';
import type { Diagnosis } from '../diagnose.ts';
import type { Finding } from '../finding.ts';
import { findNatFindings } from '../inspect/find-nat-findings.ts';
import type { Inspection } from '../inspect/inspect.ts';

/** What a diagnosis says of the same by itself. */
const TOLD: readonly string[] = ['redirected', 'nobody-listens'];

const hasFailed = (attempt: Attempt): boolean =>
  attempt.kind === 'connection' ? attempt.end !== 'connected' : attempt.code !== 0;

/** The sender that a NAT finding names, in the words of what failed: then the service itself has told why. */
const isNamed = (attempts: readonly Attempt[], changed: string): boolean =>
  attempts.some((attempt) => attempt.kind === 'command' && attempt.code !== 0 && attempt.output.includes(changed));

/** Findings about NAT that may explain a failure; none where everything that was tried works. */
export const findNatBehind = (
  now: Inspection,
  attempts: readonly Attempt[],
  { verdict, findings }: Pick<Diagnosis, 'verdict' | 'findings'>,
): Finding[] => {
  if (verdict !== 'loopback-blocked' && attempts.length > 0 && !attempts.some(hasFailed)) return [];
  if (findings.some(({ id }) => TOLD.includes(id))) return [];
  return findNatFindings(now)
    .filter(({ severity }) => severity !== 'notice')
    .map((finding) => {
      const changed = / to (\S+)\.$/.exec(finding.title)?.[1];
      return changed !== undefined && isNamed(attempts, changed)
        ? { ...finding, severity: 'problem', evidence: [...finding.evidence, `the command itself names ${changed}`] }
        : finding;
    });
};
