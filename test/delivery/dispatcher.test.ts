import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { settle } from '../support/fake-clock.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { tempDir } from '../support/temp-dir.ts';
import type { Dispatcher } from '../../src/delivery/dispatcher.ts';
import { RequestMaker } from '../../src/delivery/request-maker.ts';
import { FakeReceiver, World } from './harness.ts';
import type { SinkSetup } from './harness.ts';

async function worldWith(
  t: TestContext,
  setup: SinkSetup = {},
): Promise<{ world: World; receiver: FakeReceiver; clock: FakeClock }> {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  await world.sink(receiver, setup);
  t.after(() => world.stop().catch(() => {}));
  return { world, receiver, clock: world.clock };
}

const since = (receiver: FakeReceiver): number[] => {
  const start = receiver.seen[0]?.at ?? 0;
  return receiver.seen.map(({ at }) => Math.round(at - start));
};

test('every event goes out once and is recorded as delivered', async (t) => {
  const { world, receiver, clock } = await worldWith(t);
  await world.accept('a', 'b', 'c');
  await clock.advance(100);
  assert.deepEqual(receiver.keys, ['a', 'b', 'c']);
  assert.deepEqual(world.states(), { a: 'delivered 1', b: 'delivered 1', c: 'delivered 1' });
  assert.equal(world.metrics.deliveries.with('sink', 'delivered').value, 3);
  assert.equal(world.metrics.sinkPending.with('sink').current, 0);
  assert.equal(world.metrics.deliveryLatency.with('sink').count, 3);
});

test('filtered events are counted, move the cursor, and leave no record', async (t) => {
  const { world, receiver, clock } = await worldWith(t, {
    wants: ({ payload }) => (payload as { key: string }).key === 'b',
  });
  await world.accept('a', 'b', 'c');
  await clock.advance(1000);
  assert.deepEqual(receiver.keys, ['b']);
  assert.deepEqual(world.states(), { b: 'delivered 1' });
  assert.equal(world.metrics.deliveries.with('sink', 'filtered').value, 2);
  const history = world.history();
  assert.equal(history.sinks()[0]?.cursor, 3);
  history.close();
});

test('a retried delivery follows the waits and is delivered in the end', async (t) => {
  const { world, receiver, clock } = await worldWith(t);
  receiver.answer = () => (receiver.seen.length < 4 ? 503 : 200);
  await world.accept('a');
  await clock.advance(60_000);
  assert.deepEqual(since(receiver), [0, 1001, 3002, 7003]);
  assert.deepEqual(world.states(), { a: 'delivered 4' });
});

test('the last attempt is made at the bound, then the delivery is dead with reason and count', async (t) => {
  const { world, receiver, clock } = await worldWith(t);
  receiver.answer = () => 500;
  await world.accept('a');
  await clock.advance(120_000);
  assert.deepEqual(since(receiver), [0, 1001, 3002, 7003, 15_000]);
  const history = world.history();
  const [dead] = history.detail('id-a');
  history.close();
  assert.equal(dead?.state, 'dead');
  assert.equal(dead?.attempts, 5);
  assert.equal(dead?.status, 500);
  assert.match(dead?.reason ?? '', /HTTP 500; max_backoff_duration of 15s reached/);
  assert.equal(dead?.failures.length, 5);
  assert.equal(world.metrics.deliveries.with('sink', 'dead').value, 1);
  assert.ok(world.logged.some(({ msg, level }) => msg === 'delivery dead' && level === 'error'));
});

test('what is not retryable is dead at once', async (t) => {
  const { world, receiver, clock } = await worldWith(t);
  receiver.answer = ({ keys }) => (keys[0] === 'bad' ? { status: 400, reply: 'no such thing' } : 200);
  await world.accept('a', 'bad', 'b');
  await clock.advance(60_000);
  assert.deepEqual(world.states(), { a: 'delivered 1', bad: 'dead 1', b: 'delivered 1' });
  const history = world.history();
  assert.equal(history.detail('id-bad')[0]?.failures[0]?.reply, 'no such thing');
  history.close();
});

test('a waiting delivery holds no slot', async (t) => {
  const { world, receiver, clock } = await worldWith(t, {
    policy: { concurrency: 1, orderBy: 'payload.key' },
  });
  receiver.answer = ({ keys }) => (keys[0] === 'a' && receiver.seen.length < 3 ? 503 : 200);
  await world.accept('a', 'b', 'c');
  await clock.advance(500);
  assert.deepEqual(receiver.keys, ['a', 'b', 'c']);
  await clock.advance(5000);
  assert.deepEqual(receiver.keys, ['a', 'b', 'c', 'a']);
});

test('concurrency is used, and never passed', async (t) => {
  const { world, receiver, clock } = await worldWith(t, { policy: { concurrency: 3 } });
  receiver.delayMs = 100;
  await world.accept(...Array.from({ length: 20 }, (_, i) => `k${i}`));
  await clock.advance(5000);
  assert.equal(receiver.mostInFlight, 3);
  assert.equal(receiver.seen.length, 20);
  assert.equal(since(receiver).at(-1), 600);
});

test('a high concurrency stays in use while the backlog is refilled', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  receiver.delayMs = 10;
  await world.sink(receiver, { policy: { concurrency: 512 } });
  await world.accept(...Array.from({ length: 6000 }, (_, i) => `k${i}`));
  const inFlight: number[] = [];
  for (let i = 0; i < 10; i += 1) {
    inFlight.push(receiver.inFlight);
    await world.clock.advance(10);
  }
  assert.deepEqual(inFlight, Array(10).fill(512));
  await world.clock.advance(1000);
  assert.equal(receiver.seen.length, 6000);
  await world.stop();
});

test('concurrency 1 keeps the order over retries and over a crash', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  const setup = { policy: { concurrency: 1 } };
  await world.sink(receiver, setup);
  receiver.answer = ({ keys }) => (keys[0] === 'b' && receiver.seen.length < 4 ? 503 : 200);
  await world.accept('a', 'b', 'c', 'd');
  await world.clock.advance(1500);
  await world.crash(50);
  await world.sink(receiver, setup);
  await world.clock.advance(30_000);
  assert.deepEqual(receiver.keys, ['a', 'b', 'b', 'b', 'c', 'd']);
  await world.stop();
});

async function setPaused(world: World, dispatcher: Dispatcher, paused: boolean): Promise<void> {
  const history = world.history();
  history.setPaused('sink', paused);
  history.close();
  await dispatcher.refresh();
}

test('what was made ready does not go while the sink is paused, nor before a retry, and not when it is old', async (t) => {
  const world = new World(tempDir(t));
  const { clock } = world;
  const receiver = new FakeReceiver(clock);
  const rendered: string[] = [];
  const maker = new RequestMaker(
    {
      headers: { 'content-type': 'application/json' },
      renderer: {
        render: ({ payload }) => {
          const { key } = payload as { key: string };
          rendered.push(key);
          return { ok: true, body: JSON.stringify({ key, at: clock.now() }) };
        },
      },
      original: ({ text }) => text,
      signer: null,
      batch: null,
      userAgent: 'test',
    },
    clock,
  );
  const dispatcher = await world.sink(receiver, { policy: { concurrency: 1 }, maker });
  await world.accept('a', 'b', 'c', 'd');
  await clock.advance(1);
  assert.deepEqual(receiver.keys, ['a', 'b']);
  assert.deepEqual(rendered, ['a', 'b', 'c'], 'the next one is made ready');
  // `b` is answered well, `c` fails; then the sink is paused with `d` made ready.
  receiver.answer = ({ keys }) => (keys[0] === 'c' ? 503 : 200);
  await clock.advance(1);
  await setPaused(world, dispatcher, true);
  const before = receiver.seen.length;
  await clock.advance(10_000);
  assert.equal(receiver.seen.length, before, 'nothing goes while it is paused');
  receiver.answer = () => 200;
  await setPaused(world, dispatcher, false);
  await clock.advance(10_000);
  const order = receiver.keys.filter((key, i, keys) => key !== keys[i - 1]);
  assert.deepEqual(order, ['a', 'b', 'c', 'd']);
  for (const { at, body } of receiver.seen) {
    const { at: renderedAt } = JSON.parse(body) as { at: number };
    const sentAt = clock.now() - (clock.monotonic() - at);
    assert.ok(sentAt - renderedAt <= 1000, `rendered ${sentAt - renderedAt} ms before it was sent`);
  }
  await world.stop();
});

test('order_by keeps the order per value and lets other values pass', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  await world.sink(receiver, { policy: { concurrency: 8, orderBy: 'payload.key' } });
  let failures = 0;
  receiver.answer = ({ keys, body }) => {
    if (keys[0] !== 'slow' || !body.includes('"rank":1') || failures >= 2) return 200;
    failures += 1;
    return 503;
  };
  const { incoming } = await import('../support/events.ts');
  const events = [
    incoming('slow', { rank: 1 }, 's1'),
    incoming('quick', { rank: 1 }, 'q1'),
    incoming('slow', { rank: 2 }, 's2'),
    incoming('quick', { rank: 2 }, 'q2'),
    incoming('slow', { rank: 3 }, 's3'),
  ];
  const { seqs, acceptedAt } = await world.journal.append(
    'flipt',
    { events, rejects: [], skipped: 0, checkpoints: [] },
    null,
  );
  world.feed.append(events.map((event, i) => ({ ...event, seq: seqs[i] as number, acceptedAt })));
  await world.clock.advance(500);
  const order = (): string[] =>
    receiver.seen.map(({ body, keys }) => `${keys[0]}${/"rank":(\d)/.exec(body)?.[1]}`);
  assert.deepEqual(order(), ['slow1', 'quick1', 'quick2']);
  await world.clock.advance(30_000);
  assert.deepEqual(order(), ['slow1', 'quick1', 'quick2', 'slow1', 'slow1', 'slow2', 'slow3']);
  await world.stop();
});

test('order_by survives a crash while the first of a value waits', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  const setup = { policy: { orderBy: 'payload.namespace_key' } };
  await world.sink(receiver, setup);
  receiver.answer = () => 503;
  await world.accept('a', 'b', 'c');
  await world.clock.advance(100);
  await world.crash(100);
  await world.sink(receiver, setup);
  await world.clock.advance(100);
  assert.deepEqual(receiver.keys, ['a'], 'b and c must wait behind a');
  receiver.answer = () => 200;
  await world.clock.advance(10_000);
  assert.deepEqual(receiver.keys, ['a', 'a', 'b', 'c']);
  await world.stop();
});

test('Retry-After holds the whole sink, and the hold does not use up the bound', async (t) => {
  const { world, receiver, clock } = await worldWith(t, { policy: { concurrency: 1 } });
  receiver.answer = () => (receiver.seen.length === 1 ? { status: 429, retryAfter: '600' } : 503);
  await world.accept('a', 'b');
  await clock.advance(1000);
  assert.equal(world.metrics.sinkPaused.with('sink', 'retry_after').value, 1);
  await clock.advance(598_000);
  assert.equal(receiver.seen.length, 1);
  await clock.advance(60_000);
  const times = since(receiver);
  assert.ok((times[1] as number) >= 600_000, `second attempt at ${times[1]}`);
  // a goes on for its fifteen seconds after the hold, as if it had not been.
  assert.ok(receiver.seen.filter(({ keys }) => keys[0] === 'a').length >= 4);
  assert.equal(world.metrics.sinkPaused.with('sink', 'retry_after').value, 0);
});

test('Retry-After as a date is honoured', async (t) => {
  const { world, receiver, clock } = await worldWith(t);
  const date = new Date(clock.now() + 30_000).toUTCString();
  receiver.answer = () => (receiver.seen.length === 1 ? { status: 503, retryAfter: date } : 200);
  await world.accept('a');
  await clock.advance(29_000);
  assert.equal(receiver.seen.length, 1);
  await clock.advance(3000);
  assert.deepEqual(world.states(), { a: 'delivered 2' });
});

test('a rate limit spaces the requests', async (t) => {
  const { world, receiver, clock } = await worldWith(t, { policy: { rateLimit: { count: 2, perMs: 1000 } } });
  await world.accept('a', 'b', 'c', 'd', 'e');
  await clock.advance(10_000);
  assert.deepEqual(since(receiver), [0, 0, 500, 1000, 1500]);
});

test('the circuit opens, probes, closes, and the backlog flows', async (t) => {
  const { world, receiver, clock } = await worldWith(t, {
    policy: { concurrency: 2, circuitBreaker: { failures: 3, probeIntervalMs: 10_000 } },
    retry: { maxElapsedMs: 5000 },
  });
  let down = true;
  receiver.answer = () => (down ? 503 : 200);
  await world.accept(...Array.from({ length: 10 }, (_, i) => `k${i}`));
  await clock.advance(9000);
  const beforeProbe = receiver.seen.length;
  assert.ok(beforeProbe <= 4, `${beforeProbe} requests`);
  assert.equal(world.metrics.sinkPaused.with('sink', 'circuit_open').value, 1);
  await clock.advance(30_000);
  assert.equal(receiver.seen.length, beforeProbe + 3, 'one probe per interval');
  down = false;
  await clock.advance(20_000);
  assert.deepEqual(
    Object.values(world.states()).map((state) => state.split(' ')[0]),
    Array(10).fill('delivered'),
  );
  assert.equal(world.metrics.sinkPaused.with('sink', 'circuit_open').value, 0);
});

test('a paused sink keeps its backlog, and the pause does not use up the bound', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  const dispatcher = await world.sink(receiver);
  receiver.answer = () => 503;
  await world.accept('a');
  await world.clock.advance(2000);
  const history = world.history();
  history.setPaused('sink', true);
  await dispatcher.refresh();
  const attempts = receiver.seen.length;
  await world.accept('b');
  await world.clock.advance(3_600_000);
  assert.equal(receiver.seen.length, attempts);
  assert.equal(world.metrics.sinkPaused.with('sink', 'manual').value, 1);
  assert.equal(world.metrics.sinkPending.with('sink').current, 2);
  receiver.answer = () => 200;
  history.setPaused('sink', false);
  history.close();
  await dispatcher.refresh();
  await world.clock.advance(1000);
  assert.deepEqual(world.states(), { a: `delivered ${attempts + 1}`, b: 'delivered 1' });
  await world.stop();
});

test('a pause survives a restart', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  await world.sink(receiver);
  const history = world.history();
  history.setPaused('sink', true);
  history.close();
  await world.crash();
  await world.sink(receiver);
  await world.accept('a');
  await world.clock.advance(10_000);
  assert.equal(receiver.seen.length, 0);
  await world.stop();
});

test('after a crash the schedule goes on: same attempts, same bound, time down not counted', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  receiver.answer = () => 503;
  await world.sink(receiver);
  await world.accept('a');
  await world.clock.advance(4000); // attempts at 0, 1, 3 s; the next is due at 7 s
  assert.equal(receiver.seen.length, 3);
  await world.crash(3_600_000);
  await world.sink(receiver);
  await world.clock.advance(10);
  assert.equal(receiver.seen.length, 4, 'overdue: tried at once');
  await world.clock.advance(60_000);
  const [state] = Object.values(world.states());
  assert.match(state ?? '', /^dead [56]$/, 'not a new budget of five attempts');
  await world.stop();
});

test('a wall clock that jumps an hour moves no wait and no bound', async (t) => {
  for (const jump of [3_600_000, -3_600_000]) {
    const { world, receiver, clock } = await worldWith(t);
    receiver.answer = () => 503;
    await world.accept('a');
    await clock.advance(1500);
    clock.jumpWall(jump);
    await clock.advance(60_000);
    assert.deepEqual(since(receiver), [0, 1001, 3002, 7003, 15_000]);
  }
});

test('a wall clock set back while it was down cannot stretch a wait', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  receiver.answer = () => 503;
  await world.sink(receiver);
  await world.accept('a');
  await world.clock.advance(100);
  await world.crash();
  world.clock.jumpWall(-3_600_000);
  await world.sink(receiver);
  await world.clock.advance(2000);
  assert.equal(receiver.seen.length, 2);
  await world.stop();
});

test('attempts broken off at shutdown are not settled and go out again', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  receiver.answer = () => 'hang';
  const dispatcher = await world.sink(receiver);
  await world.accept('a');
  await settle();
  await dispatcher.stop();
  assert.deepEqual(world.states(), {});
  receiver.answer = () => 200;
  await world.sink(receiver);
  await world.clock.advance(100);
  assert.deepEqual(receiver.keys, ['a', 'a']);
  assert.deepEqual(world.states(), { a: 'delivered 1' });
  await world.stop();
});

test('drain waits for what is under way and starts nothing more', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  receiver.delayMs = 1000;
  const dispatcher = await world.sink(receiver, { policy: { concurrency: 1 } });
  await world.accept('a', 'b');
  await settle();
  const drained = dispatcher.drain();
  await world.clock.advance(5000);
  await drained;
  assert.deepEqual(receiver.keys, ['a']);
  await world.recorder.flush();
  assert.deepEqual(world.states(), { a: 'delivered 1' });
  await world.stop();
});

test('sinks do not disturb each other', async (t) => {
  const world = new World(tempDir(t));
  const make = async (name: string, answer: FakeReceiver['answer']): Promise<FakeReceiver> => {
    const receiver = new FakeReceiver(world.clock);
    receiver.answer = answer;
    await world.sink(receiver, { name });
    return receiver;
  };
  await make('hanging', () => 'hang');
  await make('refusing', () => ({ kind: 'error', class: 'network', message: 'refused', durationMs: 1 }));
  await make('limiting', () => ({ status: 429, retryAfter: '3600' }));
  const healthy = await make('healthy', () => 200);
  await world.accept(...Array.from({ length: 3000 }, (_, i) => `k${i}`));
  await world.clock.advance(1000);
  assert.equal(new Set(healthy.keys).size, 3000);
  assert.equal(healthy.seen.length, 3000);
  await world.stop();
});

test('a failing sink is logged at each doubling and at its recovery, not per attempt', async (t) => {
  const { world, receiver, clock } = await worldWith(t, {
    retry: { maxElapsedMs: null, maxIntervalMs: 1000 },
  });
  receiver.answer = () => (receiver.seen.length <= 100 ? 503 : 200);
  await world.accept('a');
  await clock.advance(200_000);
  const about = world.logged.filter(({ msg }) => msg.startsWith('sink '));
  assert.deepEqual(
    about.map(({ msg, fields }) => `${msg} ${String(fields['failures'])}`),
    [1, 2, 4, 8, 16, 32, 64].map((n) => `sink failing ${n}`).concat('sink recovered 100'),
  );
});
