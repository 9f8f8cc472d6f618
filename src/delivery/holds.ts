import type { Clock } from '../core/clock.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { HoldReason } from '../core/operations.ts';
import type { DeliveryPolicy } from '../core/policy.ts';
import type { Verdict } from '../core/verdict.ts';
import { Circuit } from './circuit.ts';
import type { SinkMeters } from './sink-meters.ts';
import { TokenBucket } from './token-bucket.ts';

/** How soon a sink looks again whether the journal can be written. */
const stalledMs = 100;

export interface HoldsDeps {
  sink: string;
  clock: Clock;
  journal: Pick<Journal, 'stalled'>;
  logger: Logger;
  meters: SinkMeters;
}

/**
 * Everything that keeps a sink from starting attempts although there is something to send: an operator's pause,
 * the receiver's Retry-After, an open circuit, a journal that cannot be written, and the rate limit.
 */
export class Holds {
  readonly #deps: HoldsDeps;
  readonly #bucket: TokenBucket | null;
  readonly #circuit: Circuit | null;
  /** By an operator; kept in the journal. */
  paused = false;
  /** Monotonic ms until which the receiver wants to be left alone. */
  #until = 0;

  constructor(policy: Pick<DeliveryPolicy, 'rateLimit' | 'circuitBreaker'>, deps: HoldsDeps) {
    this.#deps = deps;
    this.#bucket = policy.rateLimit === null ? null : new TokenBucket(deps.clock, policy.rateLimit);
    this.#circuit = policy.circuitBreaker === null ? null : new Circuit(deps.clock, policy.circuitBreaker);
  }

  /** Why the sink stands still; the rate limit only slows it and is none of these. */
  reasons(): HoldReason[] {
    const reasons: HoldReason[] = [];
    if (this.paused) reasons.push('manual');
    if (this.#isAskedToWait) reasons.push('retry_after');
    if (this.#isOpen) reasons.push('circuit_open');
    if (this.#isStalled) reasons.push('journal');
    return reasons;
  }

  /** Sets the gauges, and says whether time counts for the elapsed bounds: while held it does not. */
  look(): boolean {
    const { meters } = this.#deps;
    const waiting = this.#isAskedToWait;
    const open = this.#isOpen;
    const stalled = this.#isStalled;
    meters.pausedManually.set(this.paused ? 1 : 0);
    meters.pausedByReceiver.set(waiting ? 1 : 0);
    meters.pausedByCircuit.set(open ? 1 : 0);
    meters.pausedByJournal.set(stalled ? 1 : 0);
    return !this.paused && !waiting && !stalled && (!open || this.#circuit?.waitMs() === 0);
  }

  /** Whether an attempt may begin now. */
  mayStart(): boolean {
    if (this.paused || this.#isAskedToWait || this.#isStalled) return false;
    if (this.#circuit !== null && this.#circuit.waitMs() > 0) return false;
    return this.#bucket === null || this.#bucket.waitMs() === 0;
  }

  /** Ms until an attempt may begin, as far as time alone decides; Infinity when something else does. */
  waitMs(): number {
    if (this.paused) return Number.POSITIVE_INFINITY;
    const asked = this.#until === 0 ? 0 : this.#until - this.#deps.clock.monotonic();
    const stalled = this.#isStalled ? stalledMs : 0;
    return Math.max(0, asked, stalled, this.#circuit?.waitMs() ?? 0, this.#bucket?.waitMs() ?? 0);
  }

  /** Ms until a look shows another picture by itself; Infinity when none will. */
  changesInMs(): number {
    if (this.#isStalled) return stalledMs;
    return this.#isAskedToWait ? this.#until - this.#deps.clock.monotonic() : Number.POSITIVE_INFINITY;
  }

  /** An attempt begins. */
  began(): void {
    this.#bucket?.take();
    this.#circuit?.began();
  }

  /** What the result of an attempt means for the sink as a whole. */
  learn(verdict: Verdict): void {
    const { sink, clock, logger } = this.#deps;
    if (verdict.kind !== 'delivered' && verdict.holdMs !== undefined && verdict.holdMs > 0) {
      this.#until = Math.max(this.#until, clock.monotonic() + verdict.holdMs);
      logger.warn({ sink, waitMs: Math.round(verdict.holdMs) }, 'sink held by Retry-After');
    }
    if (this.#circuit === null) return;
    if (verdict.kind === 'retryable') {
      if (this.#circuit.failed()) logger.warn({ sink, reason: verdict.reason }, 'circuit opened');
    } else if (this.#circuit.succeeded()) {
      logger.info({ sink }, 'circuit closed');
    }
  }

  get #isAskedToWait(): boolean {
    return this.#until > 0 && this.#until > this.#deps.clock.monotonic();
  }

  get #isOpen(): boolean {
    return this.#circuit !== null && !this.#circuit.isClosed;
  }

  get #isStalled(): boolean {
    return this.#deps.journal.stalled() !== null;
  }
}
