import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttemptResult } from '../../src/core/attempt.ts';
import { presetNames } from '../../src/core/policy.ts';
import { defaultPolicy, presets } from '../../src/core/presets.ts';
import { planRetry } from '../../src/core/retry.ts';
import { judge } from '../../src/core/verdict.ts';

function answer(status: number): AttemptResult {
  return { kind: 'response', status, durationMs: 1, reply: '', retryAfter: undefined };
}

function retried(preset: keyof typeof presets, status: number): string {
  return judge(answer(status), presets[preset], 0).kind;
}

/** The waits of a preset until it gives up, without jitter. */
function waits(preset: keyof typeof presets): number[] {
  const made: number[] = [];
  let elapsed = 0;
  for (let attempts = 1; attempts < 1000; attempts += 1) {
    const plan = planRetry(presets[preset].retry, attempts, elapsed, () => 0.999_999);
    if (plan.kind === 'exhausted') return made;
    made.push(plan.ms);
    elapsed += plan.ms;
  }
  return assert.fail('never gives up');
}

const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0);

test('what each documented sender does with an answer', () => {
  const table: Array<[keyof typeof presets, Record<number, string>]> = [
    ['flipt', { 200: 'delivered', 204: 'retryable', 404: 'retryable', 500: 'retryable' }],
    ['flipper', { 204: 'delivered', 402: 'fatal', 404: 'fatal', 500: 'retryable', 503: 'retryable' }],
    ['rollgate', { 202: 'delivered', 301: 'retryable', 404: 'retryable', 500: 'retryable' }],
    ['flagsmith', { 200: 'delivered', 404: 'fatal', 500: 'fatal' }],
    ['standard-webhooks', { 204: 'delivered', 302: 'retryable', 410: 'retryable', 502: 'retryable' }],
  ];
  assert.deepEqual(
    table.map(([name]) => name),
    [...presetNames],
  );
  for (const [name, answers] of table) {
    for (const [status, kind] of Object.entries(answers))
      assert.equal(retried(name, Number(status)), kind, `${name} ${status}`);
  }
});

test('how long each tries', () => {
  assert.ok(Math.abs(sum(waits('flipt')) - 15_000) < 10);
  assert.equal(waits('flipper').length, 12);
  assert.ok(Math.abs(sum(waits('flipper')) / 86_400_000 - 1) < 0.01, 'about a day');
  assert.deepEqual(
    waits('rollgate').map((ms) => ms / 60_000),
    [1, 5, 30, 120, 720],
  );
  assert.deepEqual(waits('flagsmith'), [2000, 4000]);
  assert.equal(sum(waits('standard-webhooks')), (75 * 3600 + 35 * 60 + 5) * 1000);
});

test('timeouts', () => {
  assert.deepEqual(
    presetNames.map((name) => presets[name].timeoutMs),
    [5000, 20_000, 30_000, 10_000, 20_000],
  );
});

test('without a preset a client error is not tried again, but for those that heal', () => {
  const kind = (status: number): string => judge(answer(status), defaultPolicy, 0).kind;
  assert.deepEqual([200, 204, 301, 400, 404, 408, 425, 429, 500, 503].map(kind), [
    'delivered',
    'delivered',
    'fatal',
    'fatal',
    'fatal',
    'retryable',
    'retryable',
    'retryable',
    'retryable',
    'retryable',
  ]);
});
