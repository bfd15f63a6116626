// Installs what the kernel and terminal tests need from Debian's packages, or says which tests will be skipped. Runs on any Node, before vitest.
// node test/setup.js [bench]: with that word also what the benchmarks are compared with.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const lists = ['kernel', ...process.argv.slice(2)].map((folder) => new URL(`${folder}/tools.json`, import.meta.url));
/** By program, the package that it comes from. */
const tools = Object.assign({}, ...lists.map((list) => JSON.parse(readFileSync(list, 'utf8'))));
const policy = '/usr/sbin/policy-rc.d';

const reason = cannotTest();
if (reason !== null) {
  console.error(
    `Skipped: the tests in test/kernel and test/terminal that need a real firewall or terminal: ${reason}.`,
  );
  if (process.env.CI === 'true') process.exit(1);
}

/** Installs what is missing. Returns why the kernel tests can't run here, or null. */
function cannotTest() {
  if (process.platform !== 'linux') return `this is ${process.platform}, they need Linux`;
  if (missingPackages().length > 0) {
    const failure = install(missingPackages());
    if (failure !== null) return failure;
  }
  if (process.getuid() !== 0) return 'they need root';
  const { status } = spawnSync('unshare', ['-n', '-m', '-p', '-f', 'nft', 'list', 'ruleset'], { env: environment() });
  return status === 0 ? null : 'this kernel or container allows no network namespace with nftables';
}

function missingPackages() {
  return [
    ...new Set(
      Object.keys(tools)
        .filter((tool) => !isInstalled(tool))
        .map((tool) => tools[tool]),
    ),
  ];
}

/** Tools of root count even where the path of this user leaves them out. */
function isInstalled(tool) {
  return environment()
    .PATH.split(':')
    .some((folder) => isExecutable(`${folder}/${tool}`));
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whatever would have to give way to a package (iptables-persistent to ufw) stays, and the tests are skipped. */
function install(packages) {
  const wanted = packages.join(' ');
  if (process.getuid() !== 0) return `missing: ${wanted}, and installing them needs root`;
  if (!isInstalled('apt-get')) return `missing: ${wanted}, and there is no apt-get to install them with`;
  console.error(`Installing ${wanted} for the kernel and terminal tests`);
  return withoutStartingServices(() => {
    for (const args of [
      ['-qq', 'update'],
      ['-qq', '-y', '--no-install-recommends', '--no-remove', 'install', ...packages],
    ]) {
      const { status, stdout, stderr } = spawnSync('apt-get', args, { env: environment(), encoding: 'utf8' });
      if (status !== 0) {
        console.error(stdout + stderr);
        return `apt-get ${args.join(' ')} failed`;
      }
    }
    switchOff(packages);
    return null;
  });
}

/** With the next boot of the tester's machine these would start to filter; the tests start their own. */
function switchOff(packages) {
  const filtering = ['firewalld', 'ferm', 'firehol', 'shorewall', 'shorewall6', 'arno-iptables-firewall', 'fail2ban'];
  const units = filtering.filter((unit) => packages.includes(unit));
  if (units.length > 0) spawnSync('systemctl', ['--quiet', 'disable', ...units], { env: environment() });
}

/** Debian starts a service on installation unless this file says no; a tester's machine keeps its own answer. */
function withoutStartingServices(action) {
  if (existsSync(policy)) return action();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return action();
  } finally {
    rmSync(policy);
  }
}

function environment() {
  return {
    ...process.env,
    DEBIAN_FRONTEND: 'noninteractive',
    PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`,
  };
}
