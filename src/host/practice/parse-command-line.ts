// A command line as the practice server's shell reads it: words, quotes, pipes, lists, redirections. No variables, no loops.

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

/** The pipelines of a command line, or the shell's complaint. Sample: `cd /srv && wp plugin update --all 2>&1 | tail -n 3` */
export function parseCommandLine(text: string): Pipeline[] | string {
  const tokens = splitTokens(text);
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

function splitTokens(text: string): Token[] | string {
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
      const word = readWord(rest);
      if (typeof word === 'string') return word;
      tokens.push({ kind: 'word', text: word.text });
      at += word.length;
    }
  }
  return tokens;
}

/** A word up to the next blank or operator, its quotes taken away; or a complaint. */
function readWord(rest: string): { text: string; length: number } | string {
  let text = '';
  let at = 0;
  while (at < rest.length && !/[\s|;&<>]/.test(rest[at] ?? '')) {
    const quoted = /^'([^']*)'/.exec(rest.slice(at)) ?? /^"((?:[^"\\]|\\[\s\S])*)"/.exec(rest.slice(at));
    const sign = rest[at];
    if (quoted) {
      text += sign === '"' ? (quoted[1] ?? '').replaceAll(/\\(["\\$`])/g, '$1') : quoted[1];
      at += quoted[0].length;
    } else if (sign === "'" || sign === '"') return 'Syntax error: Unterminated quoted string';
    else if (sign === '`' || sign === '(' || rest.startsWith('$(', at))
      return "Syntax error: the practice server's shell knows no substitutions";
    else {
      if (sign === '\\') at += 1;
      text += rest[at] ?? '';
      at += 1;
    }
  }
  return { text, length: at };
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
