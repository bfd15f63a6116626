// What rsyslogd's configuration does with a kernel line: thrown away where, written to which files.
import { evaluateExpression } from './evaluate-expression.ts';
import { both, compareProperty, type FilterAnswer, type LoggedMessage, not, readProperty } from './logged-message.ts';
import { matchSelector } from './match-selector.ts';

/** A line of the configuration, those of included files in their place. */
export type ConfigLine = { readonly file: string; readonly number: number; readonly text: string };

/** Where a message goes. `stopped`: the line that throws it away (`isSure`: its condition surely holds). */
export type MessageFate = {
  readonly stopped: { readonly line: ConfigLine; readonly isSure: boolean } | null;
  readonly files: readonly { readonly path: string; readonly line: ConfigLine; readonly isSure: boolean }[];
};

/** A condition, and whether it or one before it in the same if-else held. */
type Condition = { readonly holds: FilterAnswer; readonly taken: FilterAnswer };

type State = { message: LoggedMessage; blocks: Condition[]; last: Condition; files: MessageFate['files'][number][] };

const NEVER: Condition = { holds: false, taken: false };

/** Goes through the lines as rsyslogd does with each message, up to the first that surely throws it away. */
export function followRsyslog(lines: readonly ConfigLine[], message: LoggedMessage): MessageFate {
  const state: State = { message, blocks: [], last: NEVER, files: [] };
  let maybe: MessageFate['stopped'] = null;
  for (const { line, text } of joinStatements(lines)) {
    const { holds, action } = readStatement(text, state);
    if (holds === false || action === '') continue;
    const isSure = holds === true;
    if (/^(stop|~|discard)\b|^~/.test(action)) {
      if (isSure) return { stopped: { line, isSure }, files: state.files };
      maybe ??= { line, isSure };
    }
    // `-/var/log/syslog;TEMPLATE`, `action(type="omfile" … file="/var/log/syslog")`
    const path = /^-?(\/[^\s;]+)|^action\s*\(.*\bfile="([^"]+)"/i.exec(action);
    if (path !== null) state.files.push({ path: path[1] ?? path[2] ?? '', line, isSure });
  }
  return { stopped: maybe, files: state.files };
}

/** The condition of a statement, with those of the blocks around it, and what is then done; no action for what opens or closes a block. */
function readStatement(text: string, state: State): { holds: FilterAnswer; action: string } {
  const { blocks, message } = state;
  const around = blocks.reduce((answer: FilterAnswer, { holds }) => both(answer, holds), true);
  const nothing = { holds: false, action: '' } as const;
  if (text === '}') {
    state.last = blocks.pop() ?? NEVER;
    return nothing;
  }
  const found = readCondition(text, state.last, message);
  if (found === null) return { holds: around, action: text };
  state.last = found;
  if (found.action !== '{') return { holds: both(around, found.holds), action: found.action };
  blocks.push(found);
  return nothing;
}

function readCondition(text: string, last: Condition, message: LoggedMessage): (Condition & { action: string }) | null {
  // `& stop` does more with what the line before took.
  const more = /^&\s*(.*)$/.exec(text);
  if (more !== null) return { ...last, action: more[1] ?? '' };
  // `if $msg contains 'IN=' then stop`, `else if …`, `else {`
  const branch = /^(else\s*)?(?:if\b(.*?)\bthen\b)?\s*(.*)$/s.exec(text);
  if (branch?.[1] !== undefined || branch?.[2] !== undefined) {
    const [, otherwise, expression, action = ''] = branch;
    const asked = expression === undefined ? true : evaluateExpression(expression, message);
    if (otherwise === undefined) return { holds: asked, taken: asked, action };
    return { holds: both(not(last.taken), asked), taken: not(both(not(last.taken), not(asked))), action };
  }
  // `:msg, !contains, "IN=" stop`
  const property = /^:\s*([\w-]+)\s*,\s*(!?)\s*(\w+)\s*(?:,\s*"((?:\\.|[^"\\])*)")?\s*(.*)$/.exec(text);
  if (property !== null) {
    const [, name = '', negation, operation = '', value = '', action = ''] = property;
    const compared = compareProperty(operation, readProperty(name, message), value);
    const holds = negation ? not(compared) : compared;
    return { holds, taken: holds, action };
  }
  // `kern.*;mail.none  -/var/log/kern.log`
  const [, selector = '', action = ''] = /^(\S+)\s+(.*)$/.exec(text) ?? [];
  const holds = matchSelector(selector, message);
  return holds === null ? null : { holds, taken: holds, action };
}

/** Blocks of definitions: what is in them is no rule for a message. */
const DEFINITION =
  /^(\$\w+|(module|global|input|template|parser|main_queue|timezone|lookup_table|dyn_stats|ruleset)\s*\()/i;

/** Statements on one line each, without comments, each `}` for itself, `{` at the end; `line` is where one begins. */
function joinStatements(lines: readonly ConfigLine[]): { line: ConfigLine; text: string }[] {
  const statements: { line: ConfigLine; text: string }[] = [];
  let open: { line: ConfigLine; text: string } | null = null;
  for (const line of lines) {
    const text = withoutComment(line.text).trim();
    if (text === '') continue;
    const joined: { line: ConfigLine; text: string } =
      open === null ? { line, text } : { line: open.line, text: `${open.text.replace(/\\$/, '')} ${text}` };
    open = isOpen(joined.text) ? joined : null;
    if (open === null && !DEFINITION.test(joined.text)) statements.push(...splitBlocks(joined));
  }
  return statements;
}

/** Whether more lines belong to it: a `\` at the end, parentheses, an `if` without its action, a definition's block. */
function isOpen(text: string): boolean {
  const bare = text.replace(/'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"/g, '""');
  const depth = (one: string, other: string) => bare.split(one).length - bare.split(other).length;
  if (bare.endsWith('\\') || depth('(', ')') > 0) return true;
  if (/^(else\s+)?if\b/.test(bare)) return !/\bthen\s*\S/.test(bare);
  return /^else$/.test(bare) || (DEFINITION.test(bare) && depth('{', '}') > 0);
}

const PART = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\}|(?<=\b(?:then|else)\s*)\{|[^'"{}]+|./gs;

function splitBlocks({ line, text }: { line: ConfigLine; text: string }): { line: ConfigLine; text: string }[] {
  const texts = [''];
  for (const [part] of text.matchAll(PART)) {
    const begun = texts.pop() ?? '';
    if (part === '}') texts.push(begun, part, '');
    else if (part === '{' && /\b(then|else)\s*$/.test(begun)) texts.push(`${begun.trim()} {`, '');
    else texts.push(begun + part);
  }
  return texts.map((each) => ({ line, text: each.trim() })).filter((each) => each.text !== '');
}

/** Up to a `#` that is not within quotes. */
function withoutComment(text: string): string {
  return /^(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^#'"]|['"])*?(?=#|$)/.exec(text)?.[0] ?? text;
}
