// A command line as the practice server's shell reads it: words, quotes, parameters, pipes, lists, redirections. No loops.

/** Where a command reads from or writes to instead. `path` may be `&1` or `&2`. */
export type Redirection = {
  readonly to: 'input' | 'stdout' | 'stderr';
  readonly path: string;
  readonly append: boolean;
};

export type SimpleCommand = { readonly words: readonly string[]; readonly redirections: readonly Redirection[] };

/** Commands joined by `|`, and whether it is run always, after a success or after a failure of what was before it. */
export type Pipeline = { readonly when: ';' | '&&' | '||'; readonly commands: readonly SimpleCommand[] };

type Token = { readonly kind: 'word' | 'operator'; readonly text: string };

const OPERATOR = /^(&&|\|\||2>&1|>&2|1>&2|2>>|2>|>>|>|<|[|;&\n])/;

/** The value of `$NAME`; '' where it is not set. */
export type Lookup = (name: string) => string;

/** Finds the paths that fit a pattern; none: the pattern stands for itself. */
export type Expand = (pattern: string) => readonly string[];

/** The pipelines of a command line, or the shell's complaint. Sample: `cd /srv && wp plugin update --all 2>&1 | tail -n 3` */
export function parseCommandLine(text: string, lookup: Lookup, expand: Expand): Pipeline[] | string {
  const tokens = splitTokens(text, lookup, expand);
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

function splitTokens(text: string, lookup: Lookup, expand: Expand): Token[] | string {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const blank = /^[ \t\r]+/.exec(rest) ?? /^#[^\n]*/.exec(rest);
    const operator = OPERATOR.exec(rest);
    if (blank) at += blank[0].length;
    else if (operator) {
      tokens.push({ kind: 'operator', text: operator[0] });
      at += operator[0].length;
    } else {
      const word = readWord(rest, lookup);
      if (typeof word === 'string') return word;
      const paths = word.isPattern ? expand(word.text) : [];
      for (const one of paths.length > 0 ? paths : [word.text]) tokens.push({ kind: 'word', text: one });
      at += word.length;
    }
  }
  return tokens;
}

/** A word, its quotes taken away; `isPattern` where it has an unquoted `*`, `?` or `[`. */
type Word = { readonly text: string; readonly length: number; readonly isPattern: boolean };

/** A word up to the next blank or operator; or a complaint. */
function readWord(rest: string, lookup: Lookup): Word | string {
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
function readPiece(from: string, lookup: Lookup): Omit<Word, 'isPattern'> | string {
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
function fillIn(text: string, lookup: Lookup): string | null {
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
  const words: string[] = [];
  const redirections: Redirection[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const { kind, text } = tokens[at] ?? { kind: 'word', text: '' };
    if (kind === 'word') words.push(text);
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
