// The programs that a random command may be made of, as far as they are there.
import { spawnSync } from 'node:child_process';

const PROGRAMS = ['bash', 'nc', 'curl', 'wget', 'python3', 'perl', 'setpriv'];

/** Those of them that the shell finds. Bash and nc are among the tools that the tests ask for. */
export function programsHere(): ReadonlySet<string> {
  return new Set(PROGRAMS.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0));
}
