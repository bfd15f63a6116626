// What was worked out is never called by the word for what was done: with dumps alone nothing is sent, so nothing was tried.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCheck } from '../../src/commands/check.ts';
import { practiceHost } from '../../src/host/practice/practice-host.ts';
import { readOwnRulesets, rulesetFolder } from '../firewall/own-rulesets.ts';
import { testIo } from './io.ts';

const readFile = (path: string): string => readFileSync(join(rulesetFolder, path), 'utf8');

/** What `check` says of one dump, for people or as a document. */
const check = async (file: string, json: boolean): Promise<string> => {
  const { io, written } = testIo();
  const rules = [{ path: file, family: file.includes('__v6') ? ('ip6' as const) : ('ip' as const) }];
  await runCheck(io, { rules, json }, { readFile, openHost: async () => practiceHost('wordpress') });
  return written.stdout;
};

/** A rule's own text may hold any word, as may a comment in it. */
const withoutRules = (said: string): string => said.replace(/-A \w.*|"(?:text|file|host)": ".*"/g, '');

const dumps = readOwnRulesets()
  .flatMap(({ files }) => files)
  .filter(({ tool }) => tool !== 'ipset');

test.each(dumps)('of $file nothing is said to have been tried', async ({ file }) => {
  const [told, document] = [await check(file, false), await check(file, true)];
  expect(told).not.toBe('');
  for (const said of [told, document]) expect(withoutRules(said)).not.toMatch(/\b(?:tried|tries|try|attempt)/i);
});
