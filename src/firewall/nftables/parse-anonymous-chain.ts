// Parses the text of a chain that stands inside of a rule.
import type { JsonList } from './json.ts';
export function parseAnonymousChain(text: string): { verdict: 'jump' | 'goto'; rules: readonly JsonList[] } | null {
  return text === '' ? { verdict: 'jump', rules: [] } : null;
}
