import type { DatabaseSync } from 'node:sqlite';
import type { PruneResult } from '../core/journal.ts';

/** Things whose last payload is kept for comparison; those that changed last stay. */
const maxThings = 100_000;
/** Events looked at in one step, however few of them may go. */
const maxExamined = 2000;

interface PruneStep {
  acceptedBefore: number;
  /** Refs of the sinks whose unsettled deliveries hold an event back. */
  holding: readonly number[];
  limit: number;
}

/**
 * Retention in small steps: the oldest events that no holding sink still owes go, with their deliveries and
 * attempts. Events are accepted in the order of their time, so that a step ends at the first that is too young;
 * one that meets only events which are owed is continued by the next.
 */
export class Pruner {
  readonly #db: DatabaseSync;
  /** The last event looked at; 0 to begin at the oldest. */
  #examined = 0;
  /** Since it began at the oldest. */
  #removedInPass = 0;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /**
   * One step, inside a transaction. The newest event always stays, so that its seq is never given out again.
   */
  step(step: PruneStep): PruneResult {
    const db = this.#db;
    db.prepare(
      'DELETE FROM things WHERE seq IN (SELECT seq FROM things ORDER BY seq DESC LIMIT 1000 OFFSET ?)',
    ).run(maxThings);
    if (this.#examined === 0) this.#removedInPass = 0;
    const gone = this.#removable(step);
    this.#removedInPass += gone.length;
    // Meanwhile more may be settled at the front: a pass that removed something is followed by another.
    const result = { removed: gone.length, more: this.#examined > 0 || this.#removedInPass > 0 };
    const first = gone[0];
    const last = gone.at(-1);
    if (first === undefined || last === undefined) return result;

    const drop = db.prepare('DELETE FROM events WHERE seq = ?');
    for (const seq of gone) drop.run(seq);
    db.prepare(
      `DELETE FROM id_runs
       WHERE seq BETWEEN COALESCE((SELECT max(seq) FROM id_runs WHERE seq <= ?1), 0) AND ?2
         AND NOT EXISTS (SELECT 1 FROM events e WHERE e.seq BETWEEN id_runs.seq AND id_runs.last_seq)`,
    ).run(first, last);
    // What an open delivery kept lies in the same range: go by what events are gone, not by the range alone.
    for (const { ref } of db.prepare('SELECT ref FROM sinks').all() as Array<{ ref: number }>) {
      const ofGone =
        'sink = ? AND seq BETWEEN ? AND ? AND seq NOT IN (SELECT seq FROM events WHERE seq BETWEEN ? AND ?)';
      db.prepare(`DELETE FROM deliveries WHERE ${ofGone}`).run(ref, first, last, first, last);
      db.prepare(`DELETE FROM attempts WHERE ${ofGone}`).run(ref, first, last, first, last);
    }
    return result;
  }

  /** The step was rolled back. */
  drop(): void {
    this.#examined = 0;
  }

  /** Seqs of the next events that may go, oldest first. */
  #removable({ acceptedBefore, holding, limit }: PruneStep): number[] {
    const sinks = holding.length === 0 ? 'NULL' : holding.join(',');
    const rows = this.#db
      .prepare(
        `SELECT e.seq, e.accepted_at < ? AS old, EXISTS (
           SELECT 1 FROM deliveries d WHERE d.sink IN (${sinks}) AND d.seq = e.seq AND d.state < 2) AS owed
         FROM events e
         WHERE e.seq > ? AND e.seq < (SELECT max(seq) FROM events)
           AND e.seq <= COALESCE((SELECT min(cursor) FROM sinks WHERE ref IN (${sinks})), 9e15)
         ORDER BY e.seq LIMIT ?`,
      )
      .iterate(acceptedBefore, this.#examined, maxExamined) as Iterable<{
      seq: number;
      old: 0 | 1;
      owed: 0 | 1;
    }>;
    const removable: number[] = [];
    let examined = 0;
    for (const { seq, old, owed } of rows) {
      if (old === 0) {
        this.#examined = 0;
        return removable;
      }
      this.#examined = seq;
      examined += 1;
      if (owed === 0) removable.push(seq);
      if (removable.length === limit) return removable;
    }
    if (examined < maxExamined) this.#examined = 0;
    return removable;
  }
}
