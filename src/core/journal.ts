import type { AuditEvent, FormatName, JsonValue } from './event.ts';
import type { SourceBatch } from './source.ts';

/** An accepted event as the journal holds it; `redecode` turns it into its normal form again. */
export interface StoredEvent {
  seq: number;
  id: string;
  source: string;
  format: FormatName;
  acceptedAt: number;
  text: string;
  /** Last known payload of the same thing at the time of acceptance, as JSON; null when not known. */
  previous: string | null;
}

/** `pending` is a replay that has not been tried yet; an ordinary delivery has no record before its first result. */
export type DeliveryState = 'pending' | 'retrying' | 'delivered' | 'dead';

/** What the journal knows of one delivery (sink and event). */
export interface DeliveryRecord {
  seq: number;
  state: DeliveryState;
  /** Requests made since it was accepted, or since the last replay. */
  attempts: number;
  /** Wall time of the first attempt; null before it. */
  firstAttemptAt: number | null;
  updatedAt: number;
  /** Wall time of the next attempt; only while retrying or pending. */
  nextAttemptAt: number | null;
  /** The sink's active time at the first attempt: what the elapsed bound is measured from. */
  startedActiveMs: number | null;
  /** Last status code; null when there was no response. */
  status: number | null;
  /** Why the last attempt failed; null when delivered. */
  reason: string | null;
  durationMs: number | null;
}

/** One failed request, kept for explaining a delivery. */
export interface FailedAttempt {
  seq: number;
  at: number;
  durationMs: number;
  status: number | null;
  /** `network`, `timeout`, … or `status`, or `ours` for a failure before anything was sent. */
  errorClass: string;
  reason: string;
  reply: string;
}

/** Where a sink stands, and what became of its deliveries since it was last recorded. */
export interface SinkProgress {
  sink: string;
  /** Everything up to this seq is filtered out or has a record. */
  cursor: number;
  /** Time in ms the sink has been running and not held, over all restarts. */
  activeMs: number;
  deliveries: DeliveryRecord[];
  failedAttempts: FailedAttempt[];
}

export interface SinkRecord {
  cursor: number;
  activeMs: number;
  paused: boolean;
}

/** What pruning may remove, in one small step. */
export interface PruneRequest {
  /** Settled events accepted before this wall time may go. */
  acceptedBefore: number;
  /** Sinks whose unsettled deliveries hold an event back. */
  holdingSinks: readonly string[];
  /** At most this many events in the step. */
  limit: number;
}

export interface PruneResult {
  /** Events that went. */
  removed: number;
  /** The step ended before it had looked at everything: the next may remove something, though this did not. */
  more: boolean;
}

/**
 * The durable, ordered log of accepted events and of what became of them. Each method is one transaction.
 * While the disk is full or the journal cannot be written, `append` and `record` wait and try again;
 * they reject with AuditsinkError only when the journal is broken for good or closed.
 */
export interface Journal {
  /**
   * Commits events, rejects and checkpoints together. With `stateOf` the last known payload of each thing is kept
   * and given to the next event of the same thing as `previous`.
   */
  append(source: string, batch: SourceBatch, stateOf: StateOf | null): Promise<AppendResult>;
  /** Resolves when everything committed so far is on the disk, whatever becomes of the machine; rejects when the disk refuses. */
  sync(): Promise<void>;
  checkpoints(source: string): Promise<Map<string, string>>;
  /** Highest seq given out so far; 0 for an empty journal. */
  lastSeq(): number;
  /** Events after `seq` in order, at most `limit` of them and about `maxBytes` of text. */
  readAfter(seq: number, limit: number, maxBytes: number): Promise<StoredEvent[]>;
  readSeqs(seqs: readonly number[]): Promise<StoredEvent[]>;

  /** The sink's record, made on first sight with the given cursor. */
  openSink(sink: string, cursorIfNew: number): Promise<SinkRecord>;
  /** Seqs above the cursor that already have a record. */
  recordedAfter(sink: string, cursor: number): Promise<Set<number>>;
  /** Unsettled deliveries with a record: retrying or pending, earliest due first. */
  openDeliveries(sink: string, limit: number): Promise<DeliveryRecord[]>;
  /** Commits outcomes and cursors of any number of sinks together. */
  record(progress: readonly SinkProgress[]): Promise<void>;

  /** True once after another process changed the journal: pauses and replays are to be read again. */
  changedOutside(): boolean;
  /** Removes a small step of what retention allows. */
  prune(request: PruneRequest): Promise<PruneResult>;
  /** Bytes in use, free pages not counted; cheap, kept up to date by commits. */
  usedBytes(): number;
  /** Why writing is stuck at the moment; null while all is well. */
  stalled(): string | null;
  /** Work that waits, or would have to, is rejected from now on: the daemon stops. */
  giveUpWaiting(): void;
  close(): Promise<void>;
}

export interface AppendResult {
  /** One entry per event of the batch, in order: its seq, or 0 for an event the journal already held. */
  seqs: number[];
  /** One entry per event: the payload before it as JSON, null where it is not known. */
  previous: Array<string | null>;
  acceptedAt: number;
}

/** Which thing an event is about, and what is known of it afterwards: null once it is deleted. */
export type StateOf = (event: AuditEvent) => { thing: string; payload: JsonValue | null } | undefined;
