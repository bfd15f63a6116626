// Puts single rules into a saved rules file (iptables-save text) and takes them out again; all else stays byte for byte.
import { at } from '../../../at.ts';
import type { BootInsertion } from '../../fix/plan.ts';
import { splitWords } from './split-words.ts';

/**
 * `placedFirst`: insertions whose `beforeRuleText` the file does not have, so that they stand first in their chain.
 * `no-table`, `no-chain`: the file does not restore that table or chain, so there is nothing to put the rule into.
 */
export type InsertResult =
  | { readonly kind: 'inserted'; readonly text: string; readonly placedFirst: readonly BootInsertion[] }
  | { readonly kind: 'impossible'; readonly insertion: BootInsertion; readonly why: 'no-table' | 'no-chain' };

/** Inserts the rules in the order given. A rule that its chain has already is not inserted again. */
export function insertRulesIntoSave(text: string, insertions: readonly BootInsertion[]): InsertResult {
  const lines = splitKeepingEnds(text);
  const placedFirst: BootInsertion[] = [];
  for (const insertion of insertions) {
    const place = findPlace(lines, insertion);
    switch (place.kind) {
      case 'present':
        continue;
      case 'no-table':
      case 'no-chain':
        return { kind: 'impossible', insertion, why: place.kind };
      case 'at':
        if (place.guessed) placedFirst.push(insertion);
        lines.splice(place.index, 0, writeLike(lines[place.index] ?? '\n', insertion.ruleText));
    }
  }
  return { kind: 'inserted', text: lines.join(''), placedFirst };
}

/** Takes out every line that is one of these rules, whatever its counters. */
export function removeRulesFromSave(text: string, ruleTexts: readonly string[]): string {
  return splitKeepingEnds(text)
    .filter((line) => !ruleTexts.some((text) => text === ruleOf(line)))
    .join('');
}

/** Where in the lines the new one goes: before `index`. */
type Place =
  | { kind: 'at'; index: number; guessed: boolean }
  | { kind: 'present' }
  | { kind: 'no-table' }
  | { kind: 'no-chain' };

function findPlace(lines: readonly string[], insertion: BootInsertion): Place {
  const { table, chain, beforeRuleText, ruleText, next } = insertion;
  // When a file restores a table twice, the later part replaces the earlier one.
  const start = lines.findLastIndex((line) => line.trim() === `*${table}`);
  const end = lines.findIndex((line, index) => index > start && line.trim() === 'COMMIT');
  if (start < 0 || end < 0) return { kind: 'no-table' };
  const inTable = lines.map((_, index) => index).slice(start, end);
  const rules = inTable.filter((index) => chainOf(at(lines, index)) === chain);
  const isDeclared = inTable.some((index) => lines[index]?.startsWith(`:${chain} `));
  const [first] = rules;
  const last = rules.at(-1);
  if (first === undefined || last === undefined) {
    return isDeclared ? { kind: 'at', index: end, guessed: false } : { kind: 'no-chain' };
  }
  if (rules.some((index) => ruleOf(at(lines, index)) === ruleText)) return { kind: 'present' };
  if (beforeRuleText === null) return { kind: 'at', index: last + 1, guessed: false };
  // However they are written: as many rules as the chain has when the file is loaded are those rules.
  const numbered = next?.of === rules.length ? rules[next.number - 1] : undefined;
  if (numbered !== undefined) return { kind: 'at', index: numbered, guessed: false };
  const before = rules.find((index) => isSameRule(ruleOf(at(lines, index)), beforeRuleText));
  return { kind: 'at', index: before ?? first, guessed: before === undefined };
}

/** Lines with their ends (`\n`, `\r\n`, none at the end of the text). */
function splitKeepingEnds(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** `[12:720] -A OUTPUT -o lo -j ACCEPT\r\n` → `-A OUTPUT -o lo -j ACCEPT`; null for a line that is no rule. */
function ruleOf(line: string): string | null {
  return /^(?:\[\d+:\d+\] )?(-A .*|--append .*)$/.exec(line.trim())?.[1] ?? null;
}

function chainOf(line: string): string | null {
  const rule = ruleOf(line);
  return rule === null ? null : (splitWords(rule)?.[1] ?? null);
}

/** The same words: a file written by hand may quote and space them differently, and leaves out the `-m tcp` that iptables-save adds to `-p tcp`. */
function isSameRule(a: string | null, b: string): boolean {
  const [words, others] = [a === null ? null : splitWords(a), splitWords(b)];
  return words !== null && others !== null && withoutImplied(words) === withoutImplied(others);
}

function withoutImplied(words: readonly string[]): string {
  const protocol = words[words.indexOf('-p') + 1];
  const implied = words.findIndex((word, at) => word === '-m' && words[at + 1] === protocol);
  return (implied < 0 ? words : words.toSpliced(implied, 2)).join('\0');
}

/** A rule as its neighbour is written: with counters where that has some, and with the same line end. */
function writeLike(neighbour: string, ruleText: string): string {
  const counters = neighbour.startsWith('[') ? '[0:0] ' : '';
  return `${counters}${ruleText}${neighbour.endsWith('\r\n') ? '\r\n' : '\n'}`;
}
