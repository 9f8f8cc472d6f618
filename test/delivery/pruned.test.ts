import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempDir } from '../support/temp-dir.ts';
import { FakeReceiver, World } from './harness.ts';

test('what retention removed before a sink read it is said, and the sink goes on with the rest', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  await world.sink(receiver);
  await world.accept('a');
  await world.clock.advance(100);
  await world.crash();
  // The sink is switched off meanwhile, so nothing holds its events.
  for (let i = 0; i < 5; i += 1) await world.accept(`gone${i}`);
  await world.accept('kept');
  const { removed } = await world.journal.prune({
    acceptedBefore: world.clock.now() + 1,
    holdingSinks: [],
    limit: 100,
  });
  assert.equal(removed, 6, 'a and the five');
  await world.crash();
  await world.sink(receiver);
  await world.accept('new');
  await world.clock.advance(100);
  assert.deepEqual(receiver.keys, ['a', 'kept', 'new']);
  assert.equal(world.metrics.eventsPruned.with('sink').value, 5);
  const said = world.logged.filter(({ msg }) => msg.startsWith('events were removed by retention'));
  assert.deepEqual(
    said.map(({ level, fields }) => [level, fields['events']]),
    [['error', 5]],
  );
  await world.stop();
});

test('a sink that begins at the beginning of a pruned journal is told of no loss', async (t) => {
  const world = new World(tempDir(t));
  await world.accept('gone', 'kept');
  await world.journal.prune({ acceptedBefore: world.clock.now() + 1, holdingSinks: [], limit: 100 });
  await world.crash();
  const receiver = new FakeReceiver(world.clock);
  await world.sink(receiver, { cursorIfNew: 0 });
  await world.clock.advance(100);
  assert.deepEqual(receiver.keys, ['kept']);
  assert.equal(world.metrics.eventsPruned.with('sink').value, 0);
  await world.stop();
});
