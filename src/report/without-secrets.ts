// A walk as it may be written down: what was typed and what programs said, without the secrets in it.
import type { Attempt } from '../diagnosis/attempt.ts';
import type { Finding } from '../diagnosis/finding.ts';
import type { Case } from '../wizard/state.ts';
import { secretsMask } from './redact-secrets.ts';

const textsOf = (attempt: Attempt): string[] =>
  attempt.kind === 'command' ? [attempt.commandLine, attempt.output] : [attempt.detail];

/** The same walk with every secret masked that its commands, their output and the findings about them hold. */
export const withoutSecrets = (walk: Case): Case => {
  const { attempts, verification, diagnosis, action } = walk;
  const all = [...attempts, ...(verification?.attempts ?? [])];
  const mask = secretsMask([...all.flatMap(textsOf), action?.commandLine ?? '']);
  const inAttempt = (attempt: Attempt): Attempt =>
    attempt.kind === 'command'
      ? { ...attempt, commandLine: mask(attempt.commandLine), output: mask(attempt.output) }
      : { ...attempt, detail: mask(attempt.detail) };
  const inFinding = (finding: Finding): Finding => ({
    ...finding,
    title: mask(finding.title),
    evidence: finding.evidence.map(mask),
    advice: mask(finding.advice),
  });
  return {
    ...walk,
    attempts: attempts.map(inAttempt),
    verification: verification && { ...verification, attempts: verification.attempts.map(inAttempt) },
    diagnosis: diagnosis && { ...diagnosis, findings: diagnosis.findings.map(inFinding) },
    action: action && { ...action, commandLine: action.commandLine && mask(action.commandLine) },
  };
};
