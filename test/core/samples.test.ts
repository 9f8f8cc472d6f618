import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNames } from '../../src/core/event.ts';
import { sampleEvents, sampleTexts } from '../../src/core/samples.ts';

test('there is a sample of every Flipt type and action, denied events and both versions', () => {
  const events = sampleEvents().filter(({ id }) => id.startsWith('flipt.'));
  const seen = new Set(events.map(({ type, action }) => `${type}:${action}`));
  for (const type of 'constraint distribution flag namespace rollout rule segment variant'.split(' ')) {
    for (const action of ['created', 'updated', 'deleted'])
      assert.ok(seen.has(`${type}:${action}`), `${type}:${action}`);
  }
  assert.ok(seen.has('token:created') && seen.has('token:deleted'));
  assert.ok(!seen.has('token:updated'), 'which never happens');
  assert.ok(events.some(({ status, payload }) => status === 'denied' && payload === null));
  assert.deepEqual([...new Set(events.map(({ version }) => version))].sort(), ['0.1', '0.2']);
});

test('there are samples of every format, and their names are unique', () => {
  assert.deepEqual(new Set(sampleTexts.map(({ format }) => format)), new Set(formatNames));
  assert.equal(new Set(sampleTexts.map(({ name }) => name)).size, sampleTexts.length);
});

test('events carry the source they are asked for', () => {
  assert.ok(sampleEvents('mine').every(({ source }) => source === 'mine'));
});

test('worked examples are of the documented size', () => {
  const sizes = Object.fromEntries(sampleTexts.map(({ name, text }) => [name, Buffer.byteLength(text)]));
  assert.equal(sizes['flipt.flag.created'], 283);
  assert.equal(sizes['flipt.flag.created.v0.1'], 248);
  assert.equal(sizes['flagsmith.flag_updated.test_button'], 1319);
  assert.equal(sizes['flagsmith.audit_log_created.test_button'], 382);
  assert.equal(sizes['rollgate.flag.toggled'], 342);
  assert.equal(sizes['flipper.sync'], 108);
});
