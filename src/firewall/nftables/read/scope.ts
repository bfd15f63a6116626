// What lowering one rule has to know of its table, and what it leaves there.
import type { Chain, Family } from '../../model/model.ts';
import type { Unknown } from '../../model/steps.ts';
import type { Datatype } from '../datatypes.ts';
import type { Json } from './json.ts';

/** A named set or map: the types of its key's parts and, for a map that holds values, of its data's parts. */
export type NamedSet = { readonly key: readonly Datatype[]; readonly data: readonly Datatype[] };

/**
 * One table while its rules are lowered; `objects` are its limits and quotas by `limit name`. Chains that stand inside of
 * rules are added to `chains`, sets that rules change to `changing`.
 */
export type Scope = {
  readonly family: Family;
  readonly sets: ReadonlyMap<string, NamedSet>;
  readonly objects: ReadonlyMap<string, Json>;
  readonly chains: Map<string, Chain>;
  readonly changing: Set<string>;
  /** What its being in force hangs on, where that is not known. */
  readonly inForce: Unknown | null;
};
