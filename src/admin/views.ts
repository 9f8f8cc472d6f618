import type { AttemptResult } from '../core/attempt.ts';
import type { JsonValue } from '../core/event.ts';
import { redactForDisplay } from '../core/formats/redact.ts';
import type { DeliveryDetail, ListedDelivery } from '../core/history.ts';
import type { FailedAttempt, StoredEvent } from '../core/journal.ts';
import type { SinkStatus, TestReport } from '../core/operations.ts';
import type { Verdict } from '../core/verdict.ts';

/** The API's own words: snake_case fields, RFC 3339 times, ids that can be asked for again. */
export function sinkView(status: SinkStatus) {
  return {
    sink: status.sink,
    state: status.state,
    holds: status.holds,
    pending: status.pending,
    in_flight: status.inFlight,
    retrying: status.retrying,
    dead: status.dead,
    oldest_pending_at: time(status.oldestPendingAt),
    last_success_at: time(status.lastSuccessAt),
    last_failure_at: time(status.lastFailureAt),
    last_failure: status.lastFailure,
  };
}

export function deliveryView(delivery: ListedDelivery) {
  return {
    id: `${delivery.eventId}@${delivery.sink}`,
    sink: delivery.sink,
    event_id: delivery.eventId,
    source: delivery.source,
    state: delivery.state,
    attempts: delivery.attempts,
    accepted_at: time(delivery.acceptedAt),
    first_attempt_at: time(delivery.firstAttemptAt),
    updated_at: time(delivery.updatedAt),
    next_attempt_at: time(delivery.nextAttemptAt),
    status: delivery.status,
    reason: delivery.reason,
    duration_ms: delivery.durationMs === null ? null : rounded(delivery.durationMs),
  };
}

export function deliveryDetailView(delivery: DeliveryDetail) {
  return { ...deliveryView(delivery), failed_attempts: delivery.failures.map(failedAttemptView) };
}

/** The event with the text it came in as JSON, without what could be a credential of someone's. */
export function eventView(event: StoredEvent) {
  return {
    id: event.id,
    source: event.source,
    format: event.format,
    accepted_at: time(event.acceptedAt),
    raw: shownJson(event.text),
    previous: event.previous === null ? null : shownJson(event.previous),
  };
}

export function testReportView({ sink, request, result, verdict, explanation }: TestReport) {
  return {
    sink,
    request:
      request === null
        ? null
        : { ...request, headers: request.headers.map(([name, value]) => ({ name, value })) },
    result: result === null ? null : resultView(result),
    verdict: verdictView(verdict),
    explanation,
  };
}

function failedAttemptView(attempt: FailedAttempt) {
  return {
    at: time(attempt.at),
    duration_ms: rounded(attempt.durationMs),
    status: attempt.status,
    error_class: attempt.errorClass,
    reason: attempt.reason,
    reply: attempt.reply,
  };
}

function resultView(result: AttemptResult) {
  if (result.kind === 'error') {
    return {
      kind: result.kind,
      class: result.class,
      message: result.message,
      duration_ms: rounded(result.durationMs),
    };
  }
  return {
    kind: result.kind,
    status: result.status,
    retry_after: result.retryAfter ?? null,
    reply: result.reply,
    duration_ms: rounded(result.durationMs),
  };
}

function verdictView(verdict: Verdict) {
  return { kind: verdict.kind, reason: verdict.kind === 'delivered' ? null : verdict.reason };
}

function time(ms: number): string;
function time(ms: number | null): string | null;
function time(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** To the microsecond: more digits are noise of the clock. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function shownJson(text: string): JsonValue {
  try {
    return redactForDisplay(JSON.parse(text) as JsonValue);
  } catch {
    // The journal holds JSON only, so this is damage; its bytes are not shown, as nothing could be redacted.
    return null;
  }
}
