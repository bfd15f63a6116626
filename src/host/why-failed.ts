import type { RunResult } from './host.ts';

/** Why a command failed, in its own words (of any number of lines) or by how it ended. */
export const whyFailed = ({ code, stderr, timedOut }: RunResult): string => {
  if (timedOut) return 'it took too long';
  return stderr.trim() || (code === null ? 'it was killed' : `exit code ${code}`);
};
