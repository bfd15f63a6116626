// `lo-doctor report`: prints what a walk has written, with names of its own where strangers shall read it.
import { isCaseId } from '../../firewall/fix/rule/tag.ts';
import { readRecord, writeRecord } from '../../host/files/write-record.ts';
import { type Host, HostError } from '../../host/host.ts';
import { RECORD_ROOT } from '../../host/trial/case-file.ts';
import { EXIT } from '../../options/exit-codes.ts';
import { createRenaming, type Known } from '../../report/privacy/rename.ts';
import type { Io } from '../io.ts';
import { needRoot } from '../need-root.ts';
import { CASES_ARE_ROOTS } from './cases.ts';

/** `privacy`: with addresses, hosts and users renamed. */
export type ReportOptions = { readonly format: 'md' | 'html' | 'json' | 'sh'; readonly privacy: boolean };

/** The youngest record that holds such a report: a walk that changed nothing leaves one, too. */
const findLatestReport = async (host: Host, name: string): Promise<string> => {
  const { stdout } = await host.run(['ls', '-1t', RECORD_ROOT]);
  for (const id of stdout.split('\n').filter(isCaseId)) if ((await readRecord(host, id, name)) !== null) return id;
  throw new HostError('There is no report on this server yet.');
};

/** Where the key of a case's new names lies: every report of it, whenever it is printed, has the same ones. */
const KEY_FILE = 'privacy-key';

const readKey = async (host: Host, id: string): Promise<bigint> => {
  const kept = (await readRecord(host, id, KEY_FILE))?.trim();
  const known = kept !== undefined && /^[0-9a-f]{32}$/.test(kept);
  const { stdout } = known ? { stdout: kept } : await host.run(['cat', '/proc/sys/kernel/random/uuid']);
  const digits = stdout.replace(/[^0-9a-f]/g, '');
  if (digits.length !== 32) throw new HostError('The kernel gives no random number: names could be guessed back.');
  if (!known) await writeRecord(host, id, KEY_FILE, `${digits}\n`);
  return BigInt(`0x${digits}`);
};

/** Accounts of people have numbers from here on, nobody's apart. */
const FIRST_USER = 1000;
const NOBODY = 65_534;

const readUsers = async (host: Host): Promise<string[]> => {
  const { stdout } = await host.run(['cat', '/etc/passwd']);
  return stdout.split('\n').flatMap((line) => {
    const [name = '', , uid = ''] = line.split(':');
    return Number(uid) >= FIRST_USER && Number(uid) !== NOBODY && name !== '' ? [name] : [];
  });
};

const readHosts = async (host: Host): Promise<string[]> => {
  const { stdout } = await host.run(['cat', '/etc/hosts']);
  const named = stdout.split('\n').flatMap((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1));
  return [host.name, ...named].filter((name) => !/^(?:localhost|ip6-|.*\.localdomain)/.test(name) && name !== '');
};

const readKnown = async (host: Host, id: string): Promise<Known> => ({
  key: await readKey(host, id),
  hosts: await readHosts(host),
  users: await readUsers(host),
});

/** Prints the report of a walk. */
export const runReport = async (
  id: string | null,
  { format, privacy }: ReportOptions,
  host: Host,
  io: Pick<Io, 'stdout' | 'stderr'>,
): Promise<number> => {
  await needRoot(host, CASES_ARE_ROOTS);
  const name = `report.${format}`;
  const found = id ?? (await findLatestReport(host, name));
  const text = await readRecord(host, found, name);
  if (text === null)
    throw new HostError(`Case ${found} has no report on this server.`, {
      nextSteps: ['A walk writes it when it ends: look in /var/lib/lo-doctor.'],
    });
  if (!privacy) {
    io.stdout(text);
    return EXIT.done;
  }
  // The case's other faces count too, so that what is renamed in one is renamed alike in all.
  const all = await Promise.all(['report.md', 'report.html', 'report.json'].map((one) => readRecord(host, found, one)));
  const renaming = createRenaming(
    all.filter((one) => one !== null),
    await readKnown(host, found),
  );
  io.stdout(renaming.text(text));
  if (renaming.kept !== null) io.stderr(`lo-doctor: ${renaming.kept}\n`);
  return EXIT.done;
};
