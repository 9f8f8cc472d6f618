import type { IncomingEvent } from './event.ts';

/** Why a line or a request body was refused; also the `reason` label of the metric. */
export type RejectReason =
  | 'too_long' // longer than max_line_bytes
  | 'invalid_utf8'
  | 'invalid_json'
  | 'not_an_event' // JSON, but not of the source's format
  | 'truncated'; // the file ended inside the line and will not grow any more

export interface Reject {
  reason: RejectReason;
  /** Where it stood, for people: `audit.log offset 1234`. */
  position: string;
  /** The first bytes of it, at most {@link maxRejectHeadBytes}. */
  head: Uint8Array;
  /** Full size in bytes. */
  sizeBytes: number;
}

export const maxRejectHeadBytes = 4096;

/** What became of one line: an event, a line that is none of ours, or one that should have been an event. */
export type Decoded =
  | { kind: 'event'; incoming: IncomingEvent }
  | { kind: 'skipped' } // an application log line between the audit lines
  | { kind: 'rejected'; reason: RejectReason };

/**
 * Reads one line (without its newline, valid UTF-8). `id` becomes the event's id and is only computed when
 * the line is an event.
 */
export type Decoder = (text: string, id: () => string) => Decoded;

/** One step of a source: what it read, and where it stands after it. Committed as a whole or not at all. */
export interface SourceBatch {
  events: IncomingEvent[];
  rejects: Reject[];
  /** Lines passed over because they are no audit lines; counted only. */
  skipped: number;
  /** Checkpoints to write (`null` deletes), keyed by the source as it likes. */
  checkpoints: ReadonlyArray<readonly [key: string, value: string | null]>;
  /** True where a sender was told "accepted": the commit must be on the disk before `accept` resolves. */
  durable?: boolean;
}

/** What a source is given: the way into the journal. */
export interface Intake {
  /** The source's checkpoints as last committed. */
  checkpoints(): Promise<Map<string, string>>;
  /**
   * Commits a batch in one transaction. Resolves once it is committed; waits while the journal is full or
   * cannot be written, so a source that awaits it is held back rather than losing anything.
   * Rejects only when `signal` of the source aborted.
   */
  accept(batch: SourceBatch): Promise<void>;
}

export interface SourceHealth {
  /** False while the source cannot read: `detail` says why. */
  reading: boolean;
  detail: string;
  /** Bytes written to the log and not yet accepted. */
  lagBytes: number;
}

/** Where events come from. `start` and `stop` are idempotent; after `stop` resolves nothing is accepted any more. */
export interface Source {
  readonly name: string;
  start(intake: Intake): Promise<void>;
  /** Resolves when the source came to its end by itself (stdin closed, `demo`); never for a followed file. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
  health(): SourceHealth;
}
