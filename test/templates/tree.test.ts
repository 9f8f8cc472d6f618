import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { JsonValue } from '../../src/core/event.ts';
import { compileTree } from '../../src/templates/compile.ts';
import type { TemplateSetOptions } from '../../src/templates/compile.ts';
import { event, json } from './world.ts';

function body(tree: unknown, options: TemplateSetOptions = json, payload: JsonValue = event.payload): string {
  const result = compileTree(tree, options);
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.problems));
  const output = result.renderer.render({ ...event, payload });
  assert.ok(output.ok, output.ok ? '' : output.reason);
  return output.body;
}

describe('a tree', () => {
  test('renders its strings and keeps everything else', () => {
    assert.deepEqual(
      JSON.parse(
        body({ a: '{{type}}:{{action}}', n: 1, t: true, z: null, l: ['x', '{{payload.count}}'], o: {} }),
      ),
      {
        a: 'flag:updated',
        n: 1,
        t: true,
        z: null,
        l: ['x', '3'],
        o: {},
      },
    );
  });

  test('takes the value itself where a string is nothing but toJson', () => {
    assert.deepEqual(
      JSON.parse(
        body({
          a: '{{toJson payload.list}}',
          b: '{{toJson payload.x}}',
          c: '{{payload.list}}',
          d: ' {{toJson payload.count}}',
        }),
      ),
      {
        a: ['a', 'b'],
        b: null,
        c: '["a","b"]',
        d: ' 3',
      },
    );
  });

  test('can use @-variables and partials in one string only', () => {
    assert.deepEqual(JSON.parse(body(['{{type}}', '{{#each payload.list}}{{@index}}{{this}}{{/each}}'])), [
      'flag',
      '0a1b',
    ]);
  });

  test('is sent as form fields for a form', () => {
    const form = { ...json, contentType: 'application/x-www-form-urlencoded' };
    assert.equal(
      body({ 'a b': '{{payload.key}} & co', payload: '{{toJson payload.list}}' }, form),
      'a+b=new-checkout+%26+co&payload=%5B%22a%22%2C%22b%22%5D',
    );
  });

  test('cannot be made invalid, nor get another key, by any value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const parsed = JSON.parse(
          body(
            { a: 'x{{payload}}', b: '{{toJson payload}}', c: ['{{{payload}}}'] },
            json,
            value as JsonValue,
          ),
        ) as object;
        assert.deepEqual(Object.keys(parsed), ['a', 'b', 'c']);
      }),
    );
  });

  test('reports problems with the pointer of their string', () => {
    const result = compileTree({ 'a/b': ['{{type}}', 'x {{uper type}}'], c: '{{#if type}}' }, json);
    assert.ok(!result.ok);
    assert.deepEqual(
      result.problems.map(({ pointer, code, line, column }) => [pointer, code, line, column]),
      [
        ['/a~1b/1', 'unknown_helper', 1, 5],
        ['/c', 'template_syntax', 1, 1],
      ],
    );
  });

  test('names the string that fails', () => {
    const result = compileTree({ a: { b: '{{upper payload}}' } }, json);
    assert.ok(result.ok);
    const output = result.renderer.render(event);
    assert.ok(!output.ok);
    assert.match(output.reason, /^template \/a\/b line 1, column 1: upper needs text, got an object/);
  });

  test('is refused where the content type is neither JSON nor a form', () => {
    for (const [tree, contentType] of [
      [{ a: 1 }, 'text/plain'],
      [{ a: 1 }, 'text/html'],
      [['a'], 'application/x-www-form-urlencoded'],
    ] as const) {
      const result = compileTree(tree, { ...json, contentType });
      assert.ok(!result.ok);
      assert.equal(result.problems[0]?.code, 'tree_content_type');
    }
  });
});
