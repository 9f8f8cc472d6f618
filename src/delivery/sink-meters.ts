import type { AttemptResult } from '../core/attempt.ts';
import type { Counter, Distribution, Gauge, Metrics } from '../core/metrics.ts';

/** A sink's own metrics, looked up once. */
export interface SinkMeters {
  delivered: Counter;
  dead: Counter;
  filtered: Counter;
  pruned: Counter;
  latency: Distribution;
  pending: Gauge;
  oldestPending: Gauge;
  pausedManually: Gauge;
  pausedByReceiver: Gauge;
  pausedByCircuit: Gauge;
  pausedByJournal: Gauge;
  attempt: (result: AttemptResult) => void;
}

export function sinkMeters(metrics: Metrics, sink: string): SinkMeters {
  const duration = metrics.attemptDuration.with(sink);
  // Codes seldom vary: the last one's counter is kept at hand.
  let lastCode: number | string = '';
  let lastCounter: Counter | undefined;
  return {
    delivered: metrics.deliveries.with(sink, 'delivered'),
    dead: metrics.deliveries.with(sink, 'dead'),
    filtered: metrics.deliveries.with(sink, 'filtered'),
    pruned: metrics.eventsPruned.with(sink),
    latency: metrics.deliveryLatency.with(sink),
    pending: metrics.sinkPending.with(sink),
    oldestPending: metrics.sinkOldestPending.with(sink),
    pausedManually: metrics.sinkPaused.with(sink, 'manual'),
    pausedByReceiver: metrics.sinkPaused.with(sink, 'retry_after'),
    pausedByCircuit: metrics.sinkPaused.with(sink, 'circuit_open'),
    pausedByJournal: metrics.sinkPaused.with(sink, 'journal'),
    attempt(result) {
      duration.observe(result.durationMs / 1000);
      const code = result.kind === 'response' ? result.status : result.class;
      if (lastCounter === undefined || code !== lastCode) {
        lastCode = code;
        lastCounter = metrics.attempts.with(sink, String(code));
      }
      lastCounter.inc();
    },
  };
}
