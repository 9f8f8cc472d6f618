import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSize, parseSize } from '../../src/core/size.ts';

test('sizes in both kinds of units', () => {
  const table: Array<[string, number | undefined]> = [
    ['4096', 4096],
    ['1KiB', 1024],
    ['1MiB', 1_048_576],
    ['1.5 GiB', 1_610_612_736],
    ['500kB', 500_000],
    ['2tb', 2_000_000_000_000],
    ['10B', 10],
    ['', undefined],
    ['1 M', undefined],
    ['-1', undefined],
    ['MiB', undefined],
    ['1MiBs', undefined],
  ];
  for (const [text, bytes] of table) assert.equal(parseSize(text), bytes, text);
});

test('sizes as people read them', () => {
  assert.deepEqual([0, 1023, 1536, 1_048_576, 15 * 2 ** 30].map(formatSize), [
    '0 B',
    '1023 B',
    '1.5 KiB',
    '1 MiB',
    '15 GiB',
  ]);
});
