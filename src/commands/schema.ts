// `lo-doctor schema NAME`: the JSON Schema of a document.

import { z } from 'zod';
import type { DOCUMENT_NAMES } from '../options/commands.ts';
import { EXIT } from '../options/exit-codes.ts';
import { DOCUMENTS } from '../schemas/documents.ts';
import type { Io } from './io.ts';

type DocumentName = (typeof DOCUMENT_NAMES)[number];

export const isDocument = (text: string): text is DocumentName => Object.hasOwn(DOCUMENTS, text);

/** Its text (JSON Schema 2020-12), with the line end: what stands in docs/schemas. */
export const schemaText = (name: DocumentName): string =>
  `${JSON.stringify({ title: `lo-doctor.${name}/1`, ...z.toJSONSchema(DOCUMENTS[name]) }, null, 2)}\n`;

/** Prints it. */
export const runSchema = (name: DocumentName, { stdout }: Pick<Io, 'stdout'>): number => {
  stdout(schemaText(name));
  return EXIT.done;
};
