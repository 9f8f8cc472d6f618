import type { Clock } from '../core/clock.ts';
import type { CircuitBreakerPolicy } from '../core/policy.ts';

/**
 * Keeps a failing destination from being tried by everything at once.
 *
 * | state | what may start | leaves it |
 * |---|---|---|
 * | closed | everything | `failures` failures in a row → open |
 * | open | nothing until `probeAt` | one attempt begins → probing |
 * | probing | nothing | it succeeds → closed; it fails → open |
 */
export class Circuit {
  readonly #clock: Clock;
  readonly #policy: CircuitBreakerPolicy;
  #state: 'closed' | 'open' | 'probing' = 'closed';
  #failures = 0;
  #probeAt = 0;

  constructor(clock: Clock, policy: CircuitBreakerPolicy) {
    this.#clock = clock;
    this.#policy = policy;
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Ms until an attempt may begin: 0 for now, Infinity while a probe is under way. */
  waitMs(): number {
    if (this.#state === 'closed') return 0;
    return this.#state === 'probing'
      ? Number.POSITIVE_INFINITY
      : Math.max(0, this.#probeAt - this.#clock.monotonic());
  }

  began(): void {
    if (this.#state === 'open') this.#state = 'probing';
  }

  /** Returns true when this result closed the circuit. */
  succeeded(): boolean {
    const closedNow = this.#state !== 'closed';
    this.#state = 'closed';
    this.#failures = 0;
    return closedNow;
  }

  /** Returns true when this result opened the circuit. A late failure of an attempt from before changes nothing. */
  failed(): boolean {
    this.#failures += 1;
    if (this.#state === 'open' || this.#failures < this.#policy.failures) return false;
    const openedNow = this.#state === 'closed';
    this.#state = 'open';
    this.#probeAt = this.#clock.monotonic() + this.#policy.probeIntervalMs;
    return openedNow;
  }
}
