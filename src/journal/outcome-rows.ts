import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SinkProgress } from '../core/journal.ts';
import { type BulkColumns, BulkInsert } from './bulk-insert.ts';
import { stateNumber } from './rows.ts';

/** Writes what became of a sink's deliveries, inside a transaction. */
export class OutcomeRows {
  readonly #delivered: BulkInsert;
  readonly #others: BulkInsert;
  readonly #insertAttempt: StatementSync;
  readonly #moveSink: StatementSync;

  constructor(db: DatabaseSync) {
    this.#delivered = new BulkInsert(db, 'deliveries', deliveredColumns, onDelivery);
    this.#others = new BulkInsert(db, 'deliveries', otherColumns, onDelivery);
    this.#insertAttempt = db.prepare(
      'INSERT INTO attempts (sink, seq, at, duration_ms, status, class, reason, reply) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#moveSink = db.prepare(
      `UPDATE sinks SET cursor = ?, active_ms = ?, last_success_at = COALESCE(?, last_success_at),
         last_failure_at = COALESCE(?, last_failure_at), last_failure = COALESCE(?, last_failure) WHERE ref = ?`,
    );
  }

  /** `ref` is the sink's in the journal. */
  write(ref: number, progress: SinkProgress): void {
    let successAt: number | null = null;
    let failureAt: number | null = null;
    let failure: string | null = null;
    for (const d of progress.deliveries) {
      if (d.state === 'delivered') {
        this.#delivered.share(ref, stateNumber(d.state), d.attempts, d.status);
        this.#delivered.add(d.seq, d.firstAttemptAt, d.updatedAt, d.durationMs);
        successAt = d.updatedAt;
        continue;
      }
      this.#others.share(ref, stateNumber(d.state));
      this.#others.add(
        d.seq,
        d.attempts,
        d.firstAttemptAt,
        d.updatedAt,
        d.nextAttemptAt,
        d.startedActiveMs,
        d.status,
        d.reason,
        d.durationMs,
      );
      if (d.reason !== null) {
        failureAt = d.updatedAt;
        failure = d.reason;
      }
    }
    this.#others.flush();
    this.#delivered.flush();
    for (const a of progress.failedAttempts) {
      this.#insertAttempt.run(ref, a.seq, a.at, a.durationMs, a.status, a.errorClass, a.reason, a.reply);
    }
    this.#moveSink.run(progress.cursor, progress.activeMs, successAt, failureAt, failure, ref);
  }

  /** The transaction was rolled back. */
  drop(): void {
    this.#delivered.drop();
    this.#others.drop();
  }
}

/** Of nearly every delivery. What is not named is null: once delivered, `started_active_ms` means nothing. */
const deliveredColumns: BulkColumns = {
  shared: ['sink', 'state', 'attempts', 'status'],
  each: ['seq', 'first_attempt_at', 'updated_at', 'duration_ms'],
};

const otherColumns: BulkColumns = {
  shared: ['sink', 'state'],
  each: [
    'seq',
    'attempts',
    'first_attempt_at',
    'updated_at',
    'next_attempt_at',
    'started_active_ms',
    'status',
    'reason',
    'duration_ms',
  ],
};

const onDelivery = `
  ON CONFLICT (sink, seq) DO UPDATE SET
    state = excluded.state, attempts = excluded.attempts, first_attempt_at = excluded.first_attempt_at,
    updated_at = excluded.updated_at, next_attempt_at = excluded.next_attempt_at,
    started_active_ms = excluded.started_active_ms, status = excluded.status, reason = excluded.reason,
    duration_ms = excluded.duration_ms`;
