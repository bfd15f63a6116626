// A Node that is too old is told so in one line, by a file that even an ancient one can read.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { afterAll, expect, it } from 'vitest';
import { describeTerminal } from '../kernel/available.ts';

const bundle = 'dist/lo-doctor.js';
const folder = mkdtempSync(join(tmpdir(), 'lo-doctor-old-'));
afterAll(() => rmSync(folder, { recursive: true }));

const startAs = (version: string) => {
  const disguise = join(folder, 'disguise.cjs');
  writeFileSync(disguise, `Object.defineProperty(process.versions, 'node', { value: ${JSON.stringify(version)} });`);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', disguise, bundle, '--version'], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};

describeTerminal('a Node', () => {
  it.each(['0.10.48', '6.17.1', '12.22.12', '18.20.4', '20.19.2', '22.11.0'])(
    'of %s is told that it is too old',
    (version) => {
      const { status, stdout, stderr } = startAs(version);
      expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
      expect(stderr).toMatch(/^lo-doctor: this is Node\.js [\d.]+, and 22\.12 or later is needed\. .*nodejs\.org.*\n$/);
      expect(stderr).toContain(version);
    },
  );

  it.each(['22.12.0', '24.0.0', '100.1.0'])('of %s will do', (version) => {
    expect(startAs(version)).toMatchObject({ status: 0, stderr: '' });
  });

  it('of 2016 can read the file that tells it', async () => {
    const source = readFileSync(bundle, 'utf8');
    const [newest, oldest] = await Promise.all(['esnext', 'es2015'].map((target) => transform(source, { target })));
    expect(oldest?.code).toBe(newest?.code);
  });
});
