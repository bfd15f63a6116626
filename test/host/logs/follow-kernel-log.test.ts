import { describe, expect, it } from 'vitest';
import { followKernelLog, markKernelLog, parseKernelRecord } from '../../../src/host/logs/follow-kernel-log.ts';
import { fakeHost } from '../../fakes/fake-host.ts';

const records = ['6,10,5000000,-;eth0: link up', ' SUBSYSTEM=net', ' DEVICE=+eth0', '4,11,6000001,-;old IN= OUT=lo '];

describe('parseKernelRecord', () => {
  it('reads sequence number, uptime and text', () => {
    expect(parseKernelRecord('4,1649,2193079560,-;DROP; x: IN= OUT=lo ')).toEqual({
      sequence: 1649,
      uptime: 2193.07956,
      text: 'DROP; x: IN= OUT=lo ',
    });
    expect(parseKernelRecord('4,1,2,c,caller=T1;text')).toMatchObject({ sequence: 1, text: 'text' });
  });

  it('gives back what the kernel had to escape', () => {
    expect(parseKernelRecord('4,1,2,-;caf\\xc3\\xa9 back\\x5cslash')?.text).toBe('café back\\slash');
  });

  it('leaves the fields of a record aside', () => {
    expect(parseKernelRecord(' SUBSYSTEM=net')).toBe(null);
    expect(parseKernelRecord('')).toBe(null);
  });
});

describe('markKernelLog', () => {
  const read = ['dd', 'if=/dev/kmsg', 'iflag=nonblock', 'bs=8192'] as const;
  const waiting = { code: 1, stderr: "dd: error reading '/dev/kmsg': Resource temporarily unavailable\n" };

  it('is the newest record', async () => {
    const host = fakeHost([{ command: read, stdout: `${records.join('\n')}\n`, ...waiting }]);
    expect(await markKernelLog(host)).toMatchObject({ sequence: 11 });
  });

  it('reads again when the log was faster than the reader', async () => {
    const overtaken = { code: 1, stdout: '6,1,1,-;old\n', stderr: "dd: error reading '/dev/kmsg': Broken pipe\n" };
    const host = fakeHost([
      { command: read, ...overtaken },
      { command: read, stdout: `${records[3]}\n`, ...waiting },
    ]);
    expect(await markKernelLog(host)).toMatchObject({ sequence: 11 });
    host.finish();
  });

  it('reads with cat where dd can’t help waiting', async () => {
    const host = fakeHost([
      { command: read, code: 1, stderr: "dd: invalid argument 'nonblock' for 'iflag'\n" },
      { command: ['timeout', '1', 'cat', '/dev/kmsg'], code: 143, stdout: `${records[3]}\n` },
    ]);
    expect(await markKernelLog(host)).toMatchObject({ sequence: 11 });
    host.finish();
  });

  it('is null where the log may not be read', async () => {
    const host = fakeHost([
      { command: read, code: 1, stderr: "dd: failed to open '/dev/kmsg': Operation not permitted\n" },
    ]);
    expect(await markKernelLog(host)).toBe(null);
  });
});

it('followKernelLog starts again when its reader ends, and repeats nothing', async () => {
  const follow = ['dd', 'if=/dev/kmsg', 'bs=8192', 'conv=noerror'] as const;
  const host = fakeHost([
    { command: follow, lines: [...records, '4,12,7000000,-;new one'] },
    { command: follow, lines: [...records, '4,12,7000000,-;new one', '4,13,12345678901,-;new two'] },
  ]);
  const controller = new AbortController();
  const lines: string[] = [];
  for await (const line of followKernelLog(host, { sequence: 11, uptime: 6, text: '' }, controller.signal)) {
    lines.push(line);
    if (lines.length === 2) controller.abort();
  }
  expect(lines).toEqual(['[    7.000000] new one', '[12345.678901] new two']);
  host.finish();
});
