import type { DatabaseSync } from 'node:sqlite';

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

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /**
   * One step, inside a transaction. The newest event always stays, so that its seq is never given out again.
   * Returns the number of events removed.
   */
  step(step: PruneStep): number {
    const db = this.#db;
    db.prepare(
      'DELETE FROM things WHERE seq IN (SELECT seq FROM things ORDER BY seq DESC LIMIT 1000 OFFSET ?)',
    ).run(maxThings);
    const from = this.#examined;
    const gone = this.#removable(step);
    const first = gone[0];
    const last = gone.at(-1);
    // What begins in the middle and finds nothing says nothing of the events before.
    if (first === undefined || last === undefined)
      return from > 0 && this.#examined === 0 ? this.step(step) : 0;

    const drop = db.prepare('DELETE FROM events WHERE seq = ?');
    for (const seq of gone) drop.run(seq);
    db.exec(
      'DELETE FROM id_runs WHERE seq < (SELECT min(seq) FROM events) AND last_seq < (SELECT min(seq) FROM events)',
    );
    // What an open delivery kept lies in the same range: go by what events are gone, not by the range alone.
    for (const { ref } of db.prepare('SELECT ref FROM sinks').all() as Array<{ ref: number }>) {
      const ofGone =
        'sink = ? AND seq BETWEEN ? AND ? AND seq NOT IN (SELECT seq FROM events WHERE seq BETWEEN ? AND ?)';
      db.prepare(`DELETE FROM deliveries WHERE ${ofGone}`).run(ref, first, last, first, last);
      db.prepare(`DELETE FROM attempts WHERE ${ofGone}`).run(ref, first, last, first, last);
    }
    return gone.length;
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
