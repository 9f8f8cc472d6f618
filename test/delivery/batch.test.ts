import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BatchPolicy } from '../../src/core/policy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { FakeReceiver, World } from './harness.ts';

const batch: BatchPolicy = { maxEvents: 4, maxBytes: 1e6, maxWaitMs: 1000, format: 'json_array' };
const keys = (count: number): string[] => Array.from({ length: count }, (_, i) => `k${i}`);
const delivered = (count: number): Record<string, string> =>
  Object.fromEntries(keys(count).map((key) => [key, 'delivered 1']));

async function batching(
  t: { after: (fn: () => void) => void },
  more: Partial<BatchPolicy> = {},
  concurrency = 2,
): Promise<{ world: World; receiver: FakeReceiver }> {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  await world.sink(receiver, { policy: { concurrency, batch: { ...batch, ...more } } });
  t.after(() => void world.stop());
  return { world, receiver };
}

test('full batches go at once, the rest after its wait, as a JSON array', async (t) => {
  const { world, receiver } = await batching(t);
  await world.accept(...keys(6));
  await world.clock.advance(900);
  assert.deepEqual(
    receiver.seen.map((seen) => seen.keys),
    [keys(4)],
  );
  await world.clock.advance(200);
  assert.deepEqual(
    receiver.seen.map((seen) => seen.keys.length),
    [4, 2],
  );
  for (const { body } of receiver.seen) assert.ok(Array.isArray(JSON.parse(body)));
  assert.deepEqual(world.states(), delivered(6));
});

test('NDJSON has one event per line', async (t) => {
  const { world, receiver } = await batching(t, { format: 'ndjson' });
  await world.accept(...keys(4));
  await world.clock.advance(10);
  const { body } = receiver.seen[0] ?? { body: '' };
  assert.ok(body.endsWith('\n'));
  assert.equal(
    body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown).length,
    4,
  );
});

test('what passes the size is split, never cut', async (t) => {
  const { world, receiver } = await batching(t, { maxBytes: 700, maxEvents: 100, maxWaitMs: 10 });
  await world.accept(...keys(5));
  await world.clock.advance(5000);
  assert.ok(receiver.seen.length >= 3);
  for (const { body } of receiver.seen) {
    assert.ok(Buffer.byteLength(body) <= 702 || (JSON.parse(body) as unknown[]).length === 1, body);
  }
  assert.deepEqual(receiver.keys, keys(5));
  assert.deepEqual(world.states(), delivered(5));
});

test('one bad event does not take its batch down', async (t) => {
  const { world, receiver } = await batching(t);
  receiver.answer = (seen) => (seen.keys.includes('k2') ? 400 : 200);
  await world.accept(...keys(4));
  await world.clock.advance(5000);
  assert.deepEqual(
    receiver.seen.map((seen) => seen.keys),
    [keys(4), ['k0'], ['k1'], ['k2'], ['k3']],
  );
  assert.deepEqual(world.states(), { k0: 'delivered 2', k1: 'delivered 2', k2: 'dead 2', k3: 'delivered 2' });
});

test('a batch that failed is tried again as one, with the same id', async (t) => {
  const { world, receiver } = await batching(t);
  receiver.answer = () => (receiver.seen.length === 1 ? 503 : 200);
  await world.accept(...keys(4));
  await world.clock.advance(5000);
  assert.deepEqual(
    receiver.seen.map((seen) => seen.keys),
    [keys(4), keys(4)],
  );
  const id = (i: number): string | undefined => {
    const headers = receiver.seen[i]?.headers ?? [];
    return headers[headers.indexOf('idempotency-key') + 1];
  };
  assert.match(id(0) ?? '', /^batch-/);
  assert.equal(id(0), id(1));
});

test('batches in order stay in order over failures', async (t) => {
  const { world, receiver } = await batching(t, { maxWaitMs: 10 }, 1);
  receiver.answer = (seen) => {
    if (receiver.seen.length === 1) return 503;
    return seen.keys.length > 1 && seen.keys.includes('k5') ? 400 : 200;
  };
  await world.accept(...keys(8));
  await world.clock.advance(20_000);
  const firstTime = receiver.keys.filter((key, i, all) => all.lastIndexOf(key) === i);
  assert.deepEqual(firstTime, keys(8));
});

test('a backlog of many windows goes out in full batches without a wait, in order or not', async (t) => {
  for (const [concurrency, maxEvents, count] of [
    [1, 100, 2000],
    [1, 1000, 5000],
    [4, 100, 2000],
    [1, 100, 250],
  ] as const) {
    const { world, receiver } = await batching(t, { maxEvents, maxWaitMs: 1000 }, concurrency);
    receiver.delayMs = 5;
    const all = keys(count);
    for (let from = 0; from < count; from += 250) await world.accept(...all.slice(from, from + 250));
    const whole = Math.floor(count / maxEvents);
    await world.clock.advance(5 * whole + 20);
    const sizes = receiver.seen.map((seen) => seen.keys.length);
    assert.deepEqual(sizes, Array(whole).fill(maxEvents), `${concurrency} × ${maxEvents} of ${count}`);
    if (concurrency === 1) assert.deepEqual(receiver.keys, all.slice(0, whole * maxEvents));
    await world.clock.advance(1100);
    assert.equal(receiver.keys.length, count);
    await world.stop();
  }
});

/** Nothing is sent before all that comes before it was delivered, or goes along with it. */
function assertInOrder(receiver: FakeReceiver, count: number, isOk: (request: number) => boolean): void {
  const done = new Set<string>();
  for (const [i, seen] of receiver.seen.entries()) {
    const sent = new Set(seen.keys);
    const last = Math.max(...seen.keys.map((key) => Number(key.slice(1))));
    for (const key of keys(last)) assert.ok(done.has(key) || sent.has(key), `request ${i} overtook ${key}`);
    if (isOk(i)) for (const key of seen.keys) done.add(key);
  }
  assert.equal(done.size, count);
}

test('strict order holds where a batch that failed takes fresh events along', async (t) => {
  const { world, receiver } = await batching(t, { maxEvents: 10, maxWaitMs: 10 }, 1);
  receiver.answer = () => (receiver.seen.length <= 3 ? 500 : 200);
  await world.accept(...keys(5));
  await world.clock.advance(500);
  await world.accept(...keys(10).slice(5));
  await world.clock.advance(14_000);
  assertInOrder(receiver, 10, (request) => request >= 3);
});

test('strict order holds where one of a refused batch has to be tried again', async (t) => {
  const { world, receiver } = await batching(t, { maxEvents: 10, maxWaitMs: 10 }, 1);
  const failed = new Set<number>();
  receiver.answer = (seen) => {
    const isFirst = !receiver.keys.slice(0, -1).slice(10).includes('k3');
    const status = seen.keys.length > 1 ? 400 : seen.keys[0] === 'k3' && isFirst ? 500 : 200;
    if (status !== 200) failed.add(receiver.seen.length - 1);
    return status;
  };
  await world.accept(...keys(10));
  await world.clock.advance(5000);
  assertInOrder(receiver, 10, (request) => !failed.has(request));
});

test('strict order holds over restarts while a batch waits, which stays one', async (t) => {
  const setup = { policy: { concurrency: 1, batch: { ...batch, maxEvents: 300, maxWaitMs: 10 } } };
  const world = new World(tempDir(t));
  t.after(() => void world.stop());
  const receiver = new FakeReceiver(world.clock);
  receiver.answer = () => (receiver.seen.length <= 4 ? 500 : 200);
  await world.sink(receiver, setup);
  await world.accept(...keys(300));
  for (let i = 0; i < 3; i += 1) {
    await world.clock.advance(700);
    await world.crash(3);
    await world.sink(receiver, setup);
  }
  await world.clock.advance(15_000);
  assertInOrder(receiver, 300, (request) => request >= 4);
  for (const seen of receiver.seen) assert.equal(seen.keys.length, 300);
});
