import type { AttemptResult } from '../core/attempt.ts';
import type { JournaledEvent } from '../core/event.ts';
import type { DeliverySpan, SinkTracer } from '../core/tracing.ts';
import type { Delivery } from './delivery.ts';

/** The spans of one sink's deliveries; exists only where tracing is on. */
export class Spans {
  readonly #tracer: SinkTracer;
  readonly #open = new Map<DeliverySpan, Delivery>();

  constructor(tracer: SinkTracer) {
    this.#tracer = tracer;
  }

  /** These go out in one request, or are refused; returns the `traceparent` for it, the one of the first. */
  began(job: readonly Delivery[]): string | null {
    for (const delivery of job) {
      if (delivery.span !== null) continue;
      const { event } = delivery.event as JournaledEvent;
      delivery.span = this.#tracer.begin(event, delivery.acceptedAt);
      this.#open.set(delivery.span, delivery);
    }
    return carriedBy(job);
  }

  attempted(job: readonly Delivery[], result: AttemptResult, reason: string | null): void {
    const traceparent = carriedBy(job);
    for (const { span, attempts } of job) span?.attempt({ number: attempts, result, reason, traceparent });
  }

  settled(delivery: Delivery, state: 'delivered' | 'dead', reason: string | null): void {
    const { span } = delivery;
    if (span === null || !this.#open.delete(span)) return;
    span.end(state, delivery.attempts, reason);
    delivery.span = null;
  }

  /** The sink stops here: what is not settled goes on with a new span, in a new trace. */
  interrupted(): void {
    for (const [span, { attempts }] of this.#open) span.end('interrupted', attempts, null);
    this.#open.clear();
  }
}

function carriedBy(job: readonly Delivery[]): string | null {
  return job[0]?.span?.traceparent ?? null;
}
