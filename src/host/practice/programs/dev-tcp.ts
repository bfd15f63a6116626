// bash's /dev/tcp/HOST/PORT and /dev/udp/HOST/PORT: the way to open a connection where nothing but bash is installed.
import { connect } from '../network/connect.ts';
import { WORDS } from '../network/end-words.ts';
import { lookUp } from '../network/look-up.ts';
import type { TalkEnd } from '../network/talk.ts';
import { type Call, type Ended, printed } from '../program.ts';

const HOW_LONG = 3;

/** Runs a script whose point is such a connection, printing what the server says first; null where it has none. */
export function openDevice(call: Call, text: string, parameters: readonly string[]): Promise<Ended> | null {
  const filled = text.replaceAll(/\$([0-9])/g, (_, index) => parameters[Number(index)] ?? '');
  const [path, protocol, host = '', port = ''] = /\/dev\/(tcp|udp)\/([^/\s"']+)\/(\w+)/.exec(filled) ?? [];
  if (path === undefined) return null;
  // What the script sends: a format of printf, in which \ooo and \n are one byte each.
  const size = (parameters[2] ?? '').replaceAll(/\\(\d{1,3}|.)/g, '.').length;
  return open(call, path, { protocol: protocol === 'udp' ? 'udp' : 'tcp', host, port: Number(port), size });
}

type Opened = { readonly protocol: 'tcp' | 'udp'; readonly host: string; readonly port: number; readonly size: number };

async function open(
  { server, uid, signal }: Call,
  path: string,
  { protocol, host, port, size }: Opened,
): Promise<Ended> {
  const [destination] = await lookUp({ server, uid, signal }, host);
  if (destination === undefined) return complain(`${host}: Name or service not known`, path, 'Invalid argument');
  const { end, banner } = await connect(server, { protocol, destination, port, uid, size }, signal, HOW_LONG);
  if (end === 'connected') return printed(banner.split(/\r?\n/)[0]);
  return protocol === 'tcp' ? complain(`connect: ${WORDS[end]}`, path, WORDS[end]) : complainOfDatagram(end);
}

function complain(first: string, path: string, why: string): Ended {
  return { code: 1, stdout: '', stderr: `bash: line 1: ${first}\nbash: line 1: ${path}: ${why}\n` };
}

/** A datagram that was refused is learnt of only when reading. */
function complainOfDatagram(end: Exclude<TalkEnd['end'], 'connected'>): Ended {
  const said = {
    'not-permitted': 'bash: line 1: printf: write error: Operation not permitted',
    refused: 'bash: line 2: read: read error: 3: Connection refused',
    unreachable: 'bash: line 2: read: read error: 3: No route to host',
    'timed-out': 'timed out',
  }[end];
  return { code: 1, stdout: '', stderr: `${said}\n` };
}
