// An added rule in nft's words.
import type { AddedRule, Limit, ServicePackets } from './added-rule.ts';

/**
 * The rule as nft takes it, and as `nft -s list ruleset` prints it. Null where the conditions of the rule to copy can't be told from its text.
 * Sample: `oifname "lo" tcp dport 25 counter accept comment "lo-doctor 7f3a: permit tcp/25 on loopback"`
 */
export function nftRule({ direction, traffic, copied, only, limit, action, comment }: AddedRule): string | null {
  const conditions = copied === null ? '' : copyConditions(copied.text);
  if (conditions === null) return null;
  const words = [
    `${direction === 'out' ? 'oifname' : 'iifname'} ${traffic === 'other' ? '!= ' : ''}"lo"`,
    conditions,
    only === null ? '' : serviceWords(only),
    limit === null ? '' : limitWords(limit),
    'counter',
    action.kind === 'accept' ? 'accept' : `log prefix "${action.prefix}" flags skuid`,
    `comment "${comment}"`,
  ];
  return words.filter((word) => word !== '').join(' ');
}

/** How nft prints the types of a ping. */
const ECHO: Readonly<Record<number, string>> = {
  8: 'echo-request',
  0: 'echo-reply',
  128: 'echo-request',
  129: 'echo-reply',
};

function limitWords({ rate, per, burst }: Limit): string {
  // nft leaves a burst of 5 out: it is the default.
  return `limit rate ${rate}/${per}${burst === 5 ? '' : ` burst ${burst} packets`}`;
}

function serviceWords({ of, established, service }: ServicePackets): string {
  const header =
    'port' in service
      ? `${service.protocol} ${of === 'request' ? 'dport' : 'sport'} ${service.port}`
      : `${service.protocol} type ${ECHO[service.type] ?? service.type}`;
  return established ? `${header} ct state established` : header;
}

/**
 * What stands before the verdict, without counters. A second condition on the interface does no harm in nft, so the rule's own may stay.
 * Sample: `oifname != "eth0" tcp dport { 25, 587 } counter reject with icmp port-unreachable comment "no mail"`
 */
const NO_CONDITION = '';

function copyConditions(text: string): string | null {
  const judged = /^(?:(.*?) )?(?:drop|reject(?: with [^"]*)?)(?: comment "[^"]*")?$/.exec(text);
  if (judged === null) return null;
  return (judged[1] ?? NO_CONDITION).replace(/(?:^| )counter(?: name "?[^" ]+"?)?(?= |$)/g, '').trim();
}
