// Reads nft's text (`nft list ruleset`, nftables.conf) as the document that `nft -j list ruleset` would print of it.
import { at } from '../../../at.ts';
import type { Family } from '../../model/model.ts';
import { ParseError } from '../../model/parse-error.ts';
import { contentOf, isRecord, type Json, type JsonRecord } from './json.ts';
import type { TableDocument } from './read-document.ts';
import { isChainHead, parseChainHead, parseScriptRule } from './read-script-chain.ts';
import { parseElements, readSet } from './read-script-set.ts';
import { blankComments, type ScriptStatement, splitStatements } from './script-text.ts';

type Range = { readonly from: number; readonly to: number };
type Script = {
  readonly text: string;
  readonly file: string;
  readonly firstLine: number;
  readonly tables: Map<string, TableDocument>;
  readonly variables: Map<string, string>;
};

/**
 * The tables of a script, in the order of their creation. Sample:
 *   table inet filter { chain output { type filter hook output priority 0; policy drop; tcp dport { 80, 443 } accept } }
 *   add rule inet filter output oifname "lo" accept
 * What a rule says and lo-doctor does not know stays in it as text; throws ParseError for what nft could not read either, and for what
 * the text alone does not tell (included files).
 */
export function readScript(text: string, file: string, firstLine = 1): TableDocument[] {
  const script: Script = { text: blankComments(text), file, firstLine, tables: new Map(), variables: new Map() };
  for (const statement of statementsOf(script, { from: 0, to: text.length }, FILE_BLOCKS))
    readCommand(script, statement);
  return [...script.tables.values()];
}

const OBJECTS = 'counter|quota|limit|secmark|synproxy|flowtable|ct\\s+(?:helper|timeout|expectation)';
const FILE_BLOCKS = new RegExp(`^(?:(?:add|create|destroy)\\s+)?(?:table|chain|set|map|${OBJECTS})\\s`);
const TABLE_BLOCKS = new RegExp(`^(?:chain|set|map|meter|${OBJECTS})\\s`);
const FAMILIES: readonly Family[] = ['ip', 'ip6', 'inet', 'netdev', 'arp', 'bridge'];

function statementsOf(script: Script, range: Range, endsAtBrace: RegExp | null): readonly ScriptStatement[] {
  const { statements, wrongAt } = splitStatements(script.text, range, endsAtBrace);
  if (wrongAt !== null) throw wrong(script, wrongAt, 'a closing brace for each opening one');
  return statements;
}

function readCommand(script: Script, statement: ScriptStatement): void {
  const { head, block, start } = statement;
  if (readVariable(script, statement)) return;
  const words = head.split(/\s+/);
  const verb = /^(add|create|insert|flush|delete|destroy|list|reset|replace)$/.test(at(words, 0))
    ? words.shift()
    : 'add';
  const kind = words.shift();
  if (verb === 'flush' && kind === 'ruleset') {
    script.tables.clear();
    return;
  }
  const family = FAMILIES.find((one) => one === words[0]) ?? 'ip';
  if (family === words[0]) words.shift();
  const [name, object] = words;
  if (kind === undefined || name === undefined) throw unreadable(script, statement);
  if ((verb === 'delete' || verb === 'destroy') && kind === 'table' && block === null) {
    script.tables.delete(`${family} ${name}`);
    return;
  }
  if (verb === 'flush' && (kind === 'table' || kind === 'chain')) {
    if (kind === 'chain' && object === undefined) throw unreadable(script, statement);
    flushRules(script, `${family} ${name}`, kind === 'chain' && object !== undefined ? object : null);
    return;
  }
  if (verb !== 'add' && verb !== 'create' && verb !== 'insert') throw unreadable(script, statement);
  const table = tableOf(script, family, name);
  const text = script.text.slice(start, start + head.length).replace(COMMAND, '');
  if (kind === 'table' && block !== null) readTable(script, table, block);
  else if (object === undefined) {
    if (kind !== 'table') throw unreadable(script, statement);
  } else if (kind === 'rule') addRule(script, table, { chain: object, text, start, first: verb === 'insert' });
  else if (kind === 'element') addElements(script, table, { name: object, text, start });
  else if (TABLE_BLOCKS.test(`${kind} `))
    readObject(script, table, { ...statement, head: `${kind} ${words.slice(1).join(' ')}` });
  else if (kind !== 'table') throw unreadable(script, statement);
}

/** `add rule inet filter output `, as far as the rule or the braces of the elements. */
const COMMAND = /^(?:(?:add|create|insert)\s+)?\w+\s+(?:(?:ip6?|inet|netdev|arp|bridge)\s+)?\S+\s+[^\s{]+\s*/;

/** `define ports = { 22, 80 }` */
function readVariable(script: Script, { head, start }: ScriptStatement): boolean {
  const [, name, value] = /^(?:re)?define\s+(\w+)\s*=\s*([\s\S]+)$/.exec(head) ?? [];
  if (name !== undefined && value !== undefined) {
    script.variables.set(name, substitute(script, value, start));
    return true;
  }
  if (/^include\b/.test(head))
    throw wrong(script, start, 'no other file: what this one includes is shown by `nft list ruleset` on the server');
  return /^undefine\b/.test(head);
}

function substitute(script: Script, text: string, start: number): string {
  return text.replace(/\$(\w+)/g, (_, name: string) => {
    const value = script.variables.get(name);
    if (value === undefined) throw wrong(script, start, `a definition of $${name}`);
    return value;
  });
}

function tableOf({ tables }: Script, family: Family, name: string): TableDocument {
  const key = `${family} ${name}`;
  const made = tables.get(key) ?? {
    family,
    name,
    table: { family, name },
    chains: [],
    rules: [],
    sets: [],
    objects: [],
  };
  tables.set(key, made);
  return made;
}

function flushRules(script: Script, key: string, chain: string | null): void {
  const table = script.tables.get(key);
  if (table === undefined) return;
  const kept = table.rules.filter((rule) => chain !== null && rule.chain !== chain);
  table.rules.splice(0, table.rules.length, ...kept);
}

function readTable(script: Script, table: TableDocument, block: Range): void {
  for (const statement of statementsOf(script, block, TABLE_BLOCKS)) {
    const { head } = statement;
    if (readVariable(script, statement) || /^comment\s/.test(head)) continue;
    const [, flags] = /^flags\s+(.*)$/.exec(head) ?? [];
    if (flags !== undefined) table.table = { ...table.table, flags: flags.split(/\s*,\s*/) };
    else if (TABLE_BLOCKS.test(head)) readObject(script, table, statement);
    else throw unreadable(script, statement);
  }
}

/** `chain output { … }`, `set allowed { … }`, `limit slow { rate 5/minute }` inside of a table. */
function readObject(script: Script, table: TableDocument, statement: ScriptStatement): void {
  const { head, block } = statement;
  const [, kind = '', name = ''] = /^(ct\s+\w+|\w+)\s+"?([^\s"]+)"?$/.exec(head) ?? [];
  if (name === '') throw unreadable(script, statement);
  const own = { family: table.family, table: table.name, name };
  if (kind === 'chain') readChain(script, table, { name, block });
  else readContent(script, table, { kind, own, statement });
}

type Content = { readonly kind: string; readonly own: JsonRecord; readonly statement: ScriptStatement };

/** Anything that has a body of its own, but no rules. */
function readContent(script: Script, table: TableDocument, { kind, own, statement }: Content): void {
  const { block, start } = statement;
  if (block === null) throw unreadable(script, statement);
  const body = substitute(script, script.text.slice(block.from, block.to), start);
  if (kind === 'set' || kind === 'map' || kind === 'meter') {
    const set = readSet(body);
    if (set === null) throw unreadable(script, statement);
    table.sets.push({ ...own, ...set });
  } else if (kind === 'limit' || kind === 'quota') {
    const [read] = parseScriptRule(`${kind} ${body.trim().replace(/;$/, '')}`)?.statements ?? [];
    const content = contentOf(read, kind);
    if (!isRecord(content)) throw unreadable(script, statement);
    table.objects.push({ kind, content: { ...content, ...own } });
  }
}

function readChain(script: Script, table: TableDocument, { name, block }: { name: string; block: Range | null }): void {
  const own: JsonRecord = { family: table.family, table: table.name, name };
  const known = table.chains.findIndex((chain) => chain.name === name);
  let chain: JsonRecord = table.chains[known] ?? own;
  const place = known < 0 ? table.chains.push(own) - 1 : known;
  for (const statement of block === null ? [] : statementsOf(script, block, null)) {
    if (readVariable(script, statement)) continue;
    const text = substitute(script, statement.head, statement.start);
    if (!isChainHead(text)) {
      addRule(script, table, { chain: name, text, start: statement.start, first: false });
      continue;
    }
    const head = parseChainHead(text);
    if (head === null) throw unreadable(script, statement);
    chain = { ...chain, ...head };
  }
  table.chains[place] = chain;
}

type Added = { readonly chain: string; readonly text: string; readonly start: number; readonly first: boolean };

function addRule(script: Script, table: TableDocument, { chain, text, start, first }: Added): void {
  const place = /^(?:index|position|handle)\s/.test(text);
  const rule = place ? null : parseScriptRule(substitute(script, text, start));
  if (rule === null)
    throw wrong(
      script,
      start,
      place ? 'a rule without a place of its own: `nft list ruleset` shows the result' : 'a rule of nft',
    );
  const expr: Json = rule.statements;
  const document: JsonRecord = {
    family: table.family,
    table: table.name,
    chain,
    expr,
    ...(rule.comment === null ? {} : { comment: rule.comment }),
  };
  if (first) table.rules.unshift(document);
  else table.rules.push(document);
}

function addElements(
  script: Script,
  table: TableDocument,
  { name, text, start }: { name: string; text: string; start: number },
): void {
  const place = table.sets.findIndex((set) => set.name === name);
  const set = table.sets[place];
  const added = set && parseElements(substitute(script, text, start), set);
  if (set === undefined || added == null) throw wrong(script, start, 'elements of a set that was declared');
  const before = Array.isArray(set.elem) ? set.elem : [];
  table.sets[place] = { ...set, elem: [...before, ...added] };
}

function unreadable(script: Script, { start }: ScriptStatement): ParseError {
  return wrong(script, start, 'a table, chain, set or rule of nft');
}

function wrong({ text, file, firstLine }: Script, at: number, expected: string): ParseError {
  const line = text.slice(0, at).split('\n').length - 1 + firstLine;
  const [shown = ''] = text.slice(at).split('\n');
  return new ParseError({ file, line, text: shown.trim(), expected });
}
