// Parses the text of a chain that stands inside of a rule, which nft's JSON holds as plain text.
import type { JsonList } from './json.ts';
import { parseRuleText } from './parse-rule-text.ts';

/** A rule in such a chain: its text without counters, and its statements as nft's JSON would have them (null: not understood). */
export type InnerRule = { readonly text: string; readonly statements: JsonList | null };

/** `jump` and `goto` differ in where the packet goes on after the chain. */
export type AnonymousChain = { readonly verdict: 'jump' | 'goto'; readonly rules: readonly InnerRule[] };

/**
 * `jump {\n\t\t\ttcp dport 25 accept\n\t\t\tdrop\n\t\t}`. null where the text is something else, or is cut off: nft ends such
 * texts after 1023 bytes.
 */
export function parseAnonymousChain(text: string): AnonymousChain | null {
  const [head, ...lines] = text.trim().split('\n');
  const verdict = head === 'jump {' ? 'jump' : head === 'goto {' ? 'goto' : null;
  if (verdict === null || lines.pop()?.trim() !== '}') return null;
  return { verdict, rules: lines.map((line) => parseInnerRule(line.trim())) };
}

/** Takes the numbers out of counters: `counter packets 5 bytes 300` → `counter`. */
export function withoutCounts(text: string): string {
  return text.replace(/\bcounter packets \d+ bytes \d+/g, 'counter');
}

function parseInnerRule(line: string): InnerRule {
  return { text: withoutCounts(line), statements: parseRuleText(line) };
}
