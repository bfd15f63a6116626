// Parses the JSON of `nft -j list ruleset` into tables of the model.
import type { Base, Chain, ElementSet, Hook, Rule, Table } from '../../model/model.ts';
import { type Unknown, unknown } from '../../model/steps.ts';
import { lowerNftRule } from '../lower/lower-rule.ts';
import { hasOwnConditions, lowerElements } from '../lower/lower-set.ts';
import { printRule } from '../print-rule.ts';
import { declaredTypes } from '../types.ts';
import { contentOf, isList, type Json, type JsonRecord, listOf, numberAt, stringAt } from './json.ts';
import { notNft, readDocument, type TableDocument } from './read-document.ts';
import { readScript } from './read-script.ts';
import type { NamedSet, Scope } from './scope.ts';

/**
 * The tables of `nft -j list ruleset` (nft 1.0 and later), in the order of their creation:
 * `{"nftables": [{"metainfo": …}, {"table": …}, {"chain": …}, {"rule": {"family": "inet", "table": "t", "chain": "out", "handle": 4,
 * "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 25}}, {"drop": null}]}}]}`.
 * What lo-doctor does not know becomes an unknown step; throws ParseError for text that is not nft's JSON.
 */
export function parseNftRuleset(text: string, { file }: { file: string }): Table[] {
  return readDocument(text, file).map((document) => lowerTable(document, file));
}

/** The tables of nft's text: `nft list ruleset`, or a script such as nftables.conf. Throws ParseError, its lines counted from `firstLine`. */
export function parseNftScript(text: string, { file, firstLine = 1 }: { file: string; firstLine?: number }): Table[] {
  return readScript(text, file, firstLine).map((document) => lowerTable(document, file));
}

function lowerTable(document: TableDocument, file: string): Table {
  const scope = scopeOf(document, file);
  const rules = Map.groupBy(document.rules, (rule) => required(rule, 'chain', file));
  for (const chain of document.chains) {
    const name = required(chain, 'name', file);
    scope.chains.set(name, lowerChain({ name, json: chain, rules: rules.get(name) ?? [] }, scope, file));
  }
  return {
    layer: 'nftables',
    variant: null,
    family: document.family,
    name: document.name,
    dormant: listOf(document.table.flags).includes('dormant'),
    chains: scope.chains,
    sets: new Map(
      document.sets.map((set) => {
        const name = required(set, 'name', file);
        return [name, lowerNamedSet(name, set, scope)];
      }),
    ),
  };
}

function scopeOf({ family, table, sets, objects }: TableDocument, file: string): Scope {
  return {
    family,
    sets: new Map(sets.map((set) => [required(set, 'name', file), typesOfSet(set)])),
    objects: new Map(objects.map(({ kind, content }) => [`${kind} ${required(content, 'name', file)}`, content])),
    chains: new Map(),
    changing: new Set(),
    inForce: doubtOf(table),
  };
}

/** A name without which it can't be told what the object is. */
function required(json: JsonRecord, key: string, file: string): string {
  const name = stringAt(json, key);
  if (name === undefined) throw notNft(file, JSON.stringify(json));
  return name;
}

/** nft 1.0.6 prints flags of a table as whatever stands in its memory. */
function doubtOf(table: JsonRecord): Unknown | null {
  const strange = listOf(table.flags).some((flag) => !TABLE_FLAGS.includes(flag));
  return strange ? unknown(`table ${stringAt(table, 'name')} is not dormant`, '`nft list tables`') : null;
}

const TABLE_FLAGS: readonly Json[] = ['dormant', 'owner', 'persist'];

function typesOfSet(set: JsonRecord): NamedSet {
  return { key: declaredTypes(set.type), data: declaredTypes(set.map) };
}

/** Elements that come and go with the traffic are those of the moment of the dump; what limits of their own let pass is not known. */
function lowerNamedSet(name: string, set: JsonRecord, { changing }: Scope): ElementSet {
  const dynamic = listOf(set.flags).includes('dynamic') || changing.has(name);
  if (hasOwnConditions(listOf(set.stmt))) return { known: false, elements: [] };
  const lowered = lowerElements(listOf(set.elem), typesOfSet(set));
  return dynamic && lowered.known ? { ...lowered, known: false, changes: true } : lowered;
}

type ChainDocument = { readonly name: string; readonly json: JsonRecord; readonly rules: readonly JsonRecord[] };

function lowerChain({ name, json, rules }: ChainDocument, scope: Scope, file: string): Chain {
  const base = baseOf(json, scope, file);
  const lowered = rules.map((rule, index) => lowerOneRule(rule, index + 1, scope));
  if (base === null) return { name, base, rules: lowered };
  if (base.devices.length > 0 || !isDeviceHook(base.hook))
    return inForceIf(scope.inForce, { name, base, rules: lowered });
  // nft 1.0.6 doesn't say for which devices such a chain is.
  const isLo = unknown(`chain ${name} is for the device lo`, '`nft list chains netdev`');
  return inForceIf(isLo, { name, base: { ...base, devices: ['lo'] }, rules: lowered });
}

function lowerOneRule(json: JsonRecord, number: number, scope: Scope): Rule {
  const statements = contentOf(json, 'expr');
  const comment = stringAt(json, 'comment') ?? null;
  const list = isList(statements) ? statements : null;
  return {
    number,
    text: printRule(list ?? [], comment, scope.family),
    line: null,
    handle: numberAt(json, 'handle') ?? null,
    comment,
    steps: lowerNftRule(list, scope),
  };
}

/** `{"type": "filter", "hook": "output", "prio": 0, "policy": "drop"}`, and `dev` for netdev. */
function baseOf(json: JsonRecord, { family }: Scope, file: string): Base | null {
  const hook = HOOKS.find((one) => one === json.hook);
  const type = TYPES.find((one) => one === json.type);
  if (hook === undefined || type === undefined || family === 'arp' || family === 'bridge') return null;
  const devices = listOf(json.dev).filter((device) => typeof device === 'string');
  const policy = json.policy === 'drop' ? 'drop' : 'accept';
  const priority = numberAt(json, 'prio');
  if (priority === undefined) throw notNft(file, JSON.stringify(json));
  return { hook, priority, type, policy, devices };
}

const HOOKS: readonly Hook[] = ['prerouting', 'input', 'forward', 'output', 'postrouting', 'ingress', 'egress'];
const TYPES: readonly Base['type'][] = ['filter', 'nat', 'route'];

function isDeviceHook(hook: Hook): boolean {
  return hook === 'ingress' || hook === 'egress';
}

/** A base chain of which it is not known whether packets on lo meet it: no rule of it, nor its policy, is sure. */
function inForceIf(doubt: Unknown | null, { name, base, rules }: Chain & { readonly base: Base }): Chain {
  if (doubt === null) return { name, base, rules };
  const doubtful = rules.map((rule) => ({ ...rule, steps: [doubt, ...rule.steps] }));
  if (base.policy === 'accept') return { name, base, rules: doubtful };
  const policy: Rule = {
    number: 0,
    text: 'policy drop',
    line: null,
    handle: null,
    comment: null,
    steps: [doubt, { kind: 'verdict', verdict: { kind: 'drop' } }],
  };
  return { name, base: { ...base, policy: 'accept' }, rules: [...doubtful, policy] };
}
