import type { FormatName } from '../core/event.ts';
import type { DeliveryRecord, DeliveryState, FailedAttempt, StoredEvent } from '../core/journal.ts';

/** Rows as node:sqlite returns them; the mappers below are the only place where column names meet domain names. */
export type Row = Record<string, unknown>;

/** Position in this list is the number in the `state` column; the partial indexes rely on the order. */
const states: readonly DeliveryState[] = ['pending', 'retrying', 'delivered', 'dead'];

export function stateNumber(state: DeliveryState): number {
  return states.indexOf(state);
}

export const deliveryColumns =
  'd.seq, d.state, d.attempts, d.first_attempt_at, d.updated_at, d.next_attempt_at, d.started_active_ms, d.status, d.reason, d.duration_ms';

export function deliveryFromRow(row: Row): DeliveryRecord {
  return {
    seq: row['seq'] as number,
    state: states[row['state'] as number] as DeliveryState,
    attempts: row['attempts'] as number,
    firstAttemptAt: row['first_attempt_at'] as number | null,
    updatedAt: row['updated_at'] as number,
    nextAttemptAt: row['next_attempt_at'] as number | null,
    startedActiveMs: row['started_active_ms'] as number | null,
    status: row['status'] as number | null,
    reason: row['reason'] as string | null,
    durationMs: row['duration_ms'] as number | null,
  };
}

export const eventColumns = 'e.seq, e.id, o.source, o.format, e.accepted_at, e.text, e.previous';

export function eventFromRow(row: Row): StoredEvent {
  return {
    seq: row['seq'] as number,
    id: row['id'] as string,
    source: row['source'] as string,
    format: row['format'] as FormatName,
    acceptedAt: row['accepted_at'] as number,
    text: row['text'] as string,
    previous: row['previous'] as string | null,
  };
}

export function attemptFromRow(row: Row): FailedAttempt {
  return {
    seq: row['seq'] as number,
    at: row['at'] as number,
    durationMs: row['duration_ms'] as number,
    status: row['status'] as number | null,
    errorClass: row['class'] as string,
    reason: row['reason'] as string,
    reply: row['reply'] as string,
  };
}
