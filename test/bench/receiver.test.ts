import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { auditLine } from '../../bench/data.ts';
import { Receiver } from '../../bench/receiver.ts';

describe('the receiver of the benchmark', () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await Receiver.start();
  });
  after(() => receiver.stop());

  const post = async (...events: number[]): Promise<void> => {
    const body = events.map(auditLine).join('\n');
    const response = await fetch(`http://127.0.0.1:${receiver.port}/`, { method: 'POST', body });
    assert.equal(await response.text(), 'ok');
  };

  test('counts events, repeats and requests, and sees that one is missing', async () => {
    await receiver.expect({ events: 3 });
    for (const n of [0, 1, 1]) await post(n);
    const stats = await receiver.stats();
    assert.deepEqual([stats.complete, stats.events, stats.requests, stats.inOrder], [2, 3, 3, true]);
    await assert.rejects(
      receiver.waitFor(3, () => false),
      /it ended when 2 of 3 events had arrived/,
    );
    await post(2);
    const { complete } = await receiver.waitFor(3, () => true);
    assert.equal(complete, 3);
  });

  test('sees that the order was not kept', async () => {
    await receiver.expect({ events: 2 });
    await post(1);
    await post(0);
    const { inOrder, complete } = await receiver.stats();
    assert.deepEqual([inOrder, complete], [false, 2]);
  });

  test('counts every event of a batch only where batches are expected', async () => {
    await receiver.expect({ events: 10, batched: true });
    await post(0, 1, 2, 3);
    assert.equal((await receiver.stats()).complete, 4);
    await receiver.expect({ events: 10 });
    await post(0, 1, 2, 3);
    assert.equal((await receiver.stats()).complete, 1);
  });

  test('an event is complete when every sink has sent it', async () => {
    await receiver.expect({ events: 1, copies: 3 });
    await post(0);
    await post(0);
    assert.equal((await receiver.stats()).complete, 0);
    await post(0);
    assert.equal((await receiver.stats()).complete, 1);
  });

  test('samples the watched process at its first request and on the way', async () => {
    await receiver.expect({ events: 2, arrivals: true });
    await receiver.watch(process.pid);
    await post(0);
    await post(1);
    const { samples } = await receiver.stats();
    const completes = samples.map(({ complete }) => complete);
    assert.deepEqual([completes[0], completes.at(-1)], [0, 2]);
    for (const { cpuUs, residentMb } of samples) assert.ok(cpuUs > 0 && residentMb > 10);
    const [first = 0, second = 0] = await receiver.arrivals();
    assert.ok(first > 0 && second >= first);
  });

  test('answers after the delay it is given', async () => {
    await receiver.expect({ events: 3, delayMs: 20 });
    await Promise.all([post(0), post(1), post(2)]);
    const { meanDelayMs } = await receiver.stats();
    assert.ok(meanDelayMs >= 19, `it waited ${meanDelayMs} ms`);
  });
});
