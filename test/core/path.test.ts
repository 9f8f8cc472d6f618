import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { formatPath, parsePath, pathReader, readPath } from '../../src/core/path.ts';

describe('parsePath', () => {
  test('splits at dots and keeps bracketed keys whole', () => {
    assert.deepEqual(parsePath('payload.key'), ['payload', 'key']);
    assert.deepEqual(parsePath('payload.[io.flipt.name].x'), ['payload', 'io.flipt.name', 'x']);
    assert.deepEqual(parsePath('changes.0.path'), ['changes', '0', 'path']);
  });

  test('refuses what is no path', () => {
    for (const path of ['', '.', 'a.', '.a', 'a..b', 'a.[]', 'a.[b', 'a]b', '[a]b']) {
      assert.equal(parsePath(path), undefined, path);
    }
  });

  test('reads back what formatPath wrote', () => {
    const segment = fc.string({ minLength: 1 }).filter((text) => !text.includes(']'));
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1 }), (segments) => {
        assert.deepEqual(parsePath(formatPath(segments)), segments);
      }),
    );
  });
});

describe('readPath', () => {
  const event = {
    payload: { key: 'a', list: [{ x: 1 }], none: null, 'io.flipt.name': 'ci', 'a.b': { 'c.d': 2 } },
  };

  test('reads nested fields and array elements', () => {
    assert.equal(readPath(event, 'payload.key'), 'a');
    assert.equal(readPath(event, 'payload.list.0.x'), 1);
    assert.equal(readPath(event, 'payload.none'), null);
    assert.equal(readPath(event, 'payload.none.deeper'), undefined);
    assert.equal(readPath(event, 'payload.key.length'), undefined);
    assert.equal(readPath(null, 'payload.key'), undefined);
    assert.equal(readPath({ payload: null }, 'payload.key'), undefined);
  });

  test('finds keys that hold dots, written plainly or in brackets', () => {
    assert.equal(readPath(event, 'payload.io.flipt.name'), 'ci');
    assert.equal(readPath(event, 'payload.[io.flipt.name]'), 'ci');
    assert.equal(readPath(event, 'payload.a.b.c.d'), 2);
  });

  test('prefers the nested field, then the longest key', () => {
    assert.equal(readPath({ 'a.b': 1, a: { b: 2 } }, 'a.b'), 2);
    assert.equal(readPath({ 'a.b': 1, a: { b: null } }, 'a.b'), null);
    assert.equal(readPath({ 'a.b.c': 1, 'a.b': { c: 2 } }, 'a.b.c'), 1);
    assert.equal(readPath({ 'a.b': 3, a: 'text' }, 'a.b'), 3);
  });

  test('never reads what is inherited', () => {
    for (const path of [
      'constructor',
      '__proto__',
      'payload.constructor.name',
      'payload.toString',
      'payload.__proto__',
    ]) {
      assert.equal(readPath(event, path), undefined, path);
    }
    assert.equal(readPath(JSON.parse('{"__proto__":{"x":1}}'), '__proto__.x'), 1);
  });

  test('reads any own key of any object', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.jsonValue(), (outer, inner, value) => {
        const root = JSON.parse(
          `{${JSON.stringify(outer)}:{${JSON.stringify(inner)}:${JSON.stringify(value)}}}`,
        ) as unknown;
        assert.deepEqual(pathReader([outer, inner])(root), JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
