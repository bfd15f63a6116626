// What a match or a target extension is to the parser: the options it takes and what they mean.

import type { Note, Side } from '../facts/question.ts';
import type { Field } from '../model/field.ts';
import { type Action, type Condition, type Operand, type Pattern, type Unknown, unknown } from '../model/steps.ts';

/** An option of an extension as it stands in a rule. */
export type OptionUse = { readonly option: string; readonly negated: boolean; readonly values: readonly string[] };

/** What the meaning of an option may depend on. `chains`: the user's chains of the table. */
export type RuleContext = {
  readonly family: 'ip' | 'ip6';
  readonly variant: 'nft' | 'legacy';
  readonly chains: ReadonlySet<string>;
};

/** `options` gives the number of values that each option takes (long names without dashes). */
export type Extension<Lowered> = {
  readonly options: Readonly<Record<string, number>>;
  lower(args: readonly OptionUse[], context: RuleContext): readonly Lowered[];
};

/** A match may write something down, as `-m recent --set` does. */
export type Match = Extension<Condition | { readonly kind: 'note'; readonly note: Note }>;
export type Target = Extension<Action>;

/** Turns one option into conditions; null where its values can't be read. */
export type Reader = (
  values: readonly string[],
  negated: boolean,
  context: RuleContext,
) => Condition | readonly Condition[] | null;

/** A match whose options are independent conditions. Keys are `name` or `name|alias`; each reader comes with its number of values. */
export function matchOf(
  name: string,
  readers: Readonly<Record<string, readonly [arity: number, reader: Reader]>>,
): Match {
  const byOption = new Map(
    Object.entries(readers).flatMap(([names, entry]) => names.split('|').map((option) => [option, entry] as const)),
  );
  return {
    options: Object.fromEntries([...byOption].map(([option, [arity]]) => [option, arity])),
    lower: (args, context) =>
      args.flatMap(
        (argument) =>
          byOption.get(argument.option)?.[1](argument.values, argument.negated, context) ?? unread(name, argument),
      ),
  };
}

/** A match of which only the name is understood: it takes any option. */
export function unknownMatch(name: string, settledBy = `what "-m ${name}" matches`): Match {
  return { options: {}, lower: (args) => [unknown(`-m ${name}${showArguments(args)}`, settledBy)] };
}

/** An option whose value can't be read. */
export function unread(name: string, argument: OptionUse): Unknown {
  return unknown(`${name}:${showArguments([argument])}`, 'a value that can be read');
}

/** ` ! --option value` for each, as in the rule. */
export function showArguments(args: readonly OptionUse[]): string {
  return args
    .map(({ option, negated, values }) => ` ${[...(negated ? ['!'] : []), `--${option}`, ...values].join(' ')}`)
    .join('');
}

/** The field, as it is. */
export function field(name: Field, mask?: number | bigint): Operand {
  return mask === undefined ? { kind: 'field', field: name } : { kind: 'field', field: name, mask };
}

export function compare(operand: Operand, values: readonly Pattern[], negated: boolean): Condition {
  return { kind: 'compare', operand, negated, values };
}

/** Met (or, negated, not met) when one of the bits is set. `absent`: met without the field. */
export function anyBit(name: Field, bits: number, negated: boolean, absent = false): Condition {
  return { kind: 'compare', operand: field(name, bits), negated: !negated, values: [0], absent };
}

/** Never met, by whatever packet on lo. */
const never: Condition = { kind: 'any', of: [] };

/** No condition at all where `holds`, else one that is never met. */
export function fixed(holds: boolean): readonly Condition[] {
  return holds ? [] : [never];
}

/** `src,dst` as xt_set and its like take them; null for anything else. */
export function readSides(text: string): readonly Side[] | null {
  const sides = text.split(',').map((side) => (side === 'src' || side === 'dst' ? side : null));
  return sides.every((side) => side !== null) ? sides : null;
}
