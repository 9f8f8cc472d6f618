import type { FormatName } from './event.ts';

/**
 * Failure classes a `retry.on` list may name. `non-2xx` is any response outside the success rule, `network`
 * covers refused, reset and closed connections; `dns` and `tls` are not part of it.
 */
export const retryClasses = ['network', 'timeout', 'dns', 'tls', 'non-2xx', '3xx', '4xx', '5xx'] as const;
export type RetryClass = (typeof retryClasses)[number];

export interface RetryPolicy {
  /** First wait, before jitter. */
  initialIntervalMs: number;
  multiplier: number;
  /** Cap of one wait, before jitter. */
  maxIntervalMs: number;
  jitter: 'full' | 'none';
  /** Attempts in all; null: no limit but the elapsed bound. */
  maxAttempts: number | null;
  /** Waits between the attempts, instead of the exponential; when it is used up the delivery is dead. */
  scheduleMs: readonly number[] | null;
  /** Bound on the elapsed time since the first attempt began; null: none. */
  maxElapsedMs: number | null;
  /** What is retried: classes and single status codes. Everything else is dead at once. */
  on: ReadonlyArray<RetryClass | number>;
}

export interface CircuitBreakerPolicy {
  /** Failures in a row that open the circuit. */
  failures: number;
  /** Wait between probes while it is open. */
  probeIntervalMs: number;
}

export interface BatchPolicy {
  maxEvents: number;
  maxBytes: number;
  maxWaitMs: number;
  format: 'json_array' | 'ndjson';
}

/** A token bucket: `count` deliveries per `perMs`, with a burst of `count`. */
export interface RateLimit {
  count: number;
  perMs: number;
}

/** Everything about a sink that decides when an attempt is made and what its result means. */
export interface DeliveryPolicy {
  concurrency: number;
  /** Path into the event (`payload.key`) whose values are delivered one at a time each; null: no order. */
  orderBy: string | null;
  rateLimit: RateLimit | null;
  retry: RetryPolicy;
  circuitBreaker: CircuitBreakerPolicy | null;
  batch: BatchPolicy | null;
  timeoutMs: number;
  /** Status codes that count as delivered; null: any 2xx. */
  success: readonly number[] | null;
}

export const presetNames = ['flipt', 'flipper', 'rollgate', 'flagsmith', 'standard-webhooks'] as const;
export type PresetName = (typeof presetNames)[number];

export const signatureNames = ['flipt', 'flipper', 'rollgate', 'flagsmith', 'standard-webhooks'] as const;
export type SignatureName = (typeof signatureNames)[number];

/** How requests are signed or checked. `template` is a header of the operator's own: `sha256={{hmac}}`. */
export type SignatureSetting =
  | { scheme: SignatureName; secrets: readonly string[] }
  | { scheme: 'template'; header: string; value: string; secrets: readonly string[] };

/** `auto` tells the formats apart line by line. */
export type FormatSetting = FormatName | 'auto';
