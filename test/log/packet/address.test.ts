import { expect, test } from 'vitest';
import { isLoopbackText } from '../../../src/log/packet/address.ts';

test.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['::ffff:7f00:1', true],
  ['::ffff:7f12:3456', true],
  ['::ffff:7f:1', false],
  ['::ffff:7f0:1', false],
  ['::2', false],
  ['12.7.0.1', false],
  [null, false],
])('%s is a loopback address: %s', (address, is) => {
  expect(isLoopbackText(address)).toBe(is);
});
