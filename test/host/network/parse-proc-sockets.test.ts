// The kernel's own tables of sockets, as a little-endian machine prints them.
import { expect, it } from 'vitest';
import { parseProcSockets } from '../../../src/host/network/parse-proc-sockets.ts';

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 0100007F:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0                     
   1: 0100007F:9C40 0100007F:1F90 02 00000001:00000000 01:00000064 00000001    33        0 4712 2 0000000000000000 400 0 0 1 7                      
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:C350 0000000000000000FFFF00000100007F:1538 01 00000000:00000000 00:00000000 00000000     0        0 4714 1 0000000000000000 100 0 0 10 0
`;
const UDP = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            
   12: 3500007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 4715 2 0000000000000000 0           
`;

it('reads both families, both protocols, states and users', () => {
  expect(parseProcSockets(TCP + TCP6 + UDP)).toEqual([
    {
      protocol: 'tcp',
      state: 'LISTEN',
      local: { address: '127.0.0.1', port: 25 },
      peer: { address: '0.0.0.0', port: null },
      uid: 0,
      inode: '4711',
    },
    {
      protocol: 'tcp',
      state: 'SYN-SENT',
      local: { address: '127.0.0.1', port: 40000 },
      peer: { address: '127.0.0.1', port: 8080 },
      uid: 33,
      inode: '4712',
    },
    {
      protocol: 'tcp',
      state: 'LISTEN',
      local: { address: '::1', port: 22 },
      peer: { address: '::', port: null },
      uid: 0,
      inode: '4713',
    },
    {
      protocol: 'tcp',
      state: 'ESTAB',
      local: { address: '127.0.0.1', port: 50000 },
      peer: { address: '127.0.0.1', port: 5432 },
      uid: 0,
      inode: '4714',
    },
    {
      protocol: 'udp',
      state: 'UNCONN',
      local: { address: '127.0.0.53', port: 53 },
      peer: { address: '0.0.0.0', port: null },
      uid: 101,
      inode: '4715',
    },
  ]);
});

it('takes nothing from a line that is none', () => {
  expect(parseProcSockets(`nonsense\n${TCP.split('\n')[0]}\n  x: y z\n`)).toEqual([]);
});
