import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RetryPolicy } from '../../src/core/policy.ts';
import { planRetry } from '../../src/core/retry.ts';
import { maxRetryAfterMs, parseRetryAfter } from '../../src/core/retry-after.ts';

const exponential: RetryPolicy = {
  initialIntervalMs: 500,
  multiplier: 2,
  maxIntervalMs: 30_000,
  jitter: 'none',
  maxAttempts: null,
  scheduleMs: null,
  maxElapsedMs: 15_000,
  on: ['5xx'],
};
const top = (): number => 1 - Number.EPSILON;

/** The start times of all attempts when each takes `attemptMs` and nothing holds the sink. */
function attemptTimes(policy: RetryPolicy, attemptMs = 0, rng = top): { times: number[]; reason: string } {
  const times = [0];
  let now = 0;
  for (let attempts = 1; attempts < 1000; attempts += 1) {
    now += attemptMs;
    const plan = planRetry(policy, attempts, now, rng);
    if (plan.kind === 'exhausted') return { times, reason: plan.reason };
    now += plan.ms;
    times.push(now);
  }
  return { times, reason: 'still going on' };
}

test('the exponential doubles, and the last attempt is made at the bound', () => {
  const { times, reason } = attemptTimes(exponential);
  assert.deepEqual(times, [0, 500, 1500, 3500, 7500, 15_000]);
  assert.match(reason, /max_backoff_duration of 15s/);
});

test('the interval is capped', () => {
  const { times } = attemptTimes({ ...exponential, maxIntervalMs: 2000, maxElapsedMs: 10_000 });
  assert.deepEqual(times, [0, 500, 1500, 3500, 5500, 7500, 9500, 10_000]);
});

test('max_attempts ends it before the bound', () => {
  const { times, reason } = attemptTimes({ ...exponential, maxAttempts: 3 });
  assert.deepEqual(times, [0, 500, 1500]);
  assert.match(reason, /max_attempts of 3/);
});

test('a schedule replaces the exponential and ends with its last wait', () => {
  const minutes = [1, 5, 30, 120, 720].map((m) => m * 60_000);
  const { times, reason } = attemptTimes({ ...exponential, scheduleMs: minutes, maxElapsedMs: null });
  assert.deepEqual(
    times.map((ms) => ms / 60_000),
    [0, 1, 6, 36, 156, 876],
  );
  assert.match(reason, /schedule used up after 6 attempts/);
});

test('an elapsed bound cuts a schedule too', () => {
  const { times } = attemptTimes({ ...exponential, scheduleMs: [1000, 60_000, 60_000], maxElapsedMs: 5000 });
  assert.deepEqual(times, [0, 1000, 5000]);
});

test('a long attempt that outlasts the bound is the last one', () => {
  assert.deepEqual(attemptTimes(exponential, 20_000).times, [0]);
});

test('full jitter stays between zero and the interval, whatever the policy', () => {
  fc.assert(
    fc.property(
      fc.record({
        initialIntervalMs: fc.integer({ min: 1, max: 100_000 }),
        multiplier: fc.double({ min: 1, max: 10, noNaN: true }),
        maxIntervalMs: fc.integer({ min: 1, max: 10_000_000 }),
      }),
      fc.integer({ min: 1, max: 5000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (numbers, attempts, luck) => {
        const policy = { ...exponential, ...numbers, jitter: 'full' as const, maxElapsedMs: null };
        const plan = planRetry(policy, attempts, 0, () => luck);
        assert.equal(plan.kind, 'wait');
        if (plan.kind !== 'wait') return;
        const interval = Math.min(
          policy.maxIntervalMs,
          policy.initialIntervalMs * policy.multiplier ** (attempts - 1),
        );
        assert.ok(plan.ms >= 0 && plan.ms <= interval, `${plan.ms} of ${interval}`);
      },
    ),
  );
});

test('no wait ever passes the bound, and an end always comes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 10, max: 100_000 }),
      fc.integer({ min: 1, max: 5000 }),
      fc.array(fc.double({ min: 0.01, max: 0.99, noNaN: true }), { minLength: 1 }),
      (maxElapsedMs, attemptMs, luck) => {
        let drawn = 0;
        const rng = (): number => luck[drawn++ % luck.length] as number;
        const { times, reason } = attemptTimes(
          { ...exponential, jitter: 'full', maxElapsedMs },
          attemptMs,
          rng,
        );
        assert.notEqual(reason, 'still going on');
        assert.ok((times.at(-1) as number) <= maxElapsedMs + 1e-6);
      },
    ),
  );
});

test('Retry-After is read in both forms and capped at an hour', () => {
  const now = Date.parse('2026-01-15T09:30:00Z');
  const table: Array<[string | undefined, number | undefined]> = [
    ['3', 3000],
    [' 0 ', 0],
    ['1.5', 1500],
    ['86400', maxRetryAfterMs],
    ['Thu, 15 Jan 2026 09:30:05 GMT', 5000],
    ['Thursday, 15-Jan-26 09:30:05 GMT', 5000],
    ['Thu Jan 15 09:30:05 2026 GMT', 5000],
    ['Thu, 15 Jan 2026 09:29:00 GMT', 0],
    ['Fri, 16 Jan 2026 09:30:00 GMT', maxRetryAfterMs],
    ['-1', undefined],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ];
  for (const [value, expected] of table) assert.equal(parseRetryAfter(value, now), expected, String(value));
});
