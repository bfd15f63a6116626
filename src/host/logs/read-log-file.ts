// Logs as chunks of bytes: plain files, compressed ones, and the journal; memory stays the same whatever their size.

import { closeSync, createReadStream, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { orderLogFiles } from '../../log/files/order-log-files.ts';
import { SYSTEM_ENVIRONMENT } from '../environment.ts';
import { HostError } from '../host.ts';

/** A log that can be read once. */
export type LogInput = {
  name: string;
  /** Its bytes on the disk; null where nobody knows beforehand. */
  size: number | null;
  /** When it was last written: its lines without a year lie before. */
  modified: Date;
  /** How many of its bytes on the disk were read so far. */
  position: () => number;
  /** The bytes of the text. A chunk is only valid until the next one is asked for. */
  chunks: () => AsyncIterable<Buffer>;
};

/** Small enough for a core's own cache. */
const CHUNK = 256 * 1024;

/** How a file begins, and what unpacks it where Node can't. */
const PACKERS = [
  { magic: '1f8b', tool: null },
  { magic: 'fd377a585a00', tool: 'xz' },
  { magic: '28b52ffd', tool: 'zstd' },
  { magic: '425a68', tool: 'bzip2' },
] as const;

/** Opens a log file; its beginning tells whether and how it is compressed. */
export async function openLogFile(path: string): Promise<LogInput> {
  try {
    const stats = statSync(path);
    if (stats.isDirectory())
      throw new HostError(`${path} is a directory.`, { nextSteps: [`Name the logs in it: ${path}/*`] });
    const packer = stats.isFile() ? findPacker(path) : undefined;
    const progress = { position: 0 };
    const chunks = (): AsyncIterable<Buffer> => {
      if (packer === undefined) return readPlain(path, progress);
      return packer.tool === null ? unzip(path, progress) : unpack(packer.tool, path);
    };
    const size = stats.isFile() ? stats.size : null;
    return { name: path, size, modified: stats.mtime, position: () => progress.position, chunks };
  } catch (error) {
    throw asHostError(error, path);
  }
}

function asHostError(error: unknown, path: string): Error {
  if (error instanceof HostError || !(error instanceof Error))
    return error instanceof Error ? error : new Error(String(error));
  const code = 'code' in error ? error.code : null;
  if (code === 'ENOENT')
    return new HostError(`There is no file ${path}.`, { nextSteps: ['See what there is: ls /var/log'] });
  if (code === 'EACCES' || code === 'EPERM')
    return new HostError(`${path} may not be read by this user.`, {
      nextSteps: ['Run it as root: sudo lo-doctor logs'],
    });
  return new HostError(`${path} can't be read: ${error.message}`);
}

function findPacker(path: string) {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(6);
    const length = readSync(file, start);
    return PACKERS.find(({ magic }) => start.toString('hex', 0, length).startsWith(magic));
  } finally {
    closeSync(file);
  }
}

/** Reads at once: a file's next bytes are there before another thread could be asked for them. */
async function* readPlain(path: string, progress: { position: number }): AsyncGenerator<Buffer> {
  const file = openSync(path, 'r');
  try {
    // Aligned memory of its own, not a slice of Node's pool.
    const buffer = Buffer.from(new ArrayBuffer(CHUNK));
    for (;;) {
      const length = readSync(file, buffer);
      if (length === 0) return;
      progress.position += length;
      yield buffer.subarray(0, length);
    }
  } catch (error) {
    throw asHostError(error, path);
  } finally {
    closeSync(file);
  }
}

async function* unzip(path: string, progress: { position: number }): AsyncGenerator<Buffer> {
  const packed = createReadStream(path, { highWaterMark: CHUNK });
  packed.on('data', (chunk) => {
    progress.position += chunk.length;
  });
  const { createGunzip } = await import('node:zlib');
  const text = createGunzip({ chunkSize: CHUNK });
  packed.on('error', (error) => text.destroy(error));
  try {
    for await (const chunk of packed.pipe(text)) yield chunk;
  } catch (error) {
    throw asHostError(error, path);
  } finally {
    packed.destroy();
  }
}

async function* unpack(tool: string, path: string): AsyncGenerator<Buffer> {
  yield* outputOf([tool, '-dc', '--', path], `${path} can't be unpacked`, [
    `Install ${tool}, or unpack the file first.`,
  ]);
}

async function* outputOf(command: readonly [string, ...string[]], problem: string, nextSteps: string[]) {
  const [program, ...args] = command;
  // Loaded here: a plain file is read in less time than it takes to load the library.
  const { execa } = await import('execa');
  const ownWays = { stdin: 'ignore', buffer: false, reject: false, encoding: 'buffer' } as const;
  const process = execa(program, args, { ...ownWays, env: SYSTEM_ENVIRONMENT, extendEnv: false });
  yield* process.stdout.iterator?.() ?? process.stdout;
  const { failed, exitCode, shortMessage } = await process;
  if (failed && exitCode !== 0)
    throw new HostError(`${problem}: ${shortMessage}`, { command: [...command], nextSteps });
}

/** Where the kernel's lines land by default; the article's two first. */
const USUAL_LOGS = [
  '/var/log/messages',
  '/var/log/syslog',
  '/var/log/kern.log',
  '/var/log/ufw.log',
  '/var/log/firewall',
];

/** The places to look in one after the other until one has entries: log files with their rotated sets, the journal, the kernel's buffer. */
export async function findUsualLogs(): Promise<(() => Promise<LogInput[]>)[]> {
  const sets = USUAL_LOGS.map(findRotatedSet);
  const files = sets.filter((set) => set.length > 0).map((set) => () => Promise.all(set.map(openLogFile)));
  const journal = async () => [
    commandInput('the journal', ['journalctl', '-k', '-q', '--no-pager', '-o', 'short-iso-precise']),
  ];
  const kernel = async () => [commandInput('the kernel log', ['dmesg', '--time-format', 'iso'])];
  return [...files, journal, kernel];
}

function findRotatedSet(path: string): string[] {
  const names = listNames(dirname(path));
  const base = basename(path);
  const set = names.filter(
    (name) =>
      name === base || (/^[.-]\d[\d-]*(\.(gz|xz|zst|bz2))?$/.test(name.slice(base.length)) && name.startsWith(base)),
  );
  return set.includes(base) ? orderLogFiles(set.map((name) => join(dirname(path), name))) : [];
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function commandInput(name: string, command: readonly [string, ...string[]]): LogInput {
  const chunks = () => outputOf(command, `${name} can't be read`, [`Try it by hand: ${command.join(' ')}`]);
  return { name, size: null, modified: new Date(), position: () => 0, chunks };
}
