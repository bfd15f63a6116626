// Whether a program reads what a rule hands to a queue.
import type { Verdict } from '../model/steps.ts';

/** `queue` is `0`, or `0:3` and `0-3` for several that share the packets; `queues` are those that are read, null where that is not known. */
export function whoReads(
  { queue }: Extract<Verdict, { kind: 'queue' }>,
  queues: ReadonlySet<number> | null,
): 'nobody' | 'a program' | 'not known' {
  const [, first, last = first] = /^(\d+)(?:[:-](\d+))?$/.exec(queue) ?? [];
  if (queues === null || first === undefined || last === undefined) return 'not known';
  const read = [...queues].filter((number) => number >= Number(first) && number <= Number(last)).length;
  if (read === 0) return 'nobody';
  return read > Number(last) - Number(first) ? 'a program' : 'not known';
}
