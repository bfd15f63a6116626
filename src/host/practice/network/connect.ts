// Opening a connection on the practice server: how long the client waits, and what it sees in the end.

import type { Server } from '../server.ts';
import { exchangeOnEth0 } from './exchange-on-eth0.ts';
import { exchangeOnLoopback } from './exchange-on-loopback.ts';
import { startTalk, type Talk, type TalkEnd, type TalkTarget } from './talk.ts';

/** The kernel sends a lost SYN again after a second. Nobody who practises should wait for much more than that. */
const RETRANSMIT_AFTER = 1;
const PATIENCE = 1.2;
/** How long an answer takes, by the device it comes from. */
const ROUND_TRIP = { lo: 0.002, eth0: 0.03 };

/** Opens it, and waits in vain for `patience` seconds at most, and never longer than one should have to in practice. */
export async function connect(
  server: Server,
  target: TalkTarget,
  signal: AbortSignal,
  patience = PATIENCE,
): Promise<TalkEnd> {
  const talk = startTalk(server, target);
  await server.clock.sleep(ROUND_TRIP[talk.device], signal);
  const first = exchange(talk, 0);
  const waits = first.end === 'timed-out' ? Math.min(patience, PATIENCE) : 0;
  const isSentAgain = target.protocol === 'tcp' && waits >= RETRANSMIT_AFTER;
  if (!(await server.clock.sleep(isSentAgain ? RETRANSMIT_AFTER : waits, signal)) || !isSentAgain) return first;
  const again = exchange(talk, 1);
  if (again.end === 'timed-out') await server.clock.sleep(waits - RETRANSMIT_AFTER, signal);
  return again;
}

function exchange(talk: Talk, attempt: number): TalkEnd {
  return talk.device === 'lo' ? exchangeOnLoopback(talk, attempt) : exchangeOnEth0(talk, attempt);
}
