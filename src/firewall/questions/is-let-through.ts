// Whether the rules stop a conversation.
import type { Trace } from '../conversation/trace.ts';

const LETS_THROUGH: Readonly<Record<Trace['outcome'], boolean>> = {
  works: true,
  leaves: true,
  blocked: false,
  unknown: false,
};

/** No rule stops it for sure: it works, or NAT sends it off lo, where no permit for loopback decides about it. */
export const isLetThrough = ({ outcome }: Pick<Trace, 'outcome'>): boolean => LETS_THROUGH[outcome];
