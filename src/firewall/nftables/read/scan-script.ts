// Where the chains and rules stand in an nft script, so that a rule can be put among them and all else left as it is.
import { at } from '../../../at.ts';

/** What a script's text is inside of: an included file may stand in a table or a chain. */
export type ScriptContext =
  | { readonly level: 'file' }
  | { readonly level: 'table'; readonly table: string }
  | { readonly level: 'chain'; readonly table: string; readonly chain: string };

/**
 * One thing met in a script, in order; offsets are into its text. `table` is `inet filter`. A `block` is what stands between a chain's braces;
 * a rule with a `command` stands alone (`add rule inet filter output …`), and goes before others with `insert`. `reset`: rules that were given before are gone.
 */
export type ScriptItem =
  | {
      readonly kind: 'block';
      readonly table: string;
      readonly chain: string;
      readonly open: number;
      readonly close: number;
    }
  | {
      readonly kind: 'rule';
      readonly table: string;
      readonly chain: string;
      readonly start: number;
      readonly command: 'add' | 'insert' | null;
    }
  | { readonly kind: 'include'; readonly path: string; readonly context: ScriptContext }
  | { readonly kind: 'reset' };

/**
 * Reads what it needs of a script, and passes over all else. Sample:
 * `table inet filter { chain output { type filter hook output priority 0; policy drop; tcp dport { 80, 443 } accept; } }`
 */
export function scanScript(text: string, context: ScriptContext = { level: 'file' }): ScriptItem[] {
  return scanBlock(text, 0, text.length, context);
}

function scanBlock(text: string, from: number, to: number, context: ScriptContext): ScriptItem[] {
  const items: ScriptItem[] = [];
  let at = from;
  for (;;) {
    at = skipGaps(text, at, to);
    if (at >= to) return items;
    const statement = readStatement(text, at, to, context);
    items.push(...itemsOf(text, statement, context));
    at = Math.max(statement.end, at + 1);
  }
}

/** `block`: the first brace at its own level and the one that closes it. */
type Statement = {
  readonly start: number;
  readonly end: number;
  readonly block: { open: number; close: number } | null;
};

function readStatement(text: string, start: number, to: number, { level }: ScriptContext): Statement {
  // Blocks of tables, chains and sets end their statement; the braces of a set inside a rule don't.
  const endsAtBrace = level === 'table' || (level === 'file' && /^table\s/.test(text.slice(start, start + 6)));
  let block: Statement['block'] = null;
  for (let at = start; at < to; ) {
    const char = text[at];
    if (char === '{') {
      const close = findClose(text, at, to);
      block ??= { open: at, close };
      at = close + 1;
      if (endsAtBrace) return { start, end: at, block };
    } else if (char === ';' || char === '\n' || char === '#') {
      return { start, end: at, block };
    } else {
      at = skipOne(text, at, to);
    }
  }
  return { start, end: to, block };
}

function itemsOf(text: string, { start, end, block }: Statement, context: ScriptContext): ScriptItem[] {
  const words = text
    .slice(start, block?.open ?? end)
    .trim()
    .split(/\s+/);
  if (words[0] === 'include') {
    const path = /^include\s+"([^"]*)"/.exec(text.slice(start, end))?.[1];
    return path === undefined ? [] : [{ kind: 'include', path, context }];
  }
  switch (context.level) {
    case 'file':
      return itemsOfCommand(text, start, words, block);
    case 'table': {
      const [keyword, chain] = words;
      if (keyword !== 'chain' || chain === undefined || block === null) return [];
      const { table } = context;
      return [
        { kind: 'block', table, chain, open: block.open, close: block.close },
        ...scanBlock(text, block.open + 1, block.close, { level: 'chain', table, chain }),
      ];
    }
    case 'chain':
      return /^(type|policy|comment|devices?|flags|define|redefine|undefine)$/.test(at(words, 0))
        ? []
        : [{ kind: 'rule', table: context.table, chain: context.chain, start, command: null }];
  }
}

const FAMILIES = ['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'];

function itemsOfCommand(
  text: string,
  start: number,
  words: readonly string[],
  block: Statement['block'],
): ScriptItem[] {
  const [first = ''] = words;
  const isVerb = ['add', 'create', 'insert'].includes(first);
  const [object, ...names] = isVerb ? words.slice(1) : words;
  const [family = '', name = '', chain = '', place = ''] = FAMILIES.some((one) => one === names[0])
    ? names
    : ['ip', ...names];
  const table = `${family} ${name}`;
  if (['flush', 'delete', 'destroy', 'reset', 'replace'].includes(first)) return [{ kind: 'reset' }];
  if (object === 'table' && block !== null)
    return scanBlock(text, block.open + 1, block.close, { level: 'table', table });
  if (object === 'rule' && (first === 'add' || first === 'insert')) {
    const isLast = first === 'add' && !['index', 'position', 'handle'].includes(place);
    return [{ kind: 'rule', table, chain, start, command: isLast ? 'add' : 'insert' }];
  }
  return [];
}

/** Over spaces, line ends, separators and comments to the next statement. */
function skipGaps(text: string, from: number, to: number): number {
  let at = from;
  while (at < to) {
    if (text[at] === '#') at = lineEnd(text, at, to);
    else if (/[\s;}]/.test(text.charAt(at)) || text.startsWith('\\\n', at)) at++;
    else return at;
  }
  return to;
}

/** The brace that closes the one at `open`; the end of the text where none does. */
function findClose(text: string, open: number, to: number): number {
  let depth = 0;
  for (let at = open; at < to; ) {
    if (text[at] === '{') depth++;
    if (text[at] === '}' && --depth === 0) return at;
    at = text[at] === '#' ? lineEnd(text, at, to) : skipOne(text, at, to);
  }
  return to;
}

/** Over one character, a quoted text, or an escaped line end. */
function skipOne(text: string, at: number, to: number): number {
  if (text[at] === '\\') return at + 2;
  if (text[at] !== '"') return at + 1;
  const close = text.indexOf('"', at + 1);
  return close < 0 || close >= to ? to : close + 1;
}

function lineEnd(text: string, at: number, to: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 || end > to ? to : end;
}
