import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatDuration, parseDuration } from '../../src/core/duration.ts';

test('durations as Go writes them, and days and weeks', () => {
  const table: Array<[string, number | undefined]> = [
    ['500ms', 500],
    ['15s', 15_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['100us', 0.1],
    ['0', 0],
    [' 1s ', 1000],
    ['', undefined],
    ['10', undefined],
    ['-1s', undefined],
    ['1 s', undefined],
    ['1h30', undefined],
    ['s', undefined],
    ['1.s', undefined],
    ['1y', undefined],
  ];
  for (const [text, ms] of table) assert.equal(parseDuration(text), ms, text);
});

test('property: what is written out reads back, as near as it was written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * 86_400_000 }), (ms) => {
      const again = parseDuration(formatDuration(ms));
      assert.ok(again !== undefined, formatDuration(ms));
      const unit =
        ms < 1000 ? 1 : ms < 10_000 ? 100 : ms < 3_600_000 ? 1000 : ms < 86_400_000 ? 60_000 : 3_600_000;
      assert.ok(Math.abs(again - ms) <= unit, `${ms} → ${formatDuration(ms)}`);
    }),
  );
});
