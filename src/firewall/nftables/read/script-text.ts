// The text of an nft script as statements: comments and joined lines out of the way, all else at its own offset.

/** One statement of a script; `block` is what stands between its braces where they end it (`chain output { … }`). */
export type ScriptStatement = {
  readonly start: number;
  readonly head: string;
  readonly block: { readonly from: number; readonly to: number } | null;
};

/** The same text, as long as before, without comments and without backslashes at the ends of lines. */
export const blankComments = (text: string): string =>
  text.replace(/"[^"\n]*"|#[^\n]*|\\[ \t]*\n/g, (part) => (part.startsWith('"') ? part : ' '.repeat(part.length)));

/** The statements between two offsets; `endsAtBrace` tells those that a closing brace ends. Null at the offset of a brace that nothing closes or opens. */
export function splitStatements(
  text: string,
  { from, to }: { readonly from: number; readonly to: number },
  endsAtBrace: RegExp | null,
): { readonly statements: readonly ScriptStatement[]; readonly wrongAt: number | null } {
  const statements: ScriptStatement[] = [];
  for (let at = from; at < to; ) {
    if (/[\s;]/.test(text.charAt(at))) {
      at++;
      continue;
    }
    if (text[at] === '}') return { statements, wrongAt: at };
    const read = readStatement(text, at, to, endsAtBrace);
    if (read === null) return { statements, wrongAt: at };
    statements.push(read.statement);
    at = read.end;
  }
  return { statements, wrongAt: null };
}

function readStatement(text: string, start: number, to: number, endsAtBrace: RegExp | null) {
  let at = start;
  const upTo = (end: number) => text.slice(start, end).trim();
  while (at < to && text[at] !== '\n' && text[at] !== ';') {
    if (text[at] === '}') return null;
    if (text[at] !== '{') {
      at = skipQuoted(text, at);
      continue;
    }
    const close = closingBrace(text, at, to);
    if (close === null) return null;
    const head = upTo(at);
    if (endsAtBrace?.test(head))
      return { statement: { start, head, block: { from: at + 1, to: close } }, end: close + 1 };
    at = close + 1;
  }
  return { statement: { start, head: upTo(at), block: null }, end: at };
}

/** The place of the brace that closes the one at `open`; null where none does. */
function closingBrace(text: string, open: number, to: number): number | null {
  let depth = 0;
  for (let at = open; at < to; at = skipQuoted(text, at)) {
    if (text[at] === '{') depth++;
    if (text[at] === '}' && --depth === 0) return at;
  }
  return null;
}

function skipQuoted(text: string, at: number): number {
  if (text[at] !== '"') return at + 1;
  const close = text.indexOf('"', at + 1);
  return close < 0 ? text.length : close + 1;
}

/**
 * A rule as people write it, spaced as nft prints it, which is how it can be split into words:
 * `tcp dport {80,443} ct state!=new` → `tcp dport { 80 , 443 } ct state != new`.
 */
export function spaceOut(text: string): string {
  let depth = 0;
  const space = (sign: string) => {
    if (sign === '{') depth++;
    if (sign === '}') depth--;
    return sign.includes(',') && depth === 0 ? ',' : ` ${sign} `;
  };
  const spaced = (part: string) => part.replace(SIGNS, space).replace(KEY_OF_VERDICT, '$1 : $2').replace(/\s+/g, ' ');
  return splitQuoted(text, spaced).trim();
}

/** Changes what stands outside of quotes. */
const splitQuoted = (text: string, change: (part: string) => string): string =>
  text
    .split(/("[^"]*")/)
    .map((part, index) => (index % 2 === 1 ? part : change(part)))
    .join('');

const SIGNS = /[{}()|&^]|<<|>>|[!=<>]=|[<>]|\s*,\s*/g;
const KEY_OF_VERDICT = /(\S)\s*:\s*(accept|drop|return|continue|jump|goto)\b/g;
