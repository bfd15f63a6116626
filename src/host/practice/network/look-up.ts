// Looking a name up on the practice server: in /etc/hosts, else by asking the resolver over lo, where there is one.
import type { Call } from '../program.ts';
import { connect } from './connect.ts';

/** The bytes of a usual question. */
const QUESTION = 40;

/** The addresses of a name, in the order in which programs try them; empty where it is not known, or where nobody answers. */
export async function lookUp(
  { server, uid, signal }: Pick<Call, 'server' | 'uid' | 'signal'>,
  name: string,
): Promise<readonly string[]> {
  const { resolver } = server;
  const addresses = server.resolve(name);
  if (resolver === null || server.isInHosts(name) || addresses[0] === name) return addresses;
  const target = { protocol: 'udp', destination: resolver, port: 53, uid, size: QUESTION } as const;
  const { end } = await connect(server, target, signal);
  return end === 'connected' ? addresses : [];
}
