// Installs the npm dependencies when they are missing or older than the lock file. Runs on any Node, before anything is installed;
// so this is no module, and nothing in it is newer than a Node that has to be told that it is too old.
const OLDEST = 18;
const version = process.versions.node;
if (Number(version.split('.')[0]) < OLDEST) {
  console.error(
    `lo-doctor: this is Node.js ${version}, and ${OLDEST} or later is needed to install what start and test run on. Get one from https://nodejs.org/en/download.`,
  );
  process.exit(1);
}

const { spawnSync } = require('node:child_process');
const { statSync } = require('node:fs');
const { join } = require('node:path');

const age = (file) => {
  try {
    return statSync(join(__dirname, '..', file)).mtimeMs;
  } catch (_) {
    return 0;
  }
};

if (age('node_modules/.package-lock.json') < age('package-lock.json')) {
  const { status } = spawnSync('npm ci --no-fund --no-audit --loglevel=error', {
    cwd: join(__dirname, '..'),
    shell: true,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(status || 1);
}
