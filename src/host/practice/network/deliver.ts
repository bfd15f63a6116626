// Taking a packet through the hooks: rules count it, LOG rules write it down, and it arrives or it does not.

import type { HookTrace } from '../../../firewall/conversation/trace.ts';
import { evaluatePacket } from '../../../firewall/conversation/travel.ts';
import type { Hook } from '../../../firewall/model/model.ts';
import type { Packet } from '../../../firewall/model/packet.ts';
import { lengthOf, printPacket, type Wire } from '../log/log-packet.ts';
import { surroundingsOf, type Talk } from './talk.ts';

const WAY: readonly Hook[] = ['output', 'postrouting', 'prerouting', 'input'];

/** A packet whose way is known: the packet as it arrived, or null where a rule stopped it. */
export function deliver({ server, device }: Talk, hooks: readonly HookTrace[], wire: Wire): Packet | null {
  for (const hook of hooks) {
    for (const { log } of server.kernel.count(hook, lengthOf(hook.packet, wire))) {
      if (log.group === null) server.log.kernel(printPacket(hook, wire, log, device), log.level);
    }
  }
  return arrivalOf(hooks);
}

/** The packet at the end of these hooks, or null where a rule stopped it. */
export function arrivalOf(hooks: readonly HookTrace[]): Packet | null {
  const last = hooks.at(-1);
  return last === undefined || isStopped(last) ? null : last.packet;
}

/** A packet that the kernel itself sends over lo, hook by hook. */
export function sendFromKernel(talk: Talk, packet: Packet, wire: Wire): Packet | null {
  const { kernel } = talk.server;
  for (const hook of WAY) {
    const trace = evaluatePacket(kernel.ruleset(), packet, hook, surroundingsOf(talk.server, null));
    if (deliver(talk, [trace], wire) === null) return null;
  }
  return packet;
}

function isStopped({ verdict }: HookTrace): boolean {
  return verdict === 'drop' || verdict === 'reject';
}
