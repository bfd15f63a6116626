import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GLOSSARY, glossaryDocument, tellTerms, termsOf } from '../../src/words/glossary.ts';
import { layOut, lineText } from '../../src/words/lay-out.ts';

test('docs/glossary.md says what the wizard says', () => {
  expect(readFileSync(join(import.meta.dirname, '../../docs/glossary.md'), 'utf8')).toBe(glossaryDocument());
});

test('the why of findings begins with loopback and tells each term once', () => {
  const terms = termsOf([{ id: 'loopback-blocked' }, { id: 'log-after-drop' }, { id: 'tls' }], ['final-rule']);
  expect(terms).toEqual(['loopback', 'final-rule', 'outbound-policy', 'permit-all', 'evaluated', 'logging', 'order']);
  const told = layOut(tellTerms(terms), 80).map(lineText).join('\n');
  for (const term of terms) expect(told).toContain(`${GLOSSARY[term].name}.`);
});
