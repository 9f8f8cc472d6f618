import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AuditEvent } from '../../src/core/event.ts';
import { createDecoder, originalBody, redecode } from '../../src/core/formats/decoder.ts';
import { sampleTexts } from '../../src/core/samples.ts';
import type { Decoded } from '../../src/core/source.ts';

const decode = createDecoder('flipt', 'flipt');
const noId = (): string => 'id';

const actor = '{"actor":{"authentication":"none","ip":"172.18.0.1"}}';
const payload =
  '{"description":"","enabled":false,"key":"new-checkout","name":"New checkout","namespace_key":"default"}';
/** The event as Flipt's webhook posts it, and the four ways its log sink writes it (internal/server/audit/log/log.go). */
const webhook = `{"version":"0.2","type":"flag","action":"created","metadata":${actor},"payload":${payload},"timestamp":"2026-01-15T09:30:00Z","status":"success"}`;
const fileConsole = `{"version": "0.2", "type": "flag", "action": "created", "status": "success", "metadata": ${actor}, "payload": ${payload}, "timestamp": "2026-01-15T09:30:00Z"}`;
const fileJson = `{"version":"0.2","type":"flag","action":"created","status":"success","metadata":${actor},"payload":${payload},"timestamp":"2026-01-15T09:30:00Z"}`;
const stdoutConsole = `2026-01-15T09:30:02Z\tAUDIT\t${fileConsole}`;
const stdoutJson = `{"T":"2026-01-15T09:30:02Z","M":"AUDIT",${fileJson.slice(1)}`;
const forms = { webhook, fileConsole, fileJson, stdoutConsole, stdoutJson };

function eventOf(decoded: Decoded): AuditEvent {
  assert.equal(decoded.kind, 'event');
  return decoded.kind === 'event' ? decoded.incoming.event : assert.fail();
}

for (const [form, line] of Object.entries(forms)) {
  test(`reads the ${form} form, and sends it as the webhook would`, () => {
    const decoded = decode(line, () => 'the-id');
    const event = eventOf(decoded);
    assert.deepEqual(
      { ...event, raw: undefined },
      {
        id: 'the-id',
        source: 'flipt',
        version: '0.2',
        type: 'flag',
        action: 'created',
        metadata: { actor: { authentication: 'none', ip: '172.18.0.1' } },
        payload: JSON.parse(payload),
        timestamp: '2026-01-15T09:30:00Z',
        status: 'success',
        raw: undefined,
      },
    );
    assert.equal(decoded.kind, 'event');
    if (decoded.kind !== 'event') return;
    assert.equal(decoded.incoming.format, 'flipt');
    assert.equal(decoded.incoming.text, line.slice(line.indexOf('{')));
    assert.equal(originalBody('flipt', decoded.incoming.text), webhook);
    assert.deepEqual(redecode('flipt', 'the-id', 'flipt', decoded.incoming.text), event);
  });
}

test('asks for an id only when the line is an event', () => {
  const never = (): string => assert.fail('no id is needed');
  for (const line of ['', 'hello', '{', '{"version":"0.2"}', '2026-01-15T09:30:02Z\tINFO\thello\t{}'])
    decode(line, never);
});

test('gives version 0.1, which has no status, the status success', () => {
  const text = sampleTexts.find(({ name }) => name === 'flipt.flag.created.v0.1')?.text ?? '';
  const event = eventOf(decode(text, noId));
  assert.equal(event.version, '0.1');
  assert.equal(event.status, 'success');
  assert.equal(originalBody('flipt', text), text, 'and sends none, as Flipt did');
});

test('keeps denied events, unknown fields and nested keys with dots', () => {
  const line =
    '{"version":"0.3","type":"token","action":"created","status":"denied","metadata":{},"payload":null,"timestamp":"x","new":{"a.b":[1]}}';
  const event = eventOf(decode(line, noId));
  assert.equal(event.payload, null);
  assert.equal(event.status, 'denied');
  assert.deepEqual(event.raw['new'], { 'a.b': [1] });
  assert.equal(
    originalBody('flipt', line),
    '{"version":"0.3","type":"token","action":"created","metadata":{},"payload":null,"timestamp":"x","status":"denied","new":{"a.b":[1]}}',
  );
});

test('fills in what an event leaves out', () => {
  const event = eventOf(decode('{"version":"0.1","type":"flag","action":"updated"}', noId));
  assert.deepEqual([event.metadata, event.payload, event.timestamp, event.status], [{}, null, '', 'success']);
});

const verdicts: ReadonlyArray<readonly [line: string, verdict: 'skipped' | 'invalid_json' | 'not_an_event']> =
  [
    // application log lines of both encodings
    ['2026-01-15T09:30:02Z\tINFO\tserver started\t{"server": "grpc", "version": "v1.61.1"}', 'skipped'],
    [
      '2026-01-15T09:30:02Z\t\u001b[31mERROR\u001b[0m\tfailed to send audit\t{"action": 1, "payload": {}, "metadata": 2}',
      'skipped',
    ],
    ['{"L":"INFO","T":"2026-01-15T09:30:02Z","M":"started","version":"v1.61.1"}', 'skipped'],
    ['{"severity":"warning","when":"now","text":"renamed keys"}', 'skipped'],
    ['goroutine 1 [running]:', 'skipped'],
    ['hello', 'skipped'],
    ['', 'skipped'],
    // audit lines that are torn or broken
    ['2026-01-15T09:30:02Z\tAUDIT\t{"version": "0.2", "type": "fl', 'invalid_json'],
    ['2026-01-15T09:30:02Z\tAUDIT\t', 'invalid_json'],
    ['2026-01-15T09:30:02Z\tAUDIT', 'invalid_json'],
    ['2026-01-15T09:30:02Z\tAUDIT\thello', 'invalid_json'],
    ['{"version": "0.2", "type": "flag", "act', 'invalid_json'],
    ['"action": "created", "metadata": {}, "payload": null}', 'invalid_json'],
    [`${fileJson}${fileJson}`, 'invalid_json'],
    ['{}', 'not_an_event'],
    ['{"hello":"world"}', 'not_an_event'],
    ['2026-01-15T09:30:02Z\tAUDIT\t{}', 'not_an_event'],
    ['{"M":"AUDIT","L":"INFO"}', 'not_an_event'],
    [
      '{"version":"0.2","type":"flag","metadata":{},"payload":null,"timestamp":"","status":"info"}',
      'not_an_event',
    ],
    ['{"version":"0.2","type":"flag","action":7,"metadata":{},"payload":null}', 'not_an_event'],
    ['{"version":2,"type":"flag","action":"created","metadata":{}}', 'not_an_event'],
    ['{"version":"0.2","type":"","action":"created","metadata":{}}', 'not_an_event'],
    ['{"version":"0.2","type":"flag","action":"created","metadata":[]}', 'not_an_event'],
    ['{"version":"0.2","type":"flag","action":"created","metadata":{},"timestamp":1}', 'not_an_event'],
    ['{"version":"0.2","type":"flag","action":"created","metadata":{},"status":1}', 'not_an_event'],
  ];

for (const [line, verdict] of verdicts) {
  test(`takes ${JSON.stringify(line).slice(0, 70)} for ${verdict}`, () => {
    const expected = verdict === 'skipped' ? { kind: 'skipped' } : { kind: 'rejected', reason: verdict };
    assert.deepEqual(decode(line, noId), expected);
  });
}

test('never skips a torn audit line once its document has begun', () => {
  for (const line of [fileConsole, fileJson, stdoutConsole, stdoutJson]) {
    for (let end = line.indexOf('{') + 1; end < line.length; end += 1) {
      assert.deepEqual(
        decode(line.slice(0, end), noId),
        { kind: 'rejected', reason: 'invalid_json' },
        line.slice(0, end),
      );
    }
  }
});

test('ignores a byte order mark and space around the line', () => {
  for (const line of [`\uFEFF${fileJson}`, `  ${fileJson}\r`, `\uFEFF${stdoutConsole} `]) {
    const decoded = decode(line, noId);
    assert.equal(decoded.kind === 'event' && originalBody('flipt', decoded.incoming.text), webhook);
  }
});

test('sends numbers, escapes and nested bytes untouched', () => {
  const held =
    '{"big":12345678901234567890.5000,"e":1E2,"esc":"\\u00e9\\"}{\\\\","list":[ 1, {"a" : "],}"} ]}';
  const line = `{"payload": ${held} , "version": "0.2","type":"flag" ,"action":"updated"}`;
  assert.equal(
    originalBody('flipt', line),
    `{"version":"0.2","type":"flag","action":"updated","payload":${held}}`,
  );
});

test('escapes as Go does: < > & and the line separators, wherever they stand', () => {
  const line =
    '{"version":"0.2","type":"flag","action":"created","status":"success","metadata":{},"payload":{"<k>":"a&b\u2028\u2029"},"timestamp":""}';
  assert.equal(
    originalBody('flipt', line),
    '{"version":"0.2","type":"flag","action":"created","metadata":{},"payload":{"\\u003ck\\u003e":"a\\u0026b\\u2028\\u2029"},"timestamp":"","status":"success"}',
  );
});

test('drops only the wrapper of the JSON log, not fields that look like it', () => {
  const inner = '"version":"0.2","type":"flag","action":"created"';
  assert.equal(originalBody('flipt', `{"T":"x","M":"AUDIT",${inner}}`), `{${inner}}`);
  assert.equal(originalBody('flipt', `{"T":"x","M":"mine",${inner}}`), `{${inner},"T":"x","M":"mine"}`);
});

test('the body says the same as any event, in the order of the webhook', () => {
  const order = ['version', 'type', 'action', 'metadata', 'payload', 'timestamp', 'status'];
  const anyEvent = fc.record({
    timestamp: fc.string({ unit: 'binary' }),
    extra: fc.jsonValue({ maxDepth: 3 }),
    payload: fc.jsonValue({ maxDepth: 3 }),
    version: fc.constantFrom('0.1', '0.2'),
    metadata: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 })),
    status: fc.constantFrom('success', 'denied'),
    type: fc.string({ minLength: 1 }),
    action: fc.string({ minLength: 1 }),
  });
  fc.assert(
    fc.property(anyEvent, fc.constantFrom(undefined, 1, '\t'), (event, indent) => {
      const text = JSON.stringify(event, null, indent);
      const body = originalBody('flipt', text);
      assert.deepEqual(JSON.parse(body), JSON.parse(text));
      assert.deepEqual(Object.keys(JSON.parse(body)), [...order, 'extra']);
      assert.equal(originalBody('flipt', body), body, 'a body is its own body');
      assert.doesNotMatch(body, /[<>&\u2028\u2029]/);
    }),
  );
});

/** The members of an event in the order and spacing of one of Flipt's encodings. */
function written(members: ReadonlyArray<readonly [key: string, json: string]>, space: string): string {
  return `{${members.map(([key, json]) => `"${key}":${space}${json}`).join(`,${space}`)}}`;
}

test('every form of an event has the same body, plain or intricate', () => {
  const word = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('a"b', '\\', '<&>', '"}', ',"status":"x"', '\n'),
  );
  const scalar = fc.oneof(word, fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
  const flatObject = fc.dictionary(word, scalar, { maxKeys: 6 });
  const anyPayload = fc.oneof(flatObject, fc.constant(null), fc.jsonValue({ maxDepth: 3 }));
  const anyActor = fc.oneof(
    fc.dictionary(word, word, { maxKeys: 5 }).map((who) => ({ actor: who })),
    fc.constant({}),
    fc.dictionary(word, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 3 }),
  );
  fc.assert(
    fc.property(anyActor, anyPayload, word, (metadata, held, timestamp) => {
      const head = [
        ['version', '"0.2"'],
        ['type', '"flag"'],
        ['action', '"updated"'],
      ] as const;
      const status = ['status', '"success"'] as const;
      const tail = [
        ['metadata', JSON.stringify(metadata)],
        ['payload', JSON.stringify(held)],
        ['timestamp', JSON.stringify(timestamp)],
      ] as const;
      const escapes: Record<string, string> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' };
      const escaped = (json: string): string =>
        json
          .replaceAll(/[<>&]/g, (character) => escapes[character] ?? '')
          .replaceAll('\u2028', '\\u2028')
          .replaceAll('\u2029', '\\u2029');
      const body = escaped(written([...head, ...tail, status], ''));
      const wrapper = [
        ['T', '"2026-01-15T09:30:02Z"'],
        ['M', '"AUDIT"'],
      ] as const;
      const lines = [
        written([...head, status, ...tail], ' '),
        written([...head, status, ...tail], ''),
        written([...wrapper, ...head, status, ...tail], ''),
        written([...head, ...tail, status], ''),
      ];
      for (const line of lines) assert.equal(originalBody('flipt', line), body);
      const older = written([...head, ...tail], '');
      assert.equal(originalBody('flipt', older), escaped(older), 'version 0.1 has no status');
    }),
    { numRuns: 150 },
  );
});

test('a long line costs time in proportion, not more', () => {
  for (const held of [
    `"${'x'.repeat(300_000)}"`,
    `{${'"a":1,'.repeat(50_000)}"a":1}`,
    '['.repeat(50_000) + ']'.repeat(50_000),
  ]) {
    const line = `{"version":"0.2","type":"flag","action":"updated","status":"success","metadata":{},"payload":${held},"timestamp":"x"}`;
    assert.ok(originalBody('flipt', line).endsWith(`"payload":${held},"timestamp":"x","status":"success"}`));
  }
});

test('any line at all is an event, skipped or rejected, in every format', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.json().map((json) => `{"version":"0.2","type":${json}`),
  );
  const settings = ['flipt', 'auto', 'flagsmith', 'rollgate', 'flipper', 'unleash', 'json'] as const;
  fc.assert(
    fc.property(line, fc.constantFrom(...settings), (text, setting) => {
      const decoded = createDecoder('s', setting)(text, noId);
      assert.ok(['event', 'skipped', 'rejected'].includes(decoded.kind));
    }),
  );
});
