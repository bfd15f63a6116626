// Puts a rule into an nft script and takes it out again; all else stays byte for byte.
import type { ScriptItem } from './scan-script.ts';

type Rule = Extract<ScriptItem, { kind: 'rule' }>;
type Block = Extract<ScriptItem, { kind: 'block' }>;

/** The script with the rule in it, and exactly what was put in. */
export type Insertion = { readonly text: string; readonly inserted: string };

/** Puts the rule before one that is there: as a line of its own, above the comments that belong to it, where that one has one. */
export function insertBeforeRule(text: string, rule: Rule, statement: string): Insertion {
  const { start, command, table, chain } = rule;
  const added = command === null ? statement : `${command} rule ${table} ${chain} ${statement}`;
  const line = text.lastIndexOf('\n', start - 1) + 1;
  const indent = text.slice(line, start);
  if (indent.trim() !== '') return splice(text, start, `${added}; `);
  return splice(text, aboveComments(text, line), `${indent}${added}${lineEndOf(text)}`);
}

/** Puts the rule at the end of a chain's block. */
export function insertAtEnd(text: string, { open, close }: Block, statement: string): Insertion {
  const line = text.lastIndexOf('\n', close - 1) + 1;
  const before = text.slice(open + 1, close).trimEnd();
  if (line > open && text.slice(line, close).trim() === '') {
    // Indented as the line above.
    const indent = before.slice(before.lastIndexOf('\n') + 1).replace(/[^ \t].*$/, '');
    return splice(text, line, `${indent}${statement}${lineEndOf(text)}`);
  }
  const at = open + 1 + before.length;
  return splice(text, at, `${before === '' || before.endsWith(';') ? '' : ';'} ${statement};`);
}

/** Takes out what was put in; where somebody has moved it since, the line that is the rule alone. */
export function removeFromScript(text: string, inserted: string, statement: string): string {
  const at = text.indexOf(inserted);
  if (at >= 0) return text.slice(0, at) + text.slice(at + inserted.length);
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return lines.filter((line) => line.trim().replace(/;$/, '') !== statement).join('');
}

function splice(text: string, at: number, inserted: string): Insertion {
  return { text: text.slice(0, at) + inserted + text.slice(at), inserted };
}

/** The start of the first of the lines right above that are nothing but comments. */
function aboveComments(text: string, line: number): number {
  let at = line;
  while (at > 0) {
    const above = text.lastIndexOf('\n', at - 2) + 1;
    if (!/^\s*#(?!!)/.test(text.slice(above, at))) return at;
    at = above;
  }
  return at;
}

function lineEndOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
