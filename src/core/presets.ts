import type { DeliveryPolicy, PresetName, RetryPolicy, SignatureName } from './policy.ts';

/** What a preset sets; every single value can still be overridden in the config. */
export interface Preset {
  signature: SignatureName;
  timeoutMs: number;
  /** Status codes that count as delivered; null: any 2xx. */
  success: readonly number[] | null;
  retry: RetryPolicy;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/**
 * A sink's policy where the config says nothing. Client errors other than 408, 425 and 429 do not heal by
 * trying again, and neither does a certificate that is not trusted (`tls`); a handshake that is reset is
 * `network`.
 */
export const defaultPolicy: DeliveryPolicy = {
  concurrency: 8,
  orderBy: null,
  rateLimit: null,
  retry: {
    initialIntervalMs: 500,
    multiplier: 2,
    maxIntervalMs: 30 * second,
    jitter: 'full',
    maxAttempts: null,
    scheduleMs: null,
    maxElapsedMs: 15 * second,
    on: ['network', 'timeout', 'dns', 408, 425, 429, '5xx'],
  },
  circuitBreaker: null,
  batch: null,
  timeoutMs: 10 * second,
  success: null,
};

const noReply = ['network', 'timeout', 'dns', 'tls'] as const;

/** Waits of a schedule are exact and it alone ends the retries. */
function schedule(waitsMs: readonly number[], on: RetryPolicy['on']): RetryPolicy {
  return { ...defaultPolicy.retry, jitter: 'none', scheduleMs: waitsMs, maxElapsedMs: null, on };
}

export const presets: Readonly<Record<PresetName, Preset>> = {
  /** The documented rule, which Flipt v1.27–v1.44 also followed: exactly 200, 15 s elapsed, 5 s for an answer. */
  flipt: {
    signature: 'flipt',
    timeoutMs: 5 * second,
    success: [200],
    retry: { ...defaultPolicy.retry, multiplier: 1.5, maxIntervalMs: minute, on: [...noReply, 'non-2xx'] },
  },
  /**
   * 5xx or no answer in 20 s, 13 attempts over about a day, 4xx never. Flipper gives no intervals: twelve
   * doubling waits that add up to a day begin at 86 400 s / 4095.
   */
  flipper: {
    signature: 'flipper',
    timeoutMs: 20 * second,
    success: null,
    retry: {
      ...defaultPolicy.retry,
      initialIntervalMs: 21_100,
      multiplier: 2,
      maxIntervalMs: 12 * hour,
      jitter: 'none',
      maxAttempts: 13,
      maxElapsedMs: null,
      on: ['network', 'timeout', 'dns', '5xx'],
    },
  },
  /** Any non-2xx or no answer in 30 s; five retries after the first try. */
  rollgate: {
    signature: 'rollgate',
    timeoutMs: 30 * second,
    success: null,
    retry: schedule([minute, 5 * minute, 30 * minute, 2 * hour, 12 * hour], [...noReply, 'non-2xx']),
  },
  /** Three tries, and only where no answer came: since 2.217.0 Flagsmith drops what was answered 4xx or 5xx. */
  flagsmith: {
    signature: 'flagsmith',
    timeoutMs: 10 * second,
    success: null,
    retry: schedule([2 * second, 4 * second], noReply),
  },
  /** The example schedule of Standard Webhooks 1.0.0, three days in all; it advises 15–30 s for an answer. */
  'standard-webhooks': {
    signature: 'standard-webhooks',
    timeoutMs: 20 * second,
    success: null,
    retry: schedule(
      [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour],
      [...noReply, 'non-2xx'],
    ),
  },
};
