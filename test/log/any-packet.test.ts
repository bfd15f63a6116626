import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { expect, test } from 'vitest';
import { parseLine } from '../../src/log/packet/parse-line.ts';
import { type KernelLine, type KernelPacket, printKernelLine } from '../../src/log/packet/print-kernel-line.ts';
import { kernelLine, prefix } from './arbitraries.ts';

const now = new Date('2026-11-22T17:00:00Z');
const HEADS = [
  'Jun 20 18:11:21 web1 kernel: ',
  'Jun 20 18:11:21 web1 kernel: [  123.456789] ',
  '2026-06-20T18:11:21.123456+02:00 web1 kernel: [123456.789012] ',
  '<4>1 2026-06-20T18:11:21Z web1 kernel - - - [  123.456789] ',
  'Sat 2026-06-20 18:11:21 UTC web1 kernel: ',
  '4,1234,123456789,-;',
  '<4>[  123.456789] ',
  '[Sat Jun 20 18:11:21 2026] ',
  '2026-06-20T18:11:21,123456+02:00 ',
];

const canonical = (address: string): string => ipaddr.parse(address).toString();

/** What the parser has to say of a packet that the kernel printed. */
function expectedPacket(packet: KernelPacket): Record<string, unknown> {
  if (packet.family === 'truncated') return { src: null, dst: null, proto: null, incomplete: true };
  if (packet.family === 'arp') {
    const { source = null, destination = null } = packet.payload ?? {};
    return { src: source, dst: destination, proto: 'ARP', type: packet.opcode, incomplete: false };
  }
  const { src, dst, len, payload } = packet;
  const header = payload.header;
  const ports = header?.kind === 'tcp' || header?.kind === 'udp' ? header : { spt: null, dpt: null };
  return {
    src: canonical(src),
    dst: canonical(dst),
    len,
    ttl: packet.family === 'ip' ? packet.ttl : packet.hopLimit,
    spt: ports.spt,
    dpt: ports.dpt,
    flags: header?.kind === 'tcp' ? header.flags : [],
    type: header?.kind === 'icmp' ? header.type : null,
    code: header?.kind === 'icmp' ? header.code : null,
    ...(packet.family === 'ip' ? { id: packet.id, ipFlags: packet.ipFlags } : {}),
    ...(packet.family === 'ip6' && payload.proto === 'ESP' ? {} : { proto: payload.proto }),
  };
}

function expectedEntry(line: KernelLine): Record<string, unknown> {
  const payload = 'payload' in line.packet && line.packet.family !== 'arp' ? line.packet.payload : null;
  const rest = payload?.header?.kind === 'icmp' ? payload.header.rest : null;
  const embedded = rest?.kind === 'error' ? rest.embedded : null;
  return {
    in: line.in,
    out: line.out,
    prefix: line.prefix.trim() === '' ? null : line.prefix.trim(),
    mac: line.mac?.kind === 'raw' && line.mac.bytes !== '' ? line.mac.bytes : null,
    physin: line.physin ?? null,
    physout: line.physout ?? null,
    loopback: line.in === 'lo' || line.out === 'lo',
    embedded: embedded === null ? null : expect.objectContaining(expectedPacket(embedded)),
    ...expectedPacket(line.packet),
  };
}

test('any packet printed by the grammar, behind any head and prefix, reads back equal', () => {
  fc.assert(
    fc.property(kernelLine, prefix, fc.constantFrom(...HEADS), (fields, ruleText, head) => {
      const line: KernelLine = { ...fields, prefix: ruleText };
      const text = printKernelLine(line);
      const { entry } = parseLine(head + text, { now });
      expect(entry, head + text).toMatchObject(expectedEntry(line));
      const tail = / UID=(\d+) GID=(\d+) (?:MARK=0x(\w+) )?$/.exec(text);
      if (tail) expect([entry?.uid, entry?.gid]).toEqual([line.owner?.uid, line.owner?.gid]);
      if (text.includes(' MARK=0x')) expect(entry?.mark).toBe(line.mark);
    }),
    { numRuns: Number(process.env.LOG_RUNS ?? 1000) },
  );
});
