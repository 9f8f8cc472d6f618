import type { AttemptResult } from './attempt.ts';
import type { AuditEvent } from './event.ts';

/** Traces of what becomes of deliveries; exists only where tracing is on. */
export interface Tracing {
  sink(target: TracedSink): SinkTracer;
  /** Ends what is under way and sends what waits, for at most this long; what is not sent by then is lost. */
  stop(graceMs: number): Promise<void>;
}

/** Where the requests of one sink go. The path is missing on purpose: it is a secret. */
export interface TracedSink {
  name: string;
  method: string;
  host: string;
  port: number;
}

export interface SinkTracer {
  /** Begins the span of a delivery. */
  begin(event: AuditEvent, acceptedAt: number): DeliverySpan;
}

/** One delivery in one process, from its first attempt there until it is settled or the process stops. */
export interface DeliverySpan {
  /** Value of the W3C header that makes the receiver's trace part of this one; null: not to be sent. */
  readonly traceparent: string | null;
  attempt(attempt: SpannedAttempt): void;
  end(outcome: 'delivered' | 'dead' | 'interrupted', attempts: number, reason: string | null): void;
}

export interface SpannedAttempt {
  /** Counts from 1, over restarts. */
  number: number;
  result: AttemptResult;
  /** Why it was no success; null when it was. */
  reason: string | null;
  /** What the request carried: in a batch the `traceparent` of its first delivery. */
  traceparent: string | null;
}
