// Packets that a rule has declared to be for somebody else (`meta pkttype set`): who on this host does not take them.
import type { Ending, HookRun } from '../evaluate/evaluate-chain.ts';
import type { World } from '../evaluate/world.ts';
import type { Hook } from '../model/model.ts';
import { TO_HOST } from '../model/packet.ts';

/** `meta pkttype other`. */
const OTHER_HOST = 3;

/**
 * The worlds in which the kernel takes the packet behind the hook; the others end there, by the rule that set the type. TCP takes only
 * what is for this host (tcp_v4_rcv, tcp_v6_rcv), IP all but what is for another one (ip_rcv_core, ipv6_rcv).
 */
export function takeByType(run: HookRun, worlds: readonly World[]): World[] {
  if (worlds.every(({ packet: { type } }) => type === TO_HOST)) return [...worlds];
  return worlds.flatMap((world) => {
    const taken = isTaken(world, run.site.hook);
    const { typedBy } = world;
    if (taken === 'yes' || typedBy === undefined) return [world];
    const { doubt } = typedBy;
    const assuming = (holds: boolean): World => ({
      ...world,
      assumptions: [...world.assumptions, { doubt, packet: run.packet, holds, fresh: true }],
    });
    const ending = (one: World): Ending => ({ world: one, rule: doubt.rule, verdict: { kind: 'drop' } });
    run.endings.push(ending(taken === 'no' ? world : assuming(true)));
    return taken === 'no' ? [] : [assuming(false)];
  });
}

function isTaken({ packet: { type, transport } }: World, hook: Hook): 'yes' | 'no' | 'unknown' {
  const heeded = hook === 'ingress' || (hook === 'input' && transport.kind === 'tcp');
  if (!heeded || type === TO_HOST) return 'yes';
  if (type === null) return 'unknown';
  return hook === 'input' || type === OTHER_HOST ? 'no' : 'yes';
}
