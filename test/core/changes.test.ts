import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { diffChanges } from '../../src/core/changes.ts';
import type { JsonValue } from '../../src/core/event.ts';
import { readPath } from '../../src/core/path.ts';

describe('diffChanges', () => {
  test('gives path, before and after of what differs, new keys first', () => {
    assert.deepEqual(
      diffChanges(
        { key: 'a', enabled: false, threshold: { percentage: 25, value: true }, gone: 1 },
        { key: 'a', enabled: true, threshold: { percentage: 50, value: true }, added: 'x' },
      ),
      [
        { path: 'enabled', before: false, after: true },
        { path: 'threshold.percentage', before: 25, after: 50 },
        { path: 'added', before: null, after: 'x' },
        { path: 'gone', before: 1, after: null },
      ],
    );
  });

  test('puts keys with dots in brackets', () => {
    assert.deepEqual(diffChanges({ 'a.b': 1 }, { 'a.b': 2 }), [{ path: '[a.b]', before: 1, after: 2 }]);
  });

  test('compares lists of things by their id, other lists as a whole', () => {
    const before = {
      constraints: [
        { id: '1', value: 'a' },
        { id: '2', value: 'b' },
      ],
      tags: ['x'],
    };
    const after = {
      constraints: [
        { id: '2', value: 'c' },
        { id: '3', value: 'd' },
      ],
      tags: ['x', 'y'],
    };
    assert.deepEqual(diffChanges(before, after), [
      { path: 'constraints.0.value', before: 'b', after: 'c' },
      { path: 'constraints.1', before: null, after: { id: '3', value: 'd' } },
      { path: 'constraints.0', before: { id: '1', value: 'a' }, after: null },
      { path: 'tags', before: ['x'], after: ['x', 'y'] },
    ]);
    assert.deepEqual(diffChanges({ l: [{ id: 1 }, { id: 1 }] }, { l: [{ id: 1 }] }), [
      { path: 'l', before: [{ id: 1 }, { id: 1 }], after: [{ id: 1 }] },
    ]);
  });

  test('gives nothing unless both are objects', () => {
    for (const [before, after] of [
      [null, {}],
      [{}, null],
      [undefined, { a: 1 }],
      [[1], [2]],
      ['a', 'b'],
    ] as const) {
      assert.deepEqual(diffChanges(before as JsonValue | undefined, after as JsonValue), []);
    }
  });

  test('is bounded in number and depth', () => {
    const many = (value: number): JsonValue =>
      Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, value]));
    assert.equal(diffChanges(many(1), many(2)).length, 100);
    assert.equal(diffChanges(many(1), many(2), { maxChanges: 3 }).length, 3);
    assert.deepEqual(diffChanges({ a: { b: 1 } }, { a: { b: 2 } }, { maxDepth: 1 }), [
      { path: 'a', before: { b: 1 }, after: { b: 2 } },
    ]);
    const deep = (leaf: number): JsonValue => {
      let value: JsonValue = leaf;
      for (let i = 0; i < 100_000; i += 1) value = [value];
      return { value };
    };
    assert.equal(diffChanges(deep(1), deep(2)).length, 1);
  });

  test('keys like __proto__ are keys like any other', () => {
    const parse = (text: string): JsonValue => JSON.parse(text) as JsonValue;
    assert.deepEqual(
      diffChanges(parse('{"__proto__":{"x":1},"constructor":1}'), parse('{"__proto__":{"x":2}}')),
      [
        { path: '__proto__.x', before: 1, after: 2 },
        { path: 'constructor', before: 1, after: null },
      ],
    );
  });

  test('a thing has no changes against itself, and each path leads to its values', () => {
    const object = fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => !key.includes(']')),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(object, object, (left, right) => {
        const [before, after] = [left, right].map(
          (value) => JSON.parse(JSON.stringify(value)) as JsonValue,
        ) as [JsonValue, JsonValue];
        assert.deepEqual(diffChanges(before, structuredClone(before)), []);
        for (const change of diffChanges(before, after)) {
          if (change.after !== null) assert.deepEqual(readPath(after, change.path), change.after);
        }
      }),
    );
  });
});
