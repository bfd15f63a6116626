import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseLine } from '../../../src/log/packet/parse-line.ts';
import { printKernelLine } from '../../../src/log/packet/print-kernel-line.ts';
import { readKernelLine } from '../strict-reader.ts';

/**
 * Written by Linux 6.18 in a namespace: LOG rules with and without --log-ip-options, --log-tcp-options and --log-uid over
 * packets from raw sockets. The prefixes are those of its four rules.
 */
const LINES = readFileSync('test/fixtures/log/kernel-lines.txt', 'utf8')
  .split('\n')
  .filter((line) => line !== '');
const PREFIXES = ['LGT a IN= x: ', 'LGT6 ', 'LGTI', 'LGT6I:'];

test.each(LINES)('prints as the kernel did: %s', (line) => {
  const prefix = PREFIXES.find((candidate) => line.startsWith(`${candidate}IN=`)) ?? '';
  expect(prefix).not.toBe('');
  expect(printKernelLine(readKernelLine(line, prefix))).toBe(line);
  expect(parseLine(line, { now: new Date() }).entry).toMatchObject({ prefix: prefix.trim() });
});

test('prints link-layer headers, bridges, VLANs and ARP', () => {
  const packet = { family: 'arp', hardwareType: 1, protocolType: 0x800, opcode: 1 } as const;
  const mac = {
    kind: 'decoded',
    source: 'aa',
    destination: 'bb',
    vlan: { proto: 0x8100, id: 10 },
    proto: 0x806,
  } as const;
  const payload = { macSource: 'aa', source: '10.0.0.1', macDestination: 'bb', destination: '10.0.0.2' };
  expect(
    printKernelLine({
      prefix: '',
      in: 'br0',
      out: 'br0',
      physin: 'a',
      physout: 'b',
      mac,
      packet: { ...packet, payload },
    }),
  ).toBe(
    'IN=br0 OUT=br0 PHYSIN=a PHYSOUT=b MACSRC=aa MACDST=bb VPROTO=8100 VID=10 MACPROTO=0806 ARP HTYPE=1 PTYPE=0x0800 OPCODE=1 MACSRC=aa IPSRC=10.0.0.1 MACDST=bb IPDST=10.0.0.2',
  );
});
