// How addresses, ports and conversations are named to people.
import type { Conversation } from '../firewall/conversation/trace.ts';
import { findWellKnownService } from '../log/conversations/services.ts';

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
  if (port === null) return 'no port';
  const service = findWellKnownService(port);
  return service === null ? `port ${port}` : `${service.label} (port ${port})`;
};
