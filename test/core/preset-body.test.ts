import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEvent, JsonObject } from '../../src/core/event.ts';
import { textOf } from '../../src/core/formats/format.ts';
import { originalBody, redecode } from '../../src/core/formats/decoder.ts';
import { presetNames, type PresetName } from '../../src/core/policy.ts';
import { presetBody } from '../../src/core/preset-body.ts';
import { sampleEvents, sampleTexts } from '../../src/core/samples.ts';

function eventOf(name: string, changes: Partial<AuditEvent> = {}): AuditEvent {
  const event = sampleEvents('flags').find(({ id }) => id === name);
  return { ...(event ?? assert.fail(`no sample ${name}`)), ...changes };
}

function bodyOf(preset: PresetName, event: AuditEvent): JsonObject {
  const original = sampleTexts.find(({ name }) => name === event.id) ?? assert.fail();
  return JSON.parse(presetBody(preset, event, original)) as JsonObject;
}

const flagUpdated = (): AuditEvent => {
  const event = eventOf('flipt.flag.updated');
  return { ...event, previous: { ...(event.payload as JsonObject), enabled: false } };
};

test('an event of that very system goes through as it came', () => {
  for (const preset of presetNames) {
    for (const sample of sampleTexts.filter(({ format }) => format === preset)) {
      const event = redecode('s', 'id', sample.format, sample.text);
      assert.equal(presetBody(preset, event, sample), originalBody(sample.format, sample.text), sample.name);
    }
  }
});

test('every event becomes an event of the other system, the same each time', () => {
  const events = sampleEvents('flags');
  for (const preset of ['flipt', 'flipper', 'rollgate', 'flagsmith'] as const) {
    for (const [at, event] of events.entries()) {
      const original = sampleTexts[at] ?? assert.fail();
      const body = presetBody(preset, event, original);
      assert.equal(presetBody(preset, event, original), body, 'stable over retries');
      const read = redecode('s', 'id', preset, body);
      assert.notEqual(read.type, '', `${preset}: ${event.id}`);
    }
  }
});

test("Rollgate: a flag that was switched is flag.toggled, in Rollgate's envelope", () => {
  const body = bodyOf('rollgate', flagUpdated());
  const { flag, environment, triggered_by: by } = body as Record<string, JsonObject>;
  assert.deepEqual(Object.keys(body), ['event', 'timestamp', 'flag', 'environment', 'triggered_by']);
  assert.equal(body['event'], 'flag.toggled');
  assert.deepEqual(
    { ...flag, id: '' },
    { id: '', key: 'new-checkout', name: 'New checkout', enabled: true, description: 'Checkout v2' },
  );
  assert.equal(environment?.['name'], 'production');
  assert.equal(by?.['email'], 'alice@example.com');
  for (const id of [flag?.['id'], environment?.['id'], by?.['id']]) {
    assert.match(textOf(id), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

test('Rollgate: the five events', () => {
  const events: ReadonlyArray<readonly [sample: string, event: string]> = [
    ['flipt.flag.created', 'flag.created'],
    ['flipt.flag.updated', 'flag.updated'],
    ['flipt.flag.deleted', 'flag.deleted'],
    ['unleash.feature-environment-enabled', 'flag.toggled'],
    ['flipt.rollout.created', 'flag_state.updated'],
    ['flipt.rule.deleted', 'flag_state.updated'],
    ['flipt.segment.updated', 'segment.updated'],
    ['flipt.flag.created.denied', 'flag.created.denied'],
  ];
  for (const [sample, expected] of events)
    assert.equal(bodyOf('rollgate', eventOf(sample))['event'], expected, sample);
});

test('Flagsmith: FLAG_UPDATED with the new and the kept previous state', () => {
  const read = redecode('s', 'id', 'flagsmith', JSON.stringify(bodyOf('flagsmith', flagUpdated())));
  const state = {
    key: 'new-checkout',
    name: 'new-checkout',
    description: 'Checkout v2',
    namespace_key: 'production',
    project: 'flags',
    value: 'blue',
  };
  assert.equal(`${read.type}:${read.action}`, 'flag:updated');
  assert.deepEqual(read.payload, { ...state, enabled: true });
  assert.deepEqual(read.previous, { ...state, enabled: false });
  assert.deepEqual(read.metadata, { actor: { email: 'alice@example.com' } });
  assert.ok(
    !('previous_state' in (bodyOf('flagsmith', eventOf('flipt.flag.created'))['data'] as JsonObject)),
  );
});

test('Flagsmith: FLAG_DELETED has no new state', () => {
  const body = bodyOf('flagsmith', eventOf('flipt.flag.deleted'));
  assert.equal(body['event_type'], 'FLAG_DELETED');
  assert.equal((body['data'] as JsonObject)['new_state'], null);
});

test('Flagsmith: what is no flag, or was denied, is an audit log record', () => {
  for (const sample of ['flipt.rule.updated', 'flipt.flag.created.denied', 'flipt.token.created']) {
    assert.equal(bodyOf('flagsmith', eventOf(sample))['event_type'], 'AUDIT_LOG_CREATED', sample);
  }
  const { log, related_object_type } = bodyOf('flagsmith', eventOf('flipt.segment.updated'))[
    'data'
  ] as JsonObject;
  assert.deepEqual([log, related_object_type], ['segment updated: beta', 'SEGMENT']);
});

test('Flipper: the ping, with a delivery id that is the same at each attempt and differs between events', () => {
  const body = bodyOf('flipper', flagUpdated());
  assert.deepEqual(Object.keys(body), ['environment_id', 'webhook_id', 'delivery_id', 'action']);
  assert.equal(body['action'], 'sync');
  assert.ok(Number.isInteger(body['environment_id']) && Number.isInteger(body['webhook_id']));
  assert.equal(bodyOf('flipper', flagUpdated())['delivery_id'], body['delivery_id']);
  assert.notEqual(bodyOf('flipper', eventOf('flipt.flag.created'))['delivery_id'], body['delivery_id']);
});

test('Standard Webhooks: a dotted type, the time of the event, and data', () => {
  const body = bodyOf('standard-webhooks', flagUpdated());
  const data = body['data'] as JsonObject;
  assert.deepEqual(Object.keys(body), ['type', 'timestamp', 'data']);
  assert.deepEqual([body['type'], body['timestamp']], ['flag.updated', '2026-01-15T09:30:00Z']);
  assert.deepEqual([data['key'], data['enabled']], ['new-checkout', true]);
  assert.equal((data['previous'] as JsonObject)['enabled'], false);
  assert.equal((data['actor'] as JsonObject)['email'], 'alice@example.com');
  for (const event of sampleEvents())
    assert.match(textOf(bodyOf('standard-webhooks', event)['type']), /^[\w.]+$/);
});

test("Flipt: another system's event in Flipt's words, escaped as Go does", () => {
  const event = eventOf('unleash.feature-environment-enabled', { metadata: { actor: { name: 'a<b' } } });
  const original = sampleTexts.find(({ name }) => name === event.id) ?? assert.fail();
  const body = presetBody('flipt', event, original);
  assert.match(
    body,
    /^\{"version":"0\.2","type":"flag","action":"enabled","metadata":\{"actor":\{"name":"a\\u003cb"\}\}/,
  );
});
