// The rule that lets a stopped packet through: all of lo, or only the service that the packet belongs to.
import type { Hook, Ruleset } from '../../model/model.ts';
import type { Transport } from '../../model/packet.ts';
import { metRules, ruleAt, type StopOnWay } from '../place/find-stops.ts';
import type { AddedRule, ServicePackets } from './added-rule.ts';
import { tagOf } from './tag.ts';

/** Permits everything that goes over lo, in the direction of the hook. */
export function permitLoopback(hook: Hook, caseId: string): AddedRule {
  return permit(hook, null, `${tagOf(caseId)}permit loopback`);
}

/**
 * Permits what the stopped packet stands for: the requests to its service, or the replies from there, as the packet's headers are at
 * that hook (a redirect may have changed them). Replies are held to connections that conntrack knows, where it knows them (`strict`).
 * Null for packets that belong to no service: the errors that a REJECT sends.
 */
export function permitService(
  ruleset: Ruleset,
  stop: StopOnWay,
  { strict, caseId }: { strict: boolean; caseId: string },
): AddedRule | null {
  if (stop.packet === 'error') return null;
  const of = stop.packet.endsWith('reply') ? 'reply' : 'request';
  const service = serviceOf(stop.hook.packet.transport, of === 'request' ? redirectedPort(ruleset, stop) : null, of);
  if (service === null) return null;
  const name = 'port' in service ? `${service.protocol}/${service.port}` : 'ping';
  const words = of === 'request' ? `permit ${name} on loopback` : `permit replies of ${name} on loopback`;
  return permit(stop.hook.hook, { of, established: of === 'reply' && strict, service }, `${tagOf(caseId)}${words}`);
}

/** The side from which a hook sees lo. */
export function directionAt(hook: Hook): 'in' | 'out' {
  return hook === 'output' || hook === 'postrouting' || hook === 'egress' ? 'out' : 'in';
}

function permit(hook: Hook, only: ServicePackets | null, comment: string): AddedRule {
  return {
    direction: directionAt(hook),
    traffic: 'loopback',
    copied: null,
    only,
    limit: null,
    action: { kind: 'accept' },
    comment,
  };
}

function serviceOf(
  transport: Transport,
  redirected: number | null,
  of: 'request' | 'reply',
): ServicePackets['service'] | null {
  if ('type' in transport) return { protocol: transport.kind, type: transport.type };
  const port = redirected ?? (of === 'request' ? transport.destinationPort : transport.sourcePort);
  return port === null ? null : { protocol: transport.kind, port };
}

/** The port that a rule met at the same hook has redirected the packet to: the hook's later rules see this one. */
function redirectedPort(ruleset: Ruleset, { hook }: StopOnWay): number | null {
  for (const rule of metRules(hook)) {
    for (const step of ruleAt(ruleset, rule)?.steps ?? []) {
      if (step.kind !== 'nat' || step.nat === 'snat' || step.nat === 'masquerade') continue;
      if (step.port?.kind === 'range' && step.port.from === step.port.to) return step.port.from;
      if (step.port?.kind === 'constant' && typeof step.port.value === 'number') return step.port.value;
    }
  }
  return null;
}
