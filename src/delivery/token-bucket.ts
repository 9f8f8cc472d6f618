import type { Clock } from '../core/clock.ts';
import type { RateLimit } from '../core/policy.ts';

/** `count` requests per `perMs`, of which up to `count` may go at once after a quiet time. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #limit: RateLimit;
  #tokens: number;
  #at: number;

  constructor(clock: Clock, limit: RateLimit) {
    this.#clock = clock;
    this.#limit = limit;
    this.#tokens = limit.count;
    this.#at = clock.monotonic();
  }

  /** Ms until a request may go; 0 when it may go now. */
  waitMs(): number {
    this.#refill();
    return this.#tokens >= 1 ? 0 : ((1 - this.#tokens) * this.#limit.perMs) / this.#limit.count;
  }

  take(): void {
    this.#refill();
    this.#tokens -= 1;
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    const gained = ((now - this.#at) * this.#limit.count) / this.#limit.perMs;
    this.#tokens = Math.min(this.#limit.count, this.#tokens + gained);
    this.#at = now;
  }
}
