// Puts a file in place in one step, so that whoever reads meanwhile has the old text or the new one, never a half.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HostError } from '../host.ts';

/**
 * Writes beside it and renames. The file beside is new for sure ('wx' follows no link that somebody has laid), everybody may read it, and
 * its name does not end as the file's, so no collector takes it. Throws a HostError.
 */
export const writeOutput = (path: string, text: string): void => {
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}-${Math.random().toString(36).slice(2)}.tmp`);
  let isMade = false;
  try {
    const file = openSync(beside, 'wx', 0o644);
    isMade = true;
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
  } catch (error) {
    if (isMade) rmSync(beside, { force: true });
    throw new HostError(`${path} can't be written: ${error instanceof Error ? error.message : error}.`, {
      nextSteps: ['What stood there before is as it was.'],
    });
  }
};
