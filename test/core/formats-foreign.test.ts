import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/core/event.ts';
import { createDecoder, originalBody, redecode } from '../../src/core/formats/decoder.ts';
import { redactForDisplay } from '../../src/core/formats/redact.ts';
import { sampleTexts } from '../../src/core/samples.ts';

/** The normal form of a sample, without its id, source and raw. */
function normalForm(name: string): JsonObject {
  const sample = sampleTexts.find((candidate) => candidate.name === name);
  assert.ok(sample, `no sample ${name}`);
  const { type, action, metadata, payload, timestamp, status, version, previous, raw } = redecode(
    'hooks',
    name,
    sample.format,
    sample.text,
  );
  assert.deepEqual(raw, JSON.parse(sample.text), 'raw is the original');
  assert.equal(originalBody(sample.format, sample.text), sample.text, 'and goes out as it came');
  assert.equal(version, '');
  assert.equal(status, 'success');
  return {
    is: `${type}:${action}`,
    metadata,
    payload,
    timestamp,
    ...(previous === undefined ? {} : { previous }),
  };
}

const alice = { actor: { email: 'alice@example.com' } };
const checkout = { key: 'new_checkout', name: 'new_checkout' };
const inProduction = { namespace_key: 'Production', project: 'Shop' };
const known = { ...checkout, description: 'Checkout v2', ...inProduction };
const when = '2026-01-25T12:00:00.000000Z';
const rollgateFlag = {
  id: '550e8400-e29b-41d4-a716-446655440000',
  key: 'new-checkout',
  name: 'New Checkout Flow',
};
const rollgateActor = { actor: { email: 'dev@example.com', id: '770e8400-e29b-41d4-a716-446655440000' } };
const unleashActor = { actor: { email: 'user@company.com', id: 7 } };
const unleashFlag = { key: 'new-checkout', name: 'new-checkout', project: 'default' };

const expected: Record<string, JsonObject> = {
  'flagsmith.flag_updated': {
    is: 'flag:updated',
    metadata: alice,
    payload: { ...known, enabled: true, value: 'blue' },
    previous: { ...known, enabled: false, value: null },
    timestamp: when,
  },
  'flagsmith.flag_updated.first': {
    is: 'flag:created',
    metadata: { actor: { name: 'ci key' } },
    payload: { ...known, enabled: true, value: 5 },
    timestamp: '',
  },
  'flagsmith.flag_updated.segment_override': {
    is: 'flag:updated',
    metadata: alice,
    payload: { ...known, enabled: true, value: null, segment: 'beta users' },
    previous: { ...known, enabled: false, value: null, segment: 'beta users' },
    timestamp: when,
  },
  'flagsmith.flag_deleted': {
    is: 'flag:deleted',
    metadata: alice,
    payload: { ...checkout, ...inProduction },
    previous: { ...known, enabled: true, value: 'blue' },
    timestamp: when,
  },
  'flagsmith.new_version_published': {
    is: 'flag:published',
    metadata: { actor: { email: 'alice@example.com', id: 2 } },
    payload: {
      ...checkout,
      version: '4f6f0f2e-2a52-4a1e-9d53-8d1f0c8f0a11',
      feature_states: [{ enabled: true, value: null, multivariate_feature_state_values: [] }],
    },
    timestamp: '',
  },
  'flagsmith.audit_log_created.test_button': {
    is: 'flag:created',
    metadata: { actor: { email: 'user@domain.com', name: 'Jane Doe', id: 1 } },
    payload: {
      key: 'my_feature',
      name: 'my_feature',
      project: 'Test Project',
      log: 'New Flag / Remote Config created: my_feature',
      related_object_id: 1,
      related_object_type: 'FEATURE',
    },
    timestamp: '2020-02-23T17:30:57.006318Z',
  },
  'flagsmith.audit_log_created': {
    is: 'flag:updated',
    metadata: { actor: { email: 'alice@example.com', name: 'Alice Doe', id: 2 } },
    payload: {
      ...checkout,
      ...inProduction,
      log: "Segment override created for feature 'new_checkout' and segment 'beta users'",
      related_object_id: 7,
      related_object_type: 'FEATURE_STATE',
    },
    timestamp: when,
  },
  'flagsmith.audit_log_created.unwrapped': {
    is: 'change_request:approved',
    metadata: { actor: { email: 'user@domain.com', name: 'Jane Doe', id: 3 } },
    payload: {
      key: 'Launch',
      name: 'Launch',
      project: 'Shop',
      log: 'Change Request: Launch approved',
      related_object_id: 6,
      related_object_type: 'CHANGE_REQUEST',
    },
    timestamp: '2020-02-23T17:30:57.006318Z',
  },
  'rollgate.flag.toggled': {
    is: 'flag:toggled',
    metadata: rollgateActor,
    payload: { ...rollgateFlag, enabled: true, namespace_key: 'production' },
    timestamp: '2026-01-25T12:00:00Z',
  },
  'rollgate.flag.created': {
    is: 'flag:created',
    metadata: rollgateActor,
    payload: { ...rollgateFlag, type: 'boolean', description: '' },
    timestamp: '2026-01-25T12:00:00Z',
  },
  'rollgate.flag.updated': {
    is: 'flag:updated',
    metadata: rollgateActor,
    payload: { ...rollgateFlag, type: 'boolean', description: 'Checkout v2' },
    timestamp: '2026-01-25T12:00:00Z',
  },
  'rollgate.flag.deleted': {
    is: 'flag:deleted',
    metadata: rollgateActor,
    payload: rollgateFlag,
    timestamp: '2026-01-25T12:00:00Z',
  },
  'rollgate.flag_state.updated': {
    is: 'flag_state:updated',
    metadata: rollgateActor,
    payload: { ...rollgateFlag, enabled: true, rollout_percentage: 25, namespace_key: 'production' },
    timestamp: '2026-01-25T12:00:00Z',
  },
  'flipper.sync': {
    is: 'environment:sync',
    metadata: {
      actor: {},
      environment_id: 123,
      webhook_id: 456,
      delivery_id: '467dd251-b5e9-44d1-b490-539a97ef0983',
    },
    payload: null,
    timestamp: '',
  },
  'unleash.feature-environment-enabled': {
    is: 'flag:enabled',
    metadata: unleashActor,
    payload: { ...unleashFlag, enabled: true, namespace_key: 'production' },
    timestamp: '2026-01-25T12:00:00.000Z',
  },
  'unleash.feature-archived': {
    is: 'flag:archived',
    metadata: unleashActor,
    payload: unleashFlag,
    timestamp: '2026-01-25T12:00:00.000Z',
  },
  'unleash.change-request-approved': {
    is: 'change_request:approved',
    metadata: unleashActor,
    payload: { ...unleashFlag, namespace_key: 'production', data: { changeRequestId: 1 } },
    timestamp: '2026-01-25T12:00:00.000Z',
  },
  'json.object': {
    is: 'user:updated',
    metadata: { actor: { email: 'dev@example.com' } },
    payload: { key: '42', name: 'Dev' },
    timestamp: '2026-01-25T12:00:00Z',
  },
};

for (const [name, form] of Object.entries(expected)) {
  test(`normal form of ${name}`, () => assert.deepEqual(normalForm(name), form));
}

test("Flagsmith's documents give environment and project as numbers, and an empty value is a value", () => {
  const { payload, previous } = normalForm('flagsmith.flag_updated.documented');
  const butterBar = {
    key: 'butter_bar',
    name: 'butter_bar',
    description: 'Show html in a butter bar',
    namespace_key: '23',
    project: '12',
  };
  assert.deepEqual(payload, { ...butterBar, enabled: true, value: '<b>Hello</b>' });
  assert.deepEqual(previous, { ...butterBar, enabled: false, value: '' });
});

test("Unleash's data and preData can be told apart", () => {
  const form = normalForm('unleash.feature-strategy-update');
  assert.equal(form['is'], 'strategy:updated');
  const rollout = (state: unknown): unknown => {
    const text = JSON.stringify(state);
    return /"rollout":"(\d+)"/.exec(text)?.[1];
  };
  assert.deepEqual([rollout(form['previous']), rollout(form['payload'])], ['67', '32']);
});

const logSentences: ReadonlyArray<readonly [type: string, log: string, is: string, key: string]> = [
  ['FEATURE', 'New Flag / Remote Config created: created', 'flag:created', 'created'],
  ['FEATURE', 'Flag / Remote Config Deleted: updated', 'flag:deleted', 'updated'],
  ['FEATURE', 'Flag / Remote Config updated: a: b', 'flag:updated', 'a: b'],
  ['FEATURE_STATE', 'Flag state updated for feature: x', 'flag:updated', 'x'],
  ['FEATURE_STATE', 'Remote config value updated for feature: x', 'flag:updated', 'x'],
  ['EF_VERSION', 'New version published for feature: x', 'flag:published', 'x'],
  ['FEATURE_STATE', "Identity override created for feature 'x' and identity 'deleted'", 'flag:updated', 'x'],
  ['CHANGE_REQUEST', 'Change Request: Summer sale created', 'change_request:created', 'Summer sale'],
  [
    'CHANGE_REQUEST',
    'Change Request: deleted things committed',
    'change_request:committed',
    'deleted things',
  ],
  [
    'FEATURE_STATE',
    'Scheduled change to Flag state / Remote config value went live for feature: x by Change Request: Launch',
    'flag:updated',
    'x',
  ],
  ['SEGMENT', 'New Segment created: beta', 'segment:created', 'beta'],
  ['METRIC', 'Something nobody has heard of', 'metric:updated', ''],
];

for (const [recordType, log, is, key] of logSentences) {
  test(`reads "${log}"`, () => {
    const data = { log, related_object_type: recordType, created_date: 'x', author: null, environment: null };
    const event = redecode('s', 'i', 'flagsmith', JSON.stringify({ event_type: 'AUDIT_LOG_CREATED', data }));
    assert.equal(`${event.type}:${event.action}`, is);
    assert.equal((event.payload as JsonObject)['key'] ?? '', key);
  });
}

const unleashTypes: ReadonlyArray<readonly [type: string, is: string]> = [
  ['feature-created', 'flag:created'],
  ['feature-stale-on', 'flag:stale-on'],
  ['feature-potentially-stale-on', 'flag:potentially-stale-on'],
  ['feature-environment-variants-updated', 'variant:updated'],
  ['feature-strategy-add', 'strategy:created'],
  ['change-request-schedule-suspended', 'change_request:schedule-suspended'],
  ['change-added', 'change:added'],
  ['api-token-created', 'api_token:created'],
  ['segment-updated', 'segment:updated'],
  ['pat', 'pat:received'],
];

for (const [type, is] of unleashTypes) {
  test(`Unleash's ${type} is ${is}`, () => {
    const event = redecode('s', 'i', 'unleash', JSON.stringify({ type, createdAt: 'x', createdBy: 'admin' }));
    assert.equal(`${event.type}:${event.action}`, is);
    assert.deepEqual(event.metadata, { actor: { name: 'admin' } });
  });
}

test('auto finds the format of every sample', () => {
  const decode = createDecoder('s', 'auto');
  for (const { name, format, text } of sampleTexts) {
    const decoded = decode(text, () => 'id');
    assert.equal(decoded.kind === 'event' && decoded.incoming.format, format, name);
  }
});

test('auto takes log lines for log lines, and nothing unknown for an event', () => {
  const decode = createDecoder('s', 'auto');
  const kinds = [
    '{"level":"info","msg":"started","action":"start"}',
    '{"M":"AUDIT","type":"x"}',
    '{"a":1}',
    'hello',
    '[]',
  ].map((line) => decode(line, () => 'id'));
  const rejected = { kind: 'rejected', reason: 'not_an_event' };
  assert.deepEqual(kinds, [
    { kind: 'skipped' },
    rejected,
    rejected,
    { kind: 'skipped' },
    { kind: 'skipped' },
  ]);
});

test('a foreign format takes nothing but its own events', () => {
  const notAnEvent = { kind: 'rejected', reason: 'not_an_event' };
  const wrong = {
    flagsmith: ['{"event_type":"FLAG_UPDATED"}', '{"event_type":5,"data":{}}', '{}', '[]', 'null'],
    rollgate: ['{"event":5}', '{}', '{"event":"flag.created","flag":"x"}'],
    flipper: ['{}', '{"action":5}'],
    unleash: ['{"type":"feature-created"}', '{"createdAt":"x"}'],
    json: ['[]', '1', '"x"', 'null'],
  } as const;
  for (const [format, lines] of Object.entries(wrong)) {
    const decode = createDecoder('s', format as keyof typeof wrong);
    for (const line of lines)
      assert.deepEqual(
        decode(line, () => 'id'),
        notAnEvent,
        `${format}: ${line}`,
      );
    assert.deepEqual(
      decode('hello', () => 'id'),
      { kind: 'rejected', reason: 'invalid_json' },
    );
  }
});

test('json takes any object', () => {
  const event = redecode('s', 'i', 'json', '{"a":1}');
  assert.deepEqual([event.type, event.action, event.payload], ['event', 'received', { a: 1 }]);
  const named = redecode(
    's',
    'i',
    'json',
    '{"type":"a","action":"b","actor":{"name":"N"},"before":1,"after":2,"ts":5}',
  );
  assert.deepEqual([named.type, named.action, named.payload, named.previous], ['a', 'b', 2, 1]);
  assert.deepEqual([named.metadata, named.timestamp], [{ actor: { name: 'N' } }, '5']);
});

test('redecode throws for a text that was never accepted', () => {
  assert.throws(() => redecode('s', 'i', 'flipt', '{}'), TypeError);
});

test('what opens something is not shown', () => {
  const shown = redactForDisplay({
    data: { environment: { api_key: 'k1', name: 'Production' }, list: [{ 'Client-Secret': 'k2' }] },
    password: null,
    key: 'new-checkout',
  });
  assert.deepEqual(shown, {
    data: {
      environment: { api_key: '[redacted]', name: 'Production' },
      list: [{ 'Client-Secret': '[redacted]' }],
    },
    password: null,
    key: 'new-checkout',
  });
});

test('redaction survives hostile keys and any depth', () => {
  const hostile = JSON.parse('{"__proto__":{"secret":"k"},"a":1}') as JsonObject;
  assert.equal(JSON.stringify(redactForDisplay(hostile)), '{"__proto__":{"secret":"[redacted]"},"a":1}');
  const deep = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)) as JsonObject;
  assert.ok(JSON.stringify(redactForDisplay(deep)).length < 1000);
});
