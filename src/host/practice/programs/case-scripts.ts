// The scripts of a case (rollback-scripts.ts) on the practice server, which has no shell that could run them as they are.

import type { Host } from '../../host.ts';
import { CASE_FILES, RECORD_ROOT, readCase } from '../../trial/case-file.ts';
import { lookForTag, nothingThereCodes } from '../../trial/look-for-tag.ts';
import { makeDirectories } from '../files.ts';
import { type Ended, failed, printed } from '../program.ts';
import type { Server } from '../server.ts';

/** Runs the script of that path, or null where it is none of a case's. */
export function runCaseScript(server: Server, path: string, args: readonly string[]): Promise<Ended> | null {
  const at = path.lastIndexOf('/');
  const directory = path.slice(0, at);
  if (server.files.read(path) === null || server.files.read(`${directory}/case.json`) === null) return null;
  switch (path.slice(at + 1)) {
    case 'roll-back':
      return rollBack(server, directory, args[0] ?? 'armed');
    case 'put-away':
      return putAway(server, directory);
    case 'watch':
      return Promise.resolve(watch(server, directory));
    default:
      return null;
  }
}

/** Takes the case back once its deadline has passed, unless it is no longer armed by then. */
function watch(server: Server, directory: string): Ended {
  const { files, clock } = server;
  const pid = server.startProcess(() => {
    if (files.node(`${directory}/armed`) === null) return true;
    if (clock.uptime() * 100 < Number(files.read(`${directory}/deadline`))) return false;
    void rollBack(server, directory, 'armed');
    return true;
  });
  files.write(`${directory}/watching`, `${pid}\n`);
  return printed();
}

async function rollBack(server: Server, directory: string, from: string): Promise<Ended> {
  const { files } = server;
  if (!files.rename(`${directory}/${from}`, `${directory}/rolling-back`)) return failed(3, '');
  const found = await readCase(hostOf(server), nameOf(directory));
  const failures: string[] = [];
  for (const { command, input } of found?.undo ?? []) {
    const { code, stdout, stderr } = await server.run(command, { input });
    if (code === 0 || nothingThereCodes().includes(`${command[0]}:${code}`)) continue;
    failures.push(`${command.join(' ')}: exit code ${code}: ${stdout}${stderr.trim()}\n`);
  }
  const { left, unseen } = await lookForTag(hostOf(server), nameOf(directory), found?.undo ?? []);
  failures.push(...left.map((listing) => `${listing}: still lists a rule of the case\n`));
  failures.push(...unseen.map((listing) => `${listing}: the rules could not be looked at\n`));
  if (failures.length > 0) files.append(`${directory}/log`, failures.join(''));
  files.rename(`${directory}/rolling-back`, `${directory}/${failures.length > 0 ? 'rollback-failed' : 'rolled-back'}`);
  await putAway(server, directory);
  return failed(failures.length > 0 ? 1 : 0, '');
}

/** Moves a settled case to where it is remembered; a temporary one that is over is forgotten. */
async function putAway(server: Server, directory: string): Promise<Ended> {
  const { files } = server;
  const record = `${RECORD_ROOT}/${nameOf(directory)}`;
  if (directory === record) return printed();
  const found = await readCase(hostOf(server), nameOf(directory));
  if (found?.kind !== 'temporary' || found.state !== 'rolled-back') {
    makeDirectories(files, record, 0o700);
    for (const name of files.list(directory))
      files.write(`${record}/${name}`, files.read(`${directory}/${name}`) ?? '');
    files.remove(`${record}/lost`);
  } else {
    for (const name of [...CASE_FILES, 'lost']) files.remove(`${record}/${name}`);
    if (files.list(record).length === 0) files.remove(record);
  }
  files.remove(directory);
  return printed();
}

function hostOf(server: Server): Host {
  const nothing = { lines: (async function* () {})(), stop: () => {} };
  return { name: server.name, run: server.run, follow: () => nothing };
}

function nameOf(directory: string): string {
  return directory.slice(directory.lastIndexOf('/') + 1);
}
