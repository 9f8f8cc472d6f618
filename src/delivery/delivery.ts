import type { JournaledEvent } from '../core/event.ts';
import type { DeliveryRecord } from '../core/journal.ts';
import type { DeliverySpan } from '../core/tracing.ts';
import type { Fifo } from './fifo.ts';

/** One event owed to one sink, while it is not settled. */
export interface Delivery {
  readonly seq: number;
  readonly acceptedAt: number;
  /** null while it waits: a waiting delivery holds no event in memory. */
  event: JournaledEvent | null;
  /** Requests made so far. */
  attempts: number;
  /** Wall time; null before the first attempt. */
  firstAttemptAt: number | null;
  /** The sink's active time at the first attempt. */
  startedActiveMs: number;
  /** Monotonic time of the next attempt, while it waits. */
  due: number;
  /** No record in the journal yet, so it holds the sink's cursor back. */
  fresh: boolean;
  /** To be sent in a request of its own, because its batch was refused. */
  alone: boolean;
  lane: Lane | null;
  /** Begun at its first attempt in this process; always null while tracing is off. */
  span: DeliverySpan | null;
}

export function freshDelivery(event: JournaledEvent): Delivery {
  return {
    seq: event.seq,
    acceptedAt: event.acceptedAt,
    event,
    attempts: 0,
    firstAttemptAt: null,
    startedActiveMs: 0,
    due: 0,
    fresh: true,
    alone: false,
    lane: null,
    span: null,
  };
}

/** A delivery as a restart or a replay finds it in the journal. */
export function recordedDelivery(record: DeliveryRecord, acceptedAt: number, due: number): Delivery {
  return {
    seq: record.seq,
    acceptedAt,
    event: null,
    attempts: record.attempts,
    firstAttemptAt: record.firstAttemptAt,
    startedActiveMs: record.startedActiveMs ?? 0,
    due,
    fresh: false,
    alone: false,
    lane: null,
    span: null,
  };
}

/** Deliveries of which only the first may be under way or waiting; the others stand behind it. */
export interface Lane {
  busy: boolean;
  readonly queue: Fifo<Delivery>;
}
