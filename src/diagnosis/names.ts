// How findings call rules, conversations and services.
import { nameTool } from '../firewall/name-layer.ts';
import type { Conversation, RulePlace } from '../firewall/trace.ts';
import { findService } from '../log/services.ts';

/** `ip6tables table filter, chain OUTPUT, rule 7: -A OUTPUT -j DROP`, `nftables table inet fw, …`; in brackets what its owner calls it. */
export const nameRule = (rule: RulePlace): string => {
  const { layer, family, chain, number, text, origin } = rule;
  const table = layer === 'nftables' ? `${family} ${rule.table}` : rule.table;
  const place = `${nameTool(rule)} table ${table}, chain ${chain}, ${number === 0 ? 'policy' : `rule ${number}`}`;
  return `${place}: ${text}${origin === undefined ? '' : ` [${origin}]`}`;
};

/** `127.0.0.1:25`, `[::1]:25`, `127.0.0.1` */
export const nameAddress = (address: string, port: number | null): string => {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
};

/** `TCP to 127.0.0.1:25` */
export const nameConversation = ({ protocol, destination, destinationPort }: Conversation): string =>
  `${protocol.toUpperCase()} to ${nameAddress(destination, destinationPort)}`;

/** `SMTP (port 25)`, `port 4711` */
export const namePort = (port: number | null): string => {
  const service = port === null ? null : findService(port);
  return service === null ? `port ${port}` : `${service.label} (port ${port})`;
};

/** `1 packet`, `2 packets` */
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;
