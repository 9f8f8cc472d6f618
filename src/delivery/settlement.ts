import type { AttemptResult } from '../core/attempt.ts';
import type { Clock, Rng } from '../core/clock.ts';
import type { DeliveryState } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { RetryPolicy } from '../core/policy.ts';
import { planRetry } from '../core/retry.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Backlog } from './backlog.ts';
import type { Delivery } from './delivery.ts';
import type { Outcomes } from './outcomes.ts';
import type { SinkMeters } from './sink-meters.ts';
import type { Spans } from './spans.ts';
import type { Stopwatch } from './stopwatch.ts';

/** How an attempt ended, or what kept it from being made. */
interface End {
  /** Wall time. */
  now: number;
  status: number | null;
  reason: string | null;
  durationMs: number | null;
}

export interface SettlementDeps {
  sink: string;
  retry: RetryPolicy;
  backlog: Backlog;
  outcomes: Outcomes;
  active: Stopwatch;
  meters: SinkMeters;
  spans: Spans | null;
  logger: Logger;
  clock: Clock;
  rng: Rng;
  /** There is a row for the journal. */
  onRow: () => void;
  /** There is a failed attempt for the journal, and no row yet. */
  onFailure: () => void;
  onSettled: () => void;
}

/** What becomes of a sink's deliveries after an attempt: written to its outcomes, metrics, log and traces. */
export class Settlement {
  readonly #deps: SettlementDeps;

  constructor(deps: SettlementDeps) {
    this.#deps = deps;
  }

  /** The attempt for all of `job` came to `result`, which means `verdict`. */
  attempted(job: readonly Delivery[], result: AttemptResult, verdict: Verdict, now: number): void {
    const { spans, outcomes, backlog, rng, clock, onFailure } = this.#deps;
    const { durationMs } = result;
    const status = result.kind === 'response' ? result.status : null;
    const reason = verdict.kind === 'delivered' ? null : verdict.reason;
    const end = { now, status, reason, durationMs };
    spans?.attempted(job, result, reason);
    if (verdict.kind === 'delivered') {
      for (const delivery of job) this.#settle(delivery, 'delivered', end);
      return;
    }
    // One draw for the whole job, so that a batch that failed together is tried again together.
    const luck = rng();
    const nowMono = clock.monotonic();
    for (const delivery of job) {
      outcomes.failed({
        seq: delivery.seq,
        at: now,
        durationMs,
        status,
        errorClass: result.kind === 'response' ? 'status' : result.class,
        reason: verdict.reason,
        reply: result.kind === 'response' ? result.reply : '',
      });
      if (verdict.kind === 'retryable') {
        this.#retry(delivery, end, luck, nowMono);
      } else if (job.length === 1) {
        this.#settle(delivery, 'dead', end);
      } else {
        // Which of them the receiver refused is not known: each is tried by itself.
        delivery.alone = true;
        backlog.again(delivery);
        onFailure();
      }
    }
  }

  /** Our own failure to make the request: nothing was sent, and trying again would fail the same way. */
  refused(delivery: Delivery, reason: string): void {
    const { spans, outcomes, clock } = this.#deps;
    const now = clock.now();
    spans?.began([delivery]);
    outcomes.failed({
      seq: delivery.seq,
      at: now,
      durationMs: 0,
      status: null,
      errorClass: 'ours',
      reason,
      reply: '',
    });
    this.#settle(delivery, 'dead', { now, status: null, reason, durationMs: null });
  }

  /** The event is gone, so that there is nothing to send. */
  missing(delivery: Delivery): void {
    const reason = 'the event is no longer in the journal';
    this.#settle(delivery, 'dead', { now: this.#deps.clock.now(), status: null, reason, durationMs: null });
  }

  #retry(delivery: Delivery, end: End, luck: number, nowMono: number): void {
    const { sink, retry, active, logger, backlog } = this.#deps;
    const { reason } = end;
    const { attempts } = delivery;
    const plan = planRetry(retry, attempts, active.elapsed() - delivery.startedActiveMs, () => luck);
    if (plan.kind === 'exhausted') {
      this.#settle(delivery, 'dead', { ...end, reason: `${reason}; ${plan.reason}` });
      return;
    }
    logger.debug({ sink, event: delivery.event?.event.id, attempts, reason }, 'delivery retrying');
    delivery.due = nowMono + plan.ms;
    delivery.alone = false;
    this.#put(delivery, 'retrying', end, end.now + Math.round(plan.ms));
    backlog.wait(delivery);
  }

  #settle(delivery: Delivery, state: 'delivered' | 'dead', end: End): void {
    const { sink, spans, meters, logger, backlog, onSettled } = this.#deps;
    const { seq, attempts } = delivery;
    const { status, reason } = end;
    const event = delivery.event?.event.id;
    this.#put(delivery, state, end, null);
    spans?.settled(delivery, state, reason);
    if (state === 'delivered') {
      meters.delivered.inc();
      meters.latency.observe((end.now - delivery.acceptedAt) / 1000);
      logger.debug({ sink, event, status, attempts }, 'delivered');
    } else {
      meters.dead.inc();
      logger.error({ sink, event, seq, attempts, reason }, 'delivery dead');
    }
    backlog.settle(delivery);
    onSettled();
  }

  #put(delivery: Delivery, state: DeliveryState, end: End, nextAttemptAt: number | null): void {
    const { seq, attempts, firstAttemptAt, startedActiveMs } = delivery;
    const { now: updatedAt, status, reason, durationMs } = end;
    this.#deps.outcomes.put({
      seq,
      state,
      attempts,
      firstAttemptAt,
      updatedAt,
      nextAttemptAt,
      startedActiveMs,
      status,
      reason,
      durationMs,
    });
    this.#deps.onRow();
  }
}
