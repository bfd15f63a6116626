// Which lines of the kernel and the audit log are of now, by the clocks that they are written by.
import { expect, test } from 'vitest';
import { readKernelComplaints } from '../../../src/host/limits/read-kernel-complaints.ts';
import { fakeHost } from '../../fakes/fake-host.ts';

const full = (seconds: number) => `[ ${seconds.toFixed(6)}] nf_conntrack: nf_conntrack: table full, dropping packet\n`;
const denial = (seconds: number) => `type=AVC msg=audit(${seconds}.000:1): avc:  denied  { name_connect } for  pid=1\n`;

const read = (
  { kernel, audit, uptime = '1000.5 1\n', date = '1700000000\n' }: Record<string, string | null>,
  within = 60,
) => {
  const answer = (text: string | null | undefined) => (text == null ? { code: 1 } : { stdout: text });
  const host = fakeHost(
    [
      { command: ['dmesg'], ...answer(kernel) },
      { command: ['tail', '-n', '400', '/var/log/audit/audit.log'], ...answer(audit) },
      { command: ['cat', '/proc/uptime'], ...answer(uptime) },
      { command: ['date', '+%s'], ...answer(date) },
    ],
    { inOrder: false },
  );
  return readKernelComplaints(host, within);
};

test('lines of the last seconds are told, older ones not', async () => {
  const found = await read({ kernel: full(990) + full(900), audit: denial(1_699_999_999) });
  expect(found?.map(({ kind, age }) => [kind, Math.round(age)])).toEqual([
    ['conntrack-full', 11],
    ['denial', 1],
  ]);
});

test('a line that came while the clock was asked is of now, one of another clock is not', async () => {
  const found = await read({ kernel: full(1001) + full(5000), audit: denial(1_700_090_000) });
  expect(found?.map(({ age }) => age)).toEqual([0]);
});

test('nothing is known without the clock that a log is written by', async () => {
  expect(await read({ kernel: full(990), audit: null, uptime: null })).toBe(null);
  expect(await read({ kernel: null, audit: denial(1_700_000_000), date: null })).toBe(null);
  expect(await read({ kernel: null, audit: null })).toBe(null);
  expect(await read({ kernel: full(990), audit: null, date: null })).toHaveLength(1);
});
