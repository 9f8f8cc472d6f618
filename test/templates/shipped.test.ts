import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { diffChanges } from '../../src/core/changes.ts';
import type { AuditEvent, JsonObject, JsonValue } from '../../src/core/event.ts';
import { readPath } from '../../src/core/path.ts';
import { sampleEvents } from '../../src/core/samples.ts';
import { checkTemplate } from '../../src/templates/check.ts';
import { slackOverruns } from '../../src/templates/slack-limits.ts';
import { goldenDir, shipped, shippedTemplates, templatesDir } from './world.ts';

/** The samples, with what changed where a sample of the state before is at hand. */
function samplesWithChanges(): AuditEvent[] {
  const samples = sampleEvents('flipt');
  const created = new Map(samples.map((sample) => [sample.id, sample.payload]));
  return samples.map((sample) => {
    const before = sample.previous ?? previousOf(sample, created);
    if (before === undefined || before === null || sample.id.endsWith('.order')) return sample;
    const changes = diffChanges(before, sample.payload);
    return { ...sample, previous: before, ...(changes.length > 0 ? { changes } : {}) };
  });
}

/** Flipt's create event of the same thing, in the namespace of its update. */
function previousOf(sample: AuditEvent, payloads: ReadonlyMap<string, JsonValue>): JsonValue | undefined {
  const before =
    sample.action === 'updated' ? payloads.get(sample.id.replace('.updated', '.created')) : undefined;
  if (typeof before !== 'object' || before === null) return undefined;
  const namespace = readPath(sample.payload, 'namespace_key') as JsonValue | undefined;
  return namespace === undefined ? before : { ...(before as JsonObject), namespace_key: namespace };
}

/** One line for each sample, so that a difference shows which events changed. */
function golden(bodies: ReadonlyMap<string, unknown>): string {
  const lines = [...bodies].map(([id, body]) => `${JSON.stringify(id)}: ${JSON.stringify(body)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '"',
    '\\',
    '\n',
    '<!channel>',
    '<@U123>',
    '*b*',
    '`',
    '\ud800',
    '|',
    '>',
    '@everyone',
    '',
    'x<'.repeat(6000),
  ),
);
const anyValue = fc.oneof(anyText, fc.jsonValue({ noUnicodeString: false }) as fc.Arbitrary<JsonValue>);
const payloadKeys = [
  'key',
  'name',
  'flag_key',
  'segment_key',
  'namespace_key',
  'enabled',
  'description',
  'threshold',
  'segment',
  'rollout',
  'operator',
  'property',
  'value',
  'rank',
  'match_type',
  'attachment',
  'default_variant',
  'rule_ids',
  'rollout_ids',
  'io.flipt.auth.token.name',
  '__proto__',
];
const anyPayload = fc.oneof(
  anyValue,
  fc.array(fc.tuple(fc.constantFrom(...payloadKeys), anyValue)).map((entries) => {
    // As JSON.parse makes it: `__proto__` is a key like any other.
    return Object.fromEntries<JsonValue>(entries);
  }),
);
const anyEvent: fc.Arbitrary<AuditEvent> = fc.record({
  id: anyText,
  source: anyText,
  version: anyText,
  type: fc.oneof(anyText, fc.constantFrom('flag', 'segment', 'constraint', 'token')),
  action: fc.oneof(anyText, fc.constantFrom('created', 'updated', 'deleted')),
  metadata: fc.record({
    actor: fc.oneof(anyValue, fc.record({ name: anyValue, email: anyValue, authentication: anyValue })),
  }),
  payload: anyPayload,
  timestamp: fc.oneof(anyText, fc.constant('2026-01-15T09:30:00Z')),
  status: fc.oneof(anyText, fc.constantFrom('success', 'denied')),
  raw: fc.constant({}),
  previous: anyValue,
  changes: fc.array(fc.record({ path: anyText, before: anyValue, after: anyValue })),
});

/** Every text in a value, keys left out. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

for (const name of shippedTemplates) {
  describe(`templates/${name}.hbs`, () => {
    test('renders every sample as its golden file says', () => {
      const renderer = shipped(name);
      const bodies = new Map<string, unknown>();
      for (const sample of samplesWithChanges()) {
        const result = renderer.render(sample);
        assert.ok(result.ok, result.ok ? '' : `${sample.id}: ${result.reason}`);
        bodies.set(sample.id, JSON.parse(result.body));
      }
      const file = join(goldenDir, `${name}.json`);
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, golden(bodies));
      assert.equal(golden(bodies), readFileSync(file, 'utf8'), `run with UPDATE_GOLDEN=1 if this is meant`);
    });

    test('passes its own check', () => {
      assert.deepEqual(checkTemplate(shipped(name), sampleEvents()), []);
      assert.deepEqual(checkTemplate(shipped(name, true), sampleEvents()), []);
    });

    test('stays one JSON document of the same shape whatever the event holds', () => {
      const renderer = shipped(name);
      fc.assert(
        fc.property(anyEvent, (event) => {
          const result = renderer.render(event);
          assert.ok(result.ok, result.ok ? '' : result.reason);
          assert.ok(result.body.isWellFormed());
          JSON.parse(result.body);
        }),
        { numRuns: 60 },
      );
    });
  });
}

test('every shipped template has its tests', () => {
  const files = readdirSync(templatesDir).filter((file) => file.endsWith('.hbs'));
  assert.deepEqual(files.toSorted(), shippedTemplates.map((name) => `${name}.hbs`).toSorted());
});

describe('the Slack templates', () => {
  for (const name of ['slack', 'slack-text'] as const) {
    test(`${name} pings nobody and keeps within the limits of Slack, whatever the event holds`, () => {
      const renderer = shipped(name);
      fc.assert(
        fc.property(anyEvent, (event) => {
          const result = renderer.render(event);
          assert.ok(result.ok);
          const body = JSON.parse(result.body) as unknown;
          for (const text of textsIn(body)) {
            // The only markup in angle brackets is the template's own date.
            const rest = text.replace(/<!date\^\d+\^\{date_short_pretty\} \{time\}\|[^<>]*>/, '');
            assert.doesNotMatch(rest, /[<>]/);
          }
          assert.deepEqual(slackOverruns(body), []);
        }),
        { numRuns: 120 },
      );
    });
  }

  test('link to Flipt once its address is written into the template', () => {
    const renderer = shipped('slack', false, (template) =>
      template.replace('flipt_url=""', 'flipt_url="https://flipt.test"'),
    );
    const texts = new Map(
      sampleEvents().map((sample) => {
        const result = renderer.render(sample);
        assert.ok(result.ok);
        return [sample.id, (JSON.parse(result.body) as { text: string }).text];
      }),
    );
    const { size } = texts;
    assert.ok(size > 0);
    assert.equal(
      texts.get('flipt.flag.updated'),
      ':pencil2: Alice updated flag *<https://flipt.test/#/namespaces/production/flags/new-checkout|new-checkout>* in *production*',
    );
    assert.equal(
      texts.get('flipt.constraint.created'),
      ':sparkles: Someone created constraint *plan* of segment *<https://flipt.test/#/namespaces/default/segments/beta|beta>* in *default*',
    );
    assert.equal(
      texts.get('flipt.rule.updated.order'),
      ':pencil2: Someone reordered the rules of flag *<https://flipt.test/#/namespaces/default/flags/new-checkout|new-checkout>* in *default*',
    );
  });
});
