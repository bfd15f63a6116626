// Installs the npm dependencies when they are missing or older than the lock file. Runs on any Node, before anything is installed.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

const age = (file) => statSync(new URL(`../${file}`, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (age('node_modules/.package-lock.json') < age('package-lock.json')) {
  const { status } = spawnSync('npm ci --no-fund --no-audit --loglevel=error', {
    shell: true,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(status ?? 1);
}
