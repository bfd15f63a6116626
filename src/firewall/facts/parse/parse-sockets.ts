// Reads the sockets that wait for somebody, as ss prints them.
import { parseAddress } from '../../model/address.ts';
import type { OpenSocket } from '../facts.ts';

/**
 * `tcp LISTEN 0 5 127.0.0.1%lo:3129 0.0.0.0:*`, with a line of options behind it where ss was asked for them:
 * `	inet-sockopt: ( recverr is_icsk mc_loop transparent mc_all)`
 */
export function parseSockets(text: string, tellsOptions: boolean): OpenSocket[] {
  const sockets: OpenSocket[] = [];
  for (const line of text.split('\n')) {
    if (/^\s/.test(line)) {
      const last = sockets.pop();
      if (last !== undefined) sockets.push({ ...last, isTransparent: /\btransparent\b/.test(line) });
    } else {
      const socket = parseLine(line);
      if (socket !== null) sockets.push(socket);
    }
  }
  return tellsOptions ? sockets : sockets.map((socket) => ({ ...socket, isTransparent: null }));
}

function parseLine(line: string): OpenSocket | null {
  const [protocol, , , , local = '', ...rest] = line.trim().split(/\s+/);
  const [, written = '', device, port] = /^(.*?)(?:%([^\]:]+)\]?)?:(\d+)$/.exec(local) ?? [];
  if ((protocol !== 'tcp' && protocol !== 'udp') || port === undefined) return null;
  const bare = written.replace(/^\[|\]$/g, '');
  const address = bare === '*' || bare === '0.0.0.0' || bare === '::' ? null : parseAddress(bare);
  if (address === null && bare !== '*' && bare !== '0.0.0.0' && bare !== '::') return null;
  const families =
    bare === '*' ? (['ip', 'ip6'] as const) : bare.includes(':') ? (['ip6'] as const) : (['ip'] as const);
  const isTransparent = rest.join(' ').includes('inet-sockopt:') ? / transparent\b/.test(rest.join(' ')) : null;
  return { protocol, families, address, port: Number(port), device: device ?? null, isTransparent };
}
