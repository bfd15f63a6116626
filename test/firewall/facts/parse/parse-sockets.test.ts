import { expect, test } from 'vitest';
import { parseSockets } from '../../../../src/firewall/facts/parse/parse-sockets.ts';

const TOLD = `udp   UNCONN 0      0          127.0.0.53%lo:53        0.0.0.0:*
\tinet-sockopt: ( recverr mc_loop mc_all)
tcp   LISTEN 0      5            0.0.0.0:3129      0.0.0.0:*
\tinet-sockopt: ( is_icsk mc_loop transparent mc_all)
tcp   LISTEN 0      128              [::]:22           [::]:*
\tinet-sockopt: ( v6only mc_loop)
tcp   LISTEN 0      128                 *:80              *:*
\tinet-sockopt: ( mc_loop)
tcp   LISTEN 0      128       [fe80::1]%eth0:53         [::]:*
`;

test('sockets are read with their addresses, devices and whether they may stand for others', () => {
  expect(parseSockets(TOLD, true)).toEqual([
    { protocol: 'udp', families: ['ip'], address: 0x7f000035, port: 53, device: 'lo', isTransparent: false },
    { protocol: 'tcp', families: ['ip'], address: null, port: 3129, device: null, isTransparent: true },
    { protocol: 'tcp', families: ['ip6'], address: null, port: 22, device: null, isTransparent: false },
    { protocol: 'tcp', families: ['ip', 'ip6'], address: null, port: 80, device: null, isTransparent: false },
    expect.objectContaining({ families: ['ip6'], port: 53, device: 'eth0', isTransparent: null }),
  ]);
});

test('an old ss tells no options: nothing is said of them', () => {
  expect(parseSockets('tcp LISTEN 0 5 127.0.0.1:3129 0.0.0.0:*\n', false)).toEqual([
    expect.objectContaining({ port: 3129, isTransparent: null }),
  ]);
});
