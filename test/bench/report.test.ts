import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guardedRatios, judge } from '../../bench/guard.ts';
import { met, sectionText } from '../../bench/report.ts';
import type { Finding } from '../../bench/report.ts';
import { median, quantile, ratios, summarise } from '../../bench/statistics.ts';

test('median, quantile and the range', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(quantile([10, 20, 30, 40, 50], 0.99), 49.6);
  assert.ok(Number.isNaN(median([])));
  assert.equal(summarise([3, 1, 2.5], 1), '2.5 (1.0–3.0)');
  assert.equal(summarise([7]), '7');
});

test('ratios compare the same round', () => {
  assert.deepEqual(ratios([10, 30], [5, 10]), [2, 3]);
});

test('an aim is met by the median, and the text says which was missed', () => {
  const fast: Finding = { name: 'speed', unit: '×', values: [0.5, 2, 3], aim: { is: 'at least', value: 2 } };
  const dear: Finding = { name: 'cost', unit: 'µs', values: [30], aim: { is: 'at most', value: 20 } };
  const plain: Finding = { name: 'beside', unit: 'MB', values: [5] };
  assert.deepEqual([met(fast), met(dear), met(plain)], [true, false, undefined]);
  const table = { head: ['subject', 'events/s'], rows: [['a', '10']] };
  const text = sectionText({ table, findings: [fast, dear, plain], notes: ['busy'] });
  assert.equal(
    text,
    [
      '| subject | events/s |',
      '| ------- | -------: |',
      '| a       |       10 |',
      '',
      '- speed: 2.00 (0.50–3.00) ×; aim at least 2: met',
      '- cost: 30.0 µs; aim at most 20: MISSED',
      '- beside: 5.00 MB',
      '- note: busy',
      '',
    ].join('\n'),
  );
});

test('the guard sees rates that fell and costs that rose, within its tolerance', () => {
  const findings: Finding[] = [
    { name: 'rate', unit: '×', guard: 'rate', values: [0.5] },
    { name: 'cost', unit: '×', guard: 'cost', values: [2] },
    { name: 'of a peer', unit: '×', values: [9] },
  ];
  const ratiosOf = guardedRatios('backlog', { findings });
  const worse = (accepted: Record<string, number>): string[] =>
    judge(ratiosOf, accepted)
      .filter((verdict) => verdict.worse)
      .map(({ key }) => key);
  assert.deepEqual(
    ratiosOf.map(({ key }) => key),
    ['backlog: rate', 'backlog: cost'],
  );
  assert.deepEqual(worse({}), []);
  assert.deepEqual(worse({ 'backlog: rate': 0.55, 'backlog: cost': 1.8 }), []);
  assert.deepEqual(worse({ 'backlog: rate': 0.2, 'backlog: cost': 5 }), []);
  assert.deepEqual(worse({ 'backlog: rate': 0.6 }), ['backlog: rate']);
  assert.deepEqual(worse({ 'backlog: cost': 1.5 }), ['backlog: cost']);
});
