import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { findJsonError } from '../../src/templates/json-error.ts';

describe('findJsonError', () => {
  const cases: ReadonlyArray<readonly [text: string, offset: number, message: RegExp]> = [
    ['', 0, /empty/],
    ['{"a":1,}', 6, /comma after the last/],
    ['[1,\n]', 2, /comma after the last/],
    ['{"a":1 "b":2}', 7, /comma is missing/],
    ['[1 2]', 3, /comma is missing/],
    ['{"a" 1}', 5, /colon is missing/],
    ['{"a":}', 5, /value is missing/],
    ['{a:1}', 1, /key must stand in double quotes/],
    ['{"a":yes}', 5, /text must stand in double quotes/],
    ['{"a":"x\ny"}', 7, /line break/],
    ['{"a":"\\x"}', 6, /no known escape/],
    ['{"a":"x}', 5, /never closed/],
    ['{"a":[1}', 7, /does not close/],
    ['{"a":1', 6, /closing } is missing/],
    ['{} {}', 3, /follows after its end/],
    ['01', 1, /follows after its end/],
  ];
  for (const [text, offset, message] of cases) {
    test(JSON.stringify(text), () => {
      const error = findJsonError(text);
      assert.equal(error?.offset, offset);
      assert.match(error?.message ?? '', message);
    });
  }

  test('agrees with JSON.parse on what is JSON', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"\\n"',
      '"',
      '1',
      '-1.5e3',
      'true',
      'nul',
      ' ',
      '\n',
      '\\',
    );
    const texts = fc.oneof(
      fc.json(),
      fc.array(pieces).map((parts) => parts.join('')),
      fc.string(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false; // what is asserted below
        }
        assert.equal(findJsonError(text) === undefined, valid);
      }),
      { numRuns: 2000 },
    );
  });
});
