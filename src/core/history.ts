import type { DeliveryRecord, DeliveryState, FailedAttempt, StoredEvent } from './journal.ts';

/** Which deliveries to list or to replay. Times are wall ms; absent fields do not narrow. */
export interface DeliveryQuery {
  sink?: string;
  states?: readonly DeliveryState[];
  /** Accepted at or after. */
  since?: number;
  /** Accepted before. */
  until?: number;
  /** An event id. */
  eventId?: string;
  /** Only deliveries of events before this seq: where the last page ended. */
  beforeSeq?: number;
  limit: number;
}

export interface ListedDelivery extends DeliveryRecord {
  sink: string;
  eventId: string;
  source: string;
  acceptedAt: number;
}

export interface DeliveryDetail extends ListedDelivery {
  event: StoredEvent;
  failures: FailedAttempt[];
}

/** What the journal knows of a sink, whether or not the config still names it. */
export interface SinkOverview {
  sink: string;
  cursor: number;
  paused: boolean;
  /** Events after the cursor without a record; the filter may pass fewer. */
  unread: number;
  retrying: number;
  dead: number;
  lastSuccessAt: number | null;
  lastFailureAt: number | null;
  lastFailure: string | null;
}

export interface ReplayQuery {
  sink: string;
  /** By state, by time of acceptance, or by event id; several narrow each other. */
  states?: readonly ('dead' | 'delivered')[];
  since?: number;
  until?: number;
  eventIds?: readonly string[];
}

/** Reading and steering the journal for people: beside a running daemon, inside it, or without one. */
export interface History {
  /** Newest first. */
  list(query: DeliveryQuery): ListedDelivery[];
  event(eventId: string): StoredEvent | undefined;
  /** Every delivery of one event, narrowed to one sink if given. */
  detail(eventId: string, sink?: string): DeliveryDetail[];
  sinks(): SinkOverview[];
  /** Seq of the newest event; 0 when there is none. */
  lastSeq(): number;
  /**
   * The events a replay would owe again, in order, at most `limit` after `afterSeq`. Events the sink never saw
   * are among them when the query is by time or id, so the caller applies the sink's filter.
   */
  replayable(query: ReplayQuery, afterSeq: number, limit: number): StoredEvent[];
  /** Owes these events to the sink again; unsettled deliveries are left alone. Returns how many are owed now. */
  replay(sink: string, seqs: readonly number[], now: number): number;
  /** Holds a sink or lets it go; the daemon notices by itself. False when the journal does not know the sink. */
  setPaused(sink: string, paused: boolean): boolean;
  close(): void;
}
