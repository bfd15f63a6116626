// A listening socket that is bound to a device.
import { expect, test } from 'vitest';
import { findListenerOnDevice } from '../../../src/diagnosis/sockets/find-listener-on-device.ts';
import { clues, failure } from '../clues.ts';

const queue = (device: string | null) => ({
  line: `LISTEN 0 20 0.0.0.0${device === null ? '' : `%${device}`}:5432 0.0.0.0:*`,
  address: '0.0.0.0',
  port: 5432,
  device,
  waiting: 0,
  room: 20,
  pid: null,
  cgroup: null,
});
const find = (...devices: (string | null)[]) =>
  findListenerOnDevice(clues({ failures: [failure('refused')], witness: { queues: devices.map(queue) } }));

test('is named with its device where nothing else listens there', () => {
  expect(find('eth0')?.finding).toMatchObject({
    id: 'listener-on-device',
    evidence: expect.arrayContaining([`ss: ${queue('eth0').line}`]),
  });
});

test('is no matter where lo is its device, or another socket listens there', () => {
  expect(find('lo')).toBeNull();
  expect(find('eth0', null)).toBeNull();
  expect(find()).toBeNull();
});
