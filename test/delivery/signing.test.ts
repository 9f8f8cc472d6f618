import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestMaker } from '../../src/delivery/request-maker.ts';
import { tempDir } from '../support/temp-dir.ts';
import { FakeReceiver, World } from './harness.ts';

test('an event that cannot be signed is dead with its reason, and the next one goes out', async (t) => {
  const world = new World(tempDir(t));
  const receiver = new FakeReceiver(world.clock);
  const maker = new RequestMaker(
    {
      headers: { 'content-type': 'application/json' },
      renderer: null,
      original: ({ text }) => text,
      signer: {
        headers({ id }) {
          if (id === 'id-a') throw new Error('the id holds a dot');
          return [['x-signature', 'yes']];
        },
      },
      batch: null,
      userAgent: 'test',
    },
    world.clock,
  );
  await world.sink(receiver, { maker });
  await world.accept('a', 'b');
  await world.clock.advance(100);
  assert.deepEqual(receiver.keys, ['b']);
  const history = world.history();
  assert.match(history.detail('id-a')[0]?.reason ?? '', /cannot be signed: the id holds a dot/);
  assert.equal(history.detail('id-b')[0]?.state, 'delivered');
  history.close();
  await world.stop();
});
