// A command's arguments by Node's own parser, which has no words for mistakes: those are commander's.
import { parseArgs } from 'node:util';
import type { CommandSpec } from './commands.ts';
import { PROGRAM_OPTIONS } from './commands.ts';
import { flagOf, type Options, type ValuesOf } from './option.ts';

export type Arguments<O extends Options> = { values: ValuesOf<O>; positionals: string[]; json: boolean };

/** What is said of a command, where every word is as it should be; null where only the whole command line has an answer. */
export function readQuickly<S extends CommandSpec>(spec: S, args: string[]): Arguments<S['options']> | null {
  const known: Options = { ...spec.options, json: PROGRAM_OPTIONS.json };
  try {
    const { tokens, positionals } = parseArgs({ args, options: toNode(known), allowPositionals: true, tokens: true });
    const flags = new Map(Object.entries(known).map(([name, option]) => [flagOf(name, option), name]));
    const values: Record<string, unknown> = initialValues(known);
    for (const token of tokens) {
      const name = token.kind === 'option' ? flags.get(`--${token.name}`) : undefined;
      if (token.kind === 'option' && name !== undefined)
        values[name] = known[name]?.add(token.value ?? '', values[name]);
    }
    if (spec.argument === null && positionals.length > 0) return null;
    return isComplete<S['options']>(spec.options, values) ? { values, positionals, json: values.json === true } : null;
  } catch {
    return null;
  }
}

const initialValues = (options: Options) =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, { initial }]) => (initial ? [[name, initial.value]] : [])),
  );

/** Each value comes from its own option's `initial` or `add`, so what is left to see is that none is missing. */
const isComplete = <O extends Options>(options: O, values: Record<string, unknown>): values is ValuesOf<O> =>
  Object.keys(options).every((name) => Object.hasOwn(values, name));

const toNode = (options: Options) =>
  Object.fromEntries(
    Object.entries(options).map(([name, option]) => [
      flagOf(name, option).slice(2),
      { type: option.placeholder === null ? ('boolean' as const) : ('string' as const), multiple: true },
    ]),
  );
