import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempDir } from '../support/temp-dir.ts';
import { FakeReceiver, World } from './harness.ts';

test('dead deliveries are owed again with a budget of their own', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  const dispatcher = await world.sink(receiver);
  receiver.answer = () => 500;
  await world.accept('a', 'b');
  await world.clock.advance(30_000);
  assert.deepEqual(world.states(), { a: 'dead 5', b: 'dead 5' });

  const history = world.history();
  const dead = history.replayable({ sink: 'sink', states: ['dead'] }, 0, 100);
  assert.deepEqual(
    dead.map(({ id }) => id),
    ['id-a', 'id-b'],
  );
  assert.equal(
    history.replay(
      'sink',
      dead.map(({ seq }) => seq),
      world.clock.now(),
    ),
    2,
  );
  receiver.answer = () => (receiver.seen.length < 13 ? 500 : 200);
  assert.equal(world.journal.changedOutside(), true);
  await dispatcher.refresh();
  await world.clock.advance(30_000);
  assert.deepEqual(world.states(), { a: 'delivered 2', b: 'delivered 2' });
  assert.equal(history.detail('id-a')[0]?.failures.length, 6, 'the failures of the first round are kept');
  history.close();
  await world.stop();
});

test('a replay does not touch what is still owed', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  const dispatcher = await world.sink(receiver);
  receiver.answer = ({ keys }) => (keys[0] === 'a' ? 503 : 200);
  await world.accept('a', 'b');
  await world.clock.advance(100);
  const history = world.history();
  assert.deepEqual(
    history.replayable({ sink: 'sink' }, 0, 100).map(({ id }) => id),
    ['id-b'],
  );
  assert.equal(history.replay('sink', [1, 2], world.clock.now()), 1);
  await dispatcher.refresh();
  receiver.answer = () => 200;
  await world.clock.advance(20_000);
  assert.deepEqual(receiver.keys.filter((key) => key === 'b').length, 2);
  assert.deepEqual(receiver.keys.filter((key) => key === 'a').length, 2);
  history.close();
  await world.stop();
});

test('a replay reaches events from before the sink', async (t) => {
  const world = new World(tempDir(t));
  await world.accept('old');
  const receiver = new FakeReceiver(world.clock);
  const dispatcher = await world.sink(receiver, { cursorIfNew: world.journal.lastSeq() });
  await world.accept('new');
  await world.clock.advance(100);
  assert.deepEqual(receiver.keys, ['new']);
  const history = world.history();
  const found = history.replayable({ sink: 'sink', until: world.clock.now() }, 0, 100);
  assert.deepEqual(
    found.map(({ id }) => id),
    ['id-old', 'id-new'],
  );
  assert.equal(history.replay('sink', [1], world.clock.now()), 1);
  await dispatcher.refresh();
  await world.clock.advance(100);
  assert.deepEqual(receiver.keys, ['new', 'old']);
  history.close();
  await world.stop();
});

test('a replay without a daemon is taken up at its next start', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  await world.sink(receiver);
  await world.accept('a');
  await world.clock.advance(100);
  await world.crash();
  const history = world.history();
  history.replay('sink', [1], world.clock.now());
  history.close();
  await world.sink(receiver);
  await world.clock.advance(100);
  assert.deepEqual(receiver.keys, ['a', 'a']);
  await world.stop();
});

test('a replay of more than is held in memory comes to its end', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  const dispatcher = await world.sink(receiver, { policy: { concurrency: 200 } });
  const keys = Array.from({ length: 12_000 }, (_, i) => `k${i}`);
  for (let i = 0; i < keys.length; i += 1000) await world.accept(...keys.slice(i, i + 1000));
  await world.clock.advance(2000);
  assert.equal(receiver.seen.length, keys.length);
  const history = world.history();
  assert.equal(
    history.replay(
      'sink',
      keys.map((_, i) => i + 1),
      world.clock.now(),
    ),
    keys.length,
  );
  history.close();
  await dispatcher.refresh();
  await world.clock.advance(5000);
  assert.equal(receiver.seen.length, keys.length * 2);
  assert.equal(new Set(receiver.keys.slice(keys.length)).size, keys.length);
  await world.stop();
});
