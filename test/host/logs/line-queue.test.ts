import { expect, it } from 'vitest';
import { createQueue } from '../../../src/host/logs/line-queue.ts';

it('gives items in order, and ends after the last one', async () => {
  const queue = createQueue<number>();
  const read = (async () => {
    const items: number[] = [];
    for await (const item of queue.items) items.push(item);
    return items;
  })();
  await queue.put(1);
  await Promise.resolve();
  await queue.put(2);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await queue.put(3);
  queue.end();
  await queue.put(4);
  expect(await read).toEqual([1, 2, 3]);
});

it('lets producers wait when it is full', async () => {
  const queue = createQueue<number>(2);
  let put = 0;
  const producer = (async () => {
    for (; put < 10; put += 1) await queue.put(put);
    queue.end();
  })();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(put).toBe(2);
  const items: number[] = [];
  for await (const item of queue.items) items.push(item);
  await producer;
  expect(items).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

it('tells its reader of a failure, after what came before it', async () => {
  const queue = createQueue<number>();
  await queue.put(1);
  queue.fail(new Error('broken'));
  const items: number[] = [];
  const read = (async () => {
    for await (const item of queue.items) items.push(item);
  })();
  await expect(read).rejects.toThrow('broken');
  expect(items).toEqual([1]);
});
