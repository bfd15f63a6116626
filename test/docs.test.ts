// What the documents name is there: files of the project, and other documents.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const ROOMS =
  'host|firewall|work|wizard|steps|diagnosis|report|words|naming|faces|commands|options|log|probe|completion';

/** Files by their path from the top or from src/, and links to other documents. */
const named = (document: string): string[] => {
  const text = readFileSync(join(root, document), 'utf8');
  const files = [...text.matchAll(/(?<![\w./-])(?:src|test)\/[\w./-]+\.tsx?/g)].map(([path]) => path);
  const inRooms = [...text.matchAll(new RegExp(`\`((?:${ROOMS})/[\\w./-]+\\.tsx?)\``, 'g'))].map(
    ([, path]) => `src/${path}`,
  );
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => join(dirname(document), path));
  return [...files, ...inRooms, ...links];
};

const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: root });

test.each(documents)('%s names only what is there', (document) => {
  expect(named(document).filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('there is something to hold', () => expect(documents.flatMap(named).length).toBeGreaterThan(60));
