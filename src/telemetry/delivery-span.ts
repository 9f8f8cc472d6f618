import { SpanStatusCode } from '@opentelemetry/api';
import type { Attributes, Span } from '@opentelemetry/api';
import type { AttemptResult } from '../core/attempt.ts';
import type { DeliverySpan, SpannedAttempt } from '../core/tracing.ts';

/** A sink that is down for days makes thousands of attempts for one delivery; only the first are kept, 0.3 kB each. */
const maxEvents = 16;
/** What a text in a span is cut to, in characters. */
export const maxTextLength = 256;

/** A delivery as an OpenTelemetry span, its attempts as events of it. */
export class OtelDeliverySpan implements DeliverySpan {
  readonly #span: Span;
  readonly #traceId: string;
  readonly traceparent: string | null;
  #events = 0;
  #last: Attributes = {};

  constructor(span: Span, sendsTraceparent: boolean) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.#span = span;
    this.#traceId = traceId;
    // https://www.w3.org/TR/trace-context/#traceparent-header
    this.traceparent = sendsTraceparent
      ? `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
      : null;
  }

  attempt({ number, result, reason, traceparent }: SpannedAttempt): void {
    if (!this.#span.isRecording()) return;
    this.#last = factsOf(result, reason);
    if (this.#events >= maxEvents) return;
    this.#events += 1;
    const carried = traceparent?.split('-')[1];
    this.#span.addEvent('attempt', {
      ...this.#last,
      'auditsink.attempt': number,
      'auditsink.attempt.duration_ms': Math.round(result.durationMs * 1000) / 1000,
      ...(reason === null ? {} : { 'auditsink.reason': reason }),
      ...(carried === undefined || carried === this.#traceId ? {} : { 'auditsink.batch.trace_id': carried }),
    });
  }

  end(outcome: 'delivered' | 'dead' | 'interrupted', attempts: number, reason: string | null): void {
    if (this.#span.isRecording()) {
      this.#span.setAttributes({
        ...this.#last,
        'auditsink.outcome': outcome,
        'auditsink.attempts': attempts,
      });
      if (outcome === 'dead') {
        // Nothing was sent: ours is the only failure without an attempt.
        if (this.#last['error.type'] === undefined) this.#span.setAttribute('error.type', 'ours');
        this.#span.setStatus({
          code: SpanStatusCode.ERROR,
          message: (reason ?? '').slice(0, maxTextLength),
        });
      }
    }
    this.#span.end();
  }
}

/** Names of the HTTP semantic conventions; `error.type` is the status for an answer that is no success. */
function factsOf(result: AttemptResult, reason: string | null): Attributes {
  if (result.kind === 'error') return { 'error.type': result.class };
  const status = { 'http.response.status_code': result.status };
  return reason === null ? status : { ...status, 'error.type': String(result.status) };
}
