// Lowers limits and quotas, which are met or not depending on the traffic so far.
import type { Condition } from '../../model/steps.ts';
import { contentOf, type Json, numberAt, stringAt } from '../read/json.ts';

/** More bytes than the first packets of a conversation have. */
const PLENTY = 1500;

/** nft leaves out what is used where it is nothing. */
const UNUSED = 0;

const UNITS: Partial<Record<string, number>> = { bytes: 1, kbytes: 1024, mbytes: 1024 ** 2, gbytes: 1024 ** 3 };

/** `{"rate": 5, "burst": 5, "per": "minute", "inv": true}`; a limit on bytes lets a packet pass that is within rate and burst. */
export function lowerLimit(content: Json, what: string): Condition {
  const inverted = contentOf(content, 'inv') === true;
  const unit = stringAt(content, 'rate_unit');
  const enough =
    unit === undefined || unit === 'packets' ? numberAt(content, 'rate') !== undefined : allowance(content) >= PLENTY;
  return { kind: 'sometimes', what, limit: true, fresh: enough ? (inverted ? 'no' : 'yes') : 'unknown' };
}

/** The bytes that surely pass at once: what isn't known of them isn't counted. */
function allowance(content: Json): number {
  const parts = [bytes(content, 'rate'), bytes(content, 'burst')];
  return parts.filter((part) => part !== null).reduce((sum, part) => sum + part, 0);
}

/** `{"val": 100, "val_unit": "mbytes", "inv": true, "used": …}`, or the table's object `{"bytes": …, "used": …}`. */
export function lowerQuota(content: Json, what: string): Condition {
  const inverted = contentOf(content, 'inv') === true;
  const total = numberAt(content, 'bytes') ?? bytes(content, 'val');
  if (total === null) return { kind: 'sometimes', what, limit: false, fresh: 'unknown' };
  const used = contentOf(content, 'used') === undefined ? UNUSED : bytes(content, 'used');
  if (used === null) return { kind: 'sometimes', what, limit: false, fresh: 'unknown' };
  const left = total - used;
  const fresh = left <= 0 ? inverted : left >= PLENTY ? !inverted : null;
  const asks = { question: { on: 'quota', left }, negated: inverted } as const;
  return { kind: 'sometimes', what, limit: false, fresh: fresh === null ? 'unknown' : fresh ? 'yes' : 'no', asks };
}

/** Null where it is not said, or in a unit that is not known. */
function bytes(content: Json, key: string): number | null {
  const number = numberAt(content, key);
  const unit = UNITS[stringAt(content, `${key}_unit`) ?? 'bytes'];
  return number === undefined || unit === undefined ? null : number * unit;
}
