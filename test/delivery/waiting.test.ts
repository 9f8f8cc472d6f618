import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { tempDir } from '../support/temp-dir.ts';
import { FakeReceiver, World } from './harness.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('ten thousand waiting deliveries cost little, and nothing fresh is started beside them', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  receiver.answer = () => 503;
  await world.sink(receiver, {
    policy: { concurrency: 100 },
    retry: { initialIntervalMs: 3_600_000, maxIntervalMs: 3_600_000, maxElapsedMs: null },
  });
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 11_000; i += 1000) {
    await world.accept(...Array.from({ length: 1000 }, (_, k) => `k${i + k}`));
    await world.clock.advance(100);
  }
  const sent = receiver.seen.length;
  assert.ok(sent >= 10_000 && sent < 10_200, `${sent} requests`);
  receiver.seen.length = 0;
  collect();
  const grown = process.memoryUsage().heapUsed - before;
  assert.ok(grown < 60e6, `${grown} bytes for ${sent} waiting deliveries`);
  assert.equal(world.metrics.sinkPending.with('sink').current, 11_000);

  receiver.answer = () => 200;
  await world.clock.advance(3_700_000);
  assert.equal(new Set(receiver.keys).size, 11_000);
  assert.equal(world.metrics.deliveries.with('sink', 'delivered').value, 11_000);
  await world.stop();
});
