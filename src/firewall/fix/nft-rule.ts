// An added rule in nft's words.
import type { AddedRule, ServicePackets } from './added-rule.ts';

/**
 * The rule as nft prints it, without its counter and comment, and with them. Null where the conditions of the rule to copy can't be told from its text.
 * Sample: `oifname "lo" tcp dport 25 counter accept comment "lo-doctor 7f3a: permit tcp/25 on loopback"`
 */
export function nftRule({ direction, traffic, copied, only, limit, action, comment }: AddedRule): {
  text: string;
  statement: string;
} | null {
  const conditions = copied === null ? '' : copyConditions(copied.text);
  if (conditions === null) return null;
  const match = [
    `${direction === 'out' ? 'oifname' : 'iifname'} ${traffic === 'other' ? '!= ' : ''}"lo"`,
    conditions,
    only === null ? '' : serviceWords(only),
    limit === null ? '' : `limit rate ${limit.rate}/${limit.per} burst ${limit.burst} packets`,
  ];
  const judge = action.kind === 'accept' ? 'accept' : `log prefix "${action.prefix}" flags skuid`;
  const write = (words: readonly string[]) => words.filter((word) => word !== '').join(' ');
  return { text: write([...match, judge]), statement: write([...match, 'counter', judge, `comment "${comment}"`]) };
}

function serviceWords({ of, established, service }: ServicePackets): string {
  const header =
    'port' in service
      ? `${service.protocol} ${of === 'request' ? 'dport' : 'sport'} ${service.port}`
      : `${service.protocol} type ${service.type}`;
  return established ? `${header} ct state established` : header;
}

/**
 * What stands before the verdict. A second condition on the interface does no harm in nft, so the rule's own may stay.
 * Sample: `oifname != "eth0" tcp dport { 25, 587 } counter packets 0 bytes 0 reject with icmp port-unreachable comment "no mail"`
 */
function copyConditions(text: string): string | null {
  const judged = /^(?:(.*?) )?(?:drop|reject(?: with [^"]*)?)(?: comment "[^"]*")?$/.exec(text);
  const conditions = judged?.[1] ?? '';
  if (judged === null || /(?:^| )(?:log|limit|quota|vmap|queue|set)(?: |$)/.test(conditions)) return null;
  return conditions.replace(/(?:^| )counter(?: packets \d+ bytes \d+| name "?[^" ]+"?)?(?= |$)/g, '').trim();
}
