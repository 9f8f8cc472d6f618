import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { AuditEvent, JsonValue } from '../../src/core/event.ts';
import { compileTree } from '../../src/templates/compile.ts';
import { event, json, rendered, text } from './world.ts';

const withPayload = (payload: JsonValue): AuditEvent => ({ ...event, payload });
const withKey = (key: JsonValue): AuditEvent => withPayload({ key });

/** Any text, lone surrogates and control characters included. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '"',
        '\\',
        '\n',
        '\u2028',
        '\ud800',
        '\udc00',
        '😀',
        '{',
        '}',
        ',',
        ':',
        '<!channel>',
        '\u0000',
      ),
    )
    .map((parts) => parts.join('')),
);
const anyJson = fc.jsonValue({ noUnicodeString: false }) as fc.Arbitrary<JsonValue>;

describe('in a JSON body', () => {
  test('a value between quotes is escaped as the inside of a JSON string', () => {
    const body = rendered('{"a":"<{{payload.key}}>"}', json, withKey('a"b\\c\nd\u0001\u2028\u2029é😀'));
    assert.equal(body, '{"a":"<a\\"b\\\\c\\nd\\u0001\\u2028\\u2029é😀>"}');
    assert.deepEqual(JSON.parse(body), { a: '<a"b\\c\nd\u0001\u2028\u2029é😀>' });
  });

  test('lone surrogates become U+FFFD, inside and outside of quotes', () => {
    const of = withKey('x\ud800y\udc00z');
    assert.equal(rendered('{"a":"{{payload.key}}"}', json, of), '{"a":"x\ufffdy\ufffdz"}');
    assert.equal(rendered('{"a":{{payload.key}}}', json, of), '{"a":"x\ufffdy\ufffdz"}');
    // A text that only looks like an escape of one stays as it is.
    assert.deepEqual(JSON.parse(rendered('{"a":{{toJson payload}}}', json, withKey('\\ud800'))), {
      a: { key: '\\ud800' },
    });
  });

  test('a value outside of quotes is a whole JSON value', () => {
    const template =
      '{"text":{{payload.key}},"flag":{{payload.enabled}},"n":{{payload.count}},"none":{{payload.none}},"missing":{{payload.x.y}},"list":{{payload.list}}}';
    assert.deepEqual(JSON.parse(rendered(template, json)), {
      text: 'new-checkout',
      flag: true,
      n: 3,
      none: null,
      missing: null,
      list: ['a', 'b'],
    });
  });

  test('toJson is a value outside of quotes and its text between them', () => {
    const of = withKey('say "hi"');
    assert.deepEqual(
      JSON.parse(rendered('{"a":{{toJson payload}},"b":"```{{toJson payload}}```"}', json, of)),
      {
        a: { key: 'say "hi"' },
        b: '```{"key":"say \\"hi\\""}```',
      },
    );
  });

  test('an object between quotes is compact JSON, never [object Object]', () => {
    assert.deepEqual(JSON.parse(rendered('{"a":"{{payload}}"}', json, withPayload({ a: [1, null] }))), {
      a: '{"a":[1,null]}',
    });
  });

  test('what is missing or null is empty between quotes, as for denied events', () => {
    const template = '{"a":"[{{payload.key}}{{payload}}{{upper payload.key}}{{truncate payload.x.y 3}}]"}';
    assert.equal(rendered(template, json, withPayload(null)), '{"a":"[]"}');
  });

  test('equal blocks at different places keep their own escaping', () => {
    const template = '{"a":"{{#if type}}{{payload.key}}{{/if}}","b":{{#if type}}{{payload.key}}{{/if}}}';
    assert.deepEqual(JSON.parse(rendered(template, json)), { a: 'new-checkout', b: 'new-checkout' });
  });

  test('{{{x}}} is raw, and a broken body is not sent', () => {
    assert.equal(rendered('{"a":{{{payload.key}}}}', json, withKey('[1]')), '{"a":[1]}');
  });

  test('no value makes it invalid or adds a key or an element to it', () => {
    const template = `{
      "inside": "a {{payload.value}} b {{upper payload.text}}",
      "value": {{payload.value}},
      "json": {{toJson payload.value}},
      "both": "{{toJson payload.value}}{{#if payload.text}}{{truncate payload.text 7}}{{/if}}",
      "list": [{{payload.text}}, "{{payload.text}}"]
    }`;
    fc.assert(
      fc.property(anyJson, anyText, (value, written) => {
        const body = rendered(template, json, withPayload({ value, text: written }));
        const parsed = JSON.parse(body) as Record<string, unknown>;
        assert.deepEqual(Object.keys(parsed), ['inside', 'value', 'json', 'both', 'list']);
        const wellFormed = JSON.parse(JSON.stringify(value), (_, item: unknown) =>
          typeof item === 'string' ? item.toWellFormed() : item,
        ) as unknown;
        if (!JSON.stringify(value).includes('\\ud')) assert.deepEqual(parsed['value'], wellFormed);
        assert.deepEqual(parsed['list'], [written.toWellFormed(), written.toWellFormed()]);
        assert.ok(body.isWellFormed());
      }),
      { numRuns: 500 },
    );
  });

  test('inherited names and __proto__ give nothing but what the event itself holds', () => {
    const template =
      '{"a":"{{payload.constructor}}{{payload.__proto__.x}}{{payload.toString}}{{constructor.name}}","b":{{payload}}}';
    assert.equal(rendered(template, json, withPayload({})), '{"a":"","b":{}}');
    const hostile = JSON.parse('{"__proto__":{"x":"mine"},"constructor":"c"}') as JsonValue;
    assert.equal(
      rendered(template, json, withPayload(hostile)),
      '{"a":"cmine","b":{"__proto__":{"x":"mine"},"constructor":"c"}}',
    );
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
  });

  test('a million characters pass', () => {
    const long = '"<!channel>\n'.repeat(90_000);
    assert.deepEqual(JSON.parse(rendered('{"a":"{{payload.key}}"}', json, withKey(long))), { a: long });
  });
});

describe('for Slack', () => {
  const slack = { ...json, slack: true };

  test('values cannot ping, helpers for Slack keep their markup', () => {
    const of = withKey('<!channel> & co');
    assert.equal(rendered('{"a":"{{payload.key}}"}', slack, of), '{"a":"&lt;!channel&gt; &amp; co"}');
    assert.equal(rendered('{"a":"{{slack payload.key}}"}', slack, of), '{"a":"&lt;!channel&gt; &amp; co"}');
    assert.equal(
      rendered('{"a":"{{slackLink "https://x.test" payload.key}}"}', slack, of),
      '{"a":"<https://x.test|&lt;!channel&gt; &amp; co>"}',
    );
    assert.equal(
      rendered('{"a":{{payload}},"b":"{{toJson payload}}"}', slack, of),
      '{"a":{"key":"&lt;!channel&gt; &amp; co"},"b":"{\\"key\\":\\"&lt;!channel&gt; &amp; co\\"}"}',
    );
  });

  test('no value brings an angle bracket of its own into the body', () => {
    const template =
      '{"a":"{{payload}} {{upper type}}","b":{{payload}},"c":{{toJson payload}},"d":"{{toJson payload}}","e":"{{slack payload max=50}}"}';
    fc.assert(
      fc.property(anyJson, (value) => {
        const body = rendered(template, slack, withPayload({ value, key: '<!here>' }));
        assert.doesNotMatch(body, /[<>]/);
        JSON.parse(body);
      }),
    );
  });

  test('a tree is escaped too', () => {
    const result = compileTree({ text: 'x {{payload.key}}', all: '{{toJson payload}}' }, slack);
    assert.ok(result.ok);
    assert.deepEqual(result.renderer.render(withKey('<!here>')), {
      ok: true,
      body: '{"text":"x &lt;!here&gt;","all":{"key":"&lt;!here&gt;"}}',
    });
  });
});

describe('in other bodies', () => {
  test('a form field is percent-encoded, JSON in it too, and urlencode does not encode twice', () => {
    const form = { ...json, contentType: 'application/x-www-form-urlencoded' };
    const of = withKey('a b&c=d/é\ud800');
    assert.equal(rendered('k={{payload.key}}', form, of), 'k=a+b%26c%3Dd%2F%C3%A9%EF%BF%BD');
    assert.equal(
      rendered('k={{urlencode type}}&p={{toJson payload}}', form, withKey('x&y')),
      'k=flag&p=%7B%22key%22%3A%22x%26y%22%7D',
    );
  });

  test('markup is escaped in HTML and XML', () => {
    for (const contentType of ['text/html; charset=utf-8', 'application/xml', 'application/soap+xml']) {
      assert.equal(
        rendered('<p a="{{payload.key}}">', { ...json, contentType }, withKey(`<&"'>`)),
        '<p a="&lt;&amp;&quot;&#39;&gt;">',
      );
    }
  });

  test('plain text is not escaped', () => {
    assert.equal(
      rendered('{{payload.key}} {{payload.list}} {{payload.none}}|', text, {
        ...event,
        payload: { key: '<"&>', list: [1], none: null },
      }),
      '<"&> [1] |',
    );
  });

  test('every JSON content type is checked to be JSON', () => {
    for (const contentType of [
      'application/json',
      'Application/JSON; charset=utf-8',
      'text/json',
      'application/cloudevents+json',
    ]) {
      assert.equal(
        rendered('{"a":"{{payload.key}}"}', { ...json, contentType }, withKey('"')),
        '{"a":"\\""}',
      );
    }
  });
});
