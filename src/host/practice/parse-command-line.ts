// A command line as the practice server's shell reads it: words, quotes, parameters, pipes, lists, redirections. No loops.

/** Where a command reads from or writes to instead. `path` may be `&1` or `&2`. */
export type Redirection = {
  readonly to: 'input' | 'stdout' | 'stderr';
  readonly path: string;
  readonly append: boolean;
};

/** A word without its quotes; `isPattern` where it has an unquoted `*`, `?` or `[`, and may stand for paths. */
export type Word = { readonly text: string; readonly isPattern: boolean };

export type SimpleCommand = { readonly words: readonly Word[]; readonly redirections: readonly Redirection[] };

/** Commands joined by `|`, and whether it is run always, after a success or after a failure of what was before it. */
export type Pipeline = { readonly when: ';' | '&&' | '||'; readonly commands: readonly SimpleCommand[] };

type Token = Word & { readonly kind: 'word' | 'operator' };

const OPERATOR = /^(&&|\|\||2>&1|>&2|1>&2|2>>|2>|>>|>|<|[|;&\n])/;

/** The value of `$NAME`; '' where it is not set. */
export type VariableLookup = (name: string) => string;

/** The pipelines of a command line, or the shell's complaint. Sample: `cd /srv && wp plugin update --all 2>&1 | tail -n 3` */
export function parseCommandLine(text: string, lookup: VariableLookup): Pipeline[] | string {
  const tokens = splitTokens(text, lookup);
  if (typeof tokens === 'string') return tokens;
  const pipelines: Pipeline[] = [];
  let when: Pipeline['when'] = ';';
  let rest = tokens;
  while (rest.length > 0) {
    const end = rest.findIndex(({ kind, text }) => kind === 'operator' && [';', '&', '\n', '&&', '||'].includes(text));
    const own = end < 0 ? rest : rest.slice(0, end);
    const commands = splitPipes(own).map(readCommand);
    const complaint = commands.find((one) => typeof one === 'string');
    if (typeof complaint === 'string') return complaint;
    pipelines.push({ when, commands: commands.filter((one) => typeof one !== 'string') });
    const joint = rest[end]?.text;
    when = joint === '&&' || joint === '||' ? joint : ';';
    rest = end < 0 ? [] : rest.slice(end + 1);
  }
  return pipelines;
}

function splitTokens(text: string, lookup: VariableLookup): Token[] | string {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const blank = /^[ \t\r]+/.exec(rest) ?? /^#[^\n]*/.exec(rest);
    const operator = OPERATOR.exec(rest);
    if (blank) at += blank[0].length;
    else if (operator) {
      tokens.push({ kind: 'operator', text: operator[0], isPattern: false });
      at += operator[0].length;
    } else {
      const word = readWord(rest, lookup);
      if (typeof word === 'string') return word;
      tokens.push({ kind: 'word', text: word.text, isPattern: word.isPattern });
      at += word.length;
    }
  }
  return tokens;
}

/** A piece of the line, and how long it was there. */
type Piece = { readonly text: string; readonly length: number };

/** A word up to the next blank or operator; or a complaint. */
function readWord(rest: string, lookup: VariableLookup): (Word & Piece) | string {
  let text = '';
  let at = 0;
  let isPattern = false;
  while (at < rest.length && !/[\s|;&<>]/.test(rest[at] ?? '')) {
    const from = rest.slice(at);
    const piece = readPiece(from, lookup);
    if (typeof piece === 'string') return piece;
    if (/^[*?[]/.test(from)) isPattern = true;
    text += piece.text;
    at += piece.length;
  }
  return { text, length: at, isPattern };
}

/** A quoted part, a parameter, or one character. */
function readPiece(from: string, lookup: VariableLookup): Piece | string {
  const single = /^'([^']*)'/.exec(from);
  if (single) return { text: single[1] ?? '', length: single[0].length };
  const double = /^"((?:[^"\\]|\\[\s\S])*)"/.exec(from);
  const quoted = double ? fillIn(double[1] ?? '', lookup) : null;
  if (double) return quoted === null ? NO_SUBSTITUTION : { text: quoted, length: double[0].length };
  if (/^['"]/.test(from)) return 'Syntax error: Unterminated quoted string';
  if (/^(`|\(|\$\()/.test(from)) return NO_SUBSTITUTION;
  const parameter = PARAMETER.exec(from);
  if (parameter) return { text: lookup(parameter[1] ?? parameter[2] ?? ''), length: parameter[0].length };
  const length = from.startsWith('\\') ? 2 : 1;
  return { text: from.slice(length - 1, length), length };
}

const PARAMETER = /^\$(?:(\w+|[?$])|\{(\w+)\})/;
const NO_SUBSTITUTION = "Syntax error: the practice server's shell runs no command inside another";

/** What stands between double quotes, or null where it asks for a substitution. */
function fillIn(text: string, lookup: VariableLookup): string | null {
  if (/(?<!\\)(`|\$\()/.test(text)) return null;
  return text.replaceAll(
    /\\(["\\$`])|\$(\w+|[?$])|\$\{(\w+)\}/g,
    (_, escaped, name, braced) => escaped ?? lookup(name ?? braced),
  );
}

function splitPipes(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'operator' && token.text === '|') parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function readCommand(tokens: readonly Token[]): SimpleCommand | string {
  const words: Word[] = [];
  const redirections: Redirection[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) break;
    const { kind, text, isPattern } = token;
    if (kind === 'word') words.push({ text, isPattern });
    else if (text === '2>&1') redirections.push({ to: 'stderr', path: '&1', append: false });
    else if (text.endsWith('>&2')) redirections.push({ to: 'stdout', path: '&2', append: false });
    else {
      at += 1;
      const path = tokens[at];
      if (path?.kind !== 'word') return 'Syntax error: redirection unexpected';
      const to = text === '<' ? 'input' : text.startsWith('2') ? 'stderr' : 'stdout';
      redirections.push({ to, path: path.text, append: text.endsWith('>>') });
    }
  }
  if (words.length === 0 && redirections.length === 0 && tokens.length > 0) return 'Syntax error: "|" unexpected';
  return { words, redirections };
}
