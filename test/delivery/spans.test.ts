import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SinkTracer } from '../../src/core/tracing.ts';
import { settle } from '../support/fake-clock.ts';
import { tempDir } from '../support/temp-dir.ts';
import { FakeReceiver, World } from './harness.ts';

/** Keeps what it is told, one line each; spans are numbered, and the number stands for the trace. */
class FakeTracer implements SinkTracer {
  readonly told: string[] = [];
  #count = 0;

  begin({ id }: { id: string }): ReturnType<SinkTracer['begin']> {
    this.#count += 1;
    const name = `span ${this.#count}`;
    this.told.push(`${name} begins: ${id}`);
    return {
      traceparent: name,
      attempt: ({ number, reason, traceparent }) =>
        this.told.push(`${name} attempt ${number} with ${traceparent}: ${reason ?? 'ok'}`),
      end: (outcome, attempts, reason) =>
        this.told.push(`${name} ends ${outcome} after ${attempts}${reason === null ? '' : `: ${reason}`}`),
    };
  }
}

const batch = { maxEvents: 2, maxBytes: 1e6, maxWaitMs: 10, format: 'json_array' } as const;

function traceparents(receiver: FakeReceiver): Array<string | undefined> {
  return receiver.seen.map(({ headers }) => {
    const at = headers.indexOf('traceparent');
    return at < 0 ? undefined : headers[at + 1];
  });
}

test('a delivery keeps its span over retries; without a tracer there is no header', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  receiver.answer = () => (receiver.seen.length === 1 ? 500 : 200);
  const tracer = new FakeTracer();
  await world.sink(receiver, { tracer });
  const untraced = new FakeReceiver(world.clock);
  await world.sink(untraced, { name: 'untraced' });
  await world.accept('a');
  await world.clock.advance(5000);
  assert.deepEqual(tracer.told, [
    'span 1 begins: id-a',
    'span 1 attempt 1 with span 1: HTTP 500',
    'span 1 attempt 2 with span 1: ok',
    'span 1 ends delivered after 2',
  ]);
  assert.deepEqual(traceparents(receiver), ['span 1', 'span 1']);
  assert.deepEqual(traceparents(untraced), [undefined]);
  await world.stop();
});

test('a batch carries the traceparent of its first delivery', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  // Refused together, each is tried alone, under its own.
  receiver.answer = ({ keys }) => (keys.length > 1 ? 400 : keys[0] === 'a' ? 200 : 400);
  const tracer = new FakeTracer();
  await world.sink(receiver, { tracer, policy: { batch, concurrency: 1 } });
  await world.accept('a', 'b');
  await world.clock.advance(1000);
  assert.deepEqual(traceparents(receiver), ['span 1', 'span 1', 'span 2']);
  assert.deepEqual(tracer.told, [
    'span 1 begins: id-a',
    'span 2 begins: id-b',
    'span 1 attempt 1 with span 1: HTTP 400',
    'span 2 attempt 1 with span 1: HTTP 400',
    'span 1 attempt 2 with span 1: ok',
    'span 1 ends delivered after 2',
    'span 2 attempt 2 with span 2: HTTP 400',
    'span 2 ends dead after 2: HTTP 400',
  ]);
  await world.stop();
});

test('a stopped sink ends the spans of what waits and of what is under way, once', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  receiver.answer = ({ keys }) => (keys[0] === 'hangs' ? 'hang' : 500);
  const tracer = new FakeTracer();
  const dispatcher = await world.sink(receiver, { tracer });
  await world.accept('waits', 'hangs');
  await world.clock.advance(10);
  await dispatcher.stop();
  await settle();
  assert.deepEqual(tracer.told, [
    'span 1 begins: id-waits',
    'span 2 begins: id-hangs',
    'span 1 attempt 1 with span 1: HTTP 500',
    'span 1 ends interrupted after 1',
    'span 2 ends interrupted after 1',
  ]);
  await world.stop();
});
