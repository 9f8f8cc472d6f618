import type { Rng } from './clock.ts';
import { formatDuration } from './duration.ts';
import type { RetryPolicy } from './policy.ts';

/** What a failed delivery does next. */
export type RetryPlan = { kind: 'wait'; ms: number } | { kind: 'exhausted'; reason: string };

/** Timers may fire a little early; what is left of a bound below this is not worth another attempt. */
const boundToleranceMs = 2;

/**
 * The wait before the next attempt, given the attempts made so far (at least 1) and the elapsed time since
 * the first one began. A wait that would pass the elapsed bound is cut so that one last attempt is made at it.
 */
export function planRetry(policy: RetryPolicy, attempts: number, elapsedMs: number, rng: Rng): RetryPlan {
  if (policy.maxAttempts !== null && attempts >= policy.maxAttempts) {
    return { kind: 'exhausted', reason: `max_attempts of ${policy.maxAttempts} reached` };
  }
  const wait = nextWait(policy, attempts, rng);
  if (wait === undefined)
    return { kind: 'exhausted', reason: `retry schedule used up after ${attempts} attempts` };
  if (policy.maxElapsedMs === null) return { kind: 'wait', ms: wait };
  const left = policy.maxElapsedMs - elapsedMs;
  if (left < boundToleranceMs) {
    return {
      kind: 'exhausted',
      reason: `max_backoff_duration of ${formatDuration(policy.maxElapsedMs)} reached`,
    };
  }
  return { kind: 'wait', ms: Math.min(wait, left) };
}

function nextWait(policy: RetryPolicy, attempts: number, rng: Rng): number | undefined {
  if (policy.scheduleMs !== null) return policy.scheduleMs[attempts - 1];
  // The power overflows to Infinity after a thousand attempts; the cap takes care of it.
  const base = Math.min(policy.maxIntervalMs, policy.initialIntervalMs * policy.multiplier ** (attempts - 1));
  return policy.jitter === 'full' ? rng() * base : base;
}
