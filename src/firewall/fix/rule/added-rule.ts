// A rule that lo-doctor adds, before it is written in an owner's language: what it sees of lo, and what it does with it.

import type { Field } from '../../model/field.ts';
import type { Rule } from '../../model/model.ts';
import { type Condition, isCondition, type Pattern, type Step } from '../../model/steps.ts';

/**
 * The rule sees packets that leave by lo (`out`) or come in by it (`in`); with `traffic: other`, those of all other interfaces. `copied`:
 * the rule whose conditions have to hold as well. `only`: the packets of one service. `limit`: no more than that.
 */
export type AddedRule = {
  readonly direction: 'in' | 'out';
  readonly traffic: 'loopback' | 'other';
  readonly copied: Rule | null;
  readonly only: ServicePackets | null;
  readonly limit: Limit | null;
  readonly action: { readonly kind: 'accept' } | { readonly kind: 'log'; readonly prefix: string };
  readonly comment: string;
};

export type Limit = { readonly rate: number; readonly per: 'second' | 'minute'; readonly burst: number };

/** The requests to a service, or its replies; `established`: only those of a connection that conntrack knows. */
export type ServicePackets = {
  readonly of: 'request' | 'reply';
  readonly established: boolean;
  readonly service:
    | { readonly protocol: 'tcp' | 'udp'; readonly port: number }
    | { readonly protocol: 'icmp' | 'icmpv6'; readonly type: number };
};

/** What the rule does, in the evaluator's terms. */
export function stepsOf({ direction, traffic, copied, only, limit, action }: AddedRule): Step[] {
  return [
    compare(direction === 'out' ? 'meta oifname' : 'meta iifname', ['lo'], traffic === 'other'),
    ...(copied?.steps.filter(isCondition) ?? []),
    ...(only === null ? [] : serviceConditions(only)),
    ...(limit === null ? [] : [limitCondition(limit)]),
    action.kind === 'accept'
      ? { kind: 'verdict', verdict: { kind: 'accept' } }
      : { kind: 'log', prefix: action.prefix, level: 4, group: null, uid: true },
  ];
}

const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;
const ESTABLISHED = 2;

function serviceConditions({ of, established, service }: ServicePackets): Condition[] {
  const header =
    'port' in service
      ? compare(`${service.protocol} ${of === 'request' ? 'dport' : 'sport'}`, [service.port])
      : compare(`${service.protocol} type`, [service.type]);
  return [compare('meta l4proto', [PROTOCOL[service.protocol]]), header, ...(established ? [ofEstablished] : [])];
}

const ofEstablished: Condition = {
  kind: 'compare',
  operand: { kind: 'field', field: 'ct state', mask: ESTABLISHED },
  negated: true,
  values: [0],
};

function limitCondition({ rate, per, burst }: Limit): Condition {
  return { kind: 'sometimes', what: `limit ${rate}/${per} burst ${burst}`, limit: true, fresh: 'yes' };
}

function compare(field: Field, values: readonly Pattern[], negated = false): Condition {
  return { kind: 'compare', operand: { kind: 'field', field }, negated, values };
}
