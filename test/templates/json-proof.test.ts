import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { AuditEvent, JsonValue } from '../../src/core/event.ts';
import { compileText } from '../../src/templates/compile.ts';
import { TextRenderer } from '../../src/templates/text-renderer.ts';
import { sampleEvent } from '../support/events.ts';

function compiled(text: string): TextRenderer {
  const result = compileText(text, { partialsDir: null, contentType: 'application/json' });
  assert.ok(result.ok && result.renderer instanceof TextRenderer, JSON.stringify(result));
  return result.renderer;
}

const provable = [
  '{"text": "{{type}} {{payload.key}}", "all": {{toJson payload}}}',
  '[{{payload}}, {{toJson previous}}, "{{#if status}}by {{metadata.actor.email}}{{else}}{{type}}{{/if}}"]',
  '"{{type}}"',
  '{{toJson this}}',
  '{"a": {{payload.enabled}} {{! a comment }} }',
];
const notProvable = [
  '{"a": 1{{payload.rank}}}',
  '{ {{toJson type}}: 1 }',
  '{"a": "{{{type}}}"}',
  '{"a": [{{#each changes}}{{toJson this}},{{/each}} 0]}',
  '{ {{#if status}}"a": 1{{/if}} }',
  '{"a": {{type}}{{action}}}',
];

for (const text of provable) {
  test(`needs no parse: ${text}`, () => assert.equal(compiled(text).isProvenJson, true));
}
for (const text of notProvable) {
  test(`must be parsed: ${text}`, () => assert.equal(compiled(text).isProvenJson, false));
}

test('what needs no parse is JSON with any values', () => {
  const json = fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }) as fc.Arbitrary<JsonValue>;
  const string = fc.string({ unit: 'binary' });
  const renderers = provable.map(compiled);
  fc.assert(
    fc.property(json, json, string, string, (payload, previous, type, status) => {
      const event: AuditEvent = { ...sampleEvent(), payload, previous, type, status };
      for (const renderer of renderers) {
        const rendered = renderer.render(event);
        if (!rendered.ok) continue; // A helper may refuse a value; nothing is sent then.
        assert.doesNotThrow(() => JSON.parse(rendered.body), rendered.body);
      }
    }),
    { numRuns: 300 },
  );
});
