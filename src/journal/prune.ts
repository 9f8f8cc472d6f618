import type { DatabaseSync } from 'node:sqlite';

/** Things whose last payload is kept for comparison; those that changed last stay. */
const maxThings = 100_000;

interface PruneStep {
  acceptedBefore: number;
  /** Refs of the sinks whose unsettled deliveries hold an event back. */
  holding: readonly number[];
  limit: number;
}

/**
 * One step of retention, inside a transaction: the oldest events that no holding sink still owes, with their
 * deliveries and attempts. The newest event always stays, so that its seq is never given out again.
 * Returns the number of events removed.
 */
export function prune(db: DatabaseSync, step: PruneStep): number {
  const sinks = step.holding.length === 0 ? 'NULL' : step.holding.join(',');
  db.prepare(
    'DELETE FROM things WHERE seq IN (SELECT seq FROM things ORDER BY seq DESC LIMIT 1000 OFFSET ?)',
  ).run(maxThings);
  const rows = db
    .prepare(
      `SELECT e.seq FROM events e
       WHERE e.seq < (SELECT max(seq) FROM events)
         AND e.seq <= COALESCE((SELECT min(cursor) FROM sinks WHERE ref IN (${sinks})), 9e15)
         AND e.accepted_at < ?
         AND NOT EXISTS (
           SELECT 1 FROM deliveries d WHERE d.seq = e.seq AND d.state < 2 AND d.sink IN (${sinks}))
       ORDER BY e.seq LIMIT ?`,
    )
    .all(step.acceptedBefore, step.limit);
  const first = rows[0]?.['seq'] as number | undefined;
  const last = rows.at(-1)?.['seq'] as number | undefined;
  if (first === undefined || last === undefined) return 0;

  const drop = db.prepare('DELETE FROM events WHERE seq = ?');
  for (const row of rows) drop.run(row['seq'] as number);
  db.exec(
    'DELETE FROM id_runs WHERE seq < (SELECT min(seq) FROM events) AND last_seq < (SELECT min(seq) FROM events)',
  );
  // What an open delivery kept lies in the same range: go by what events are gone, not by the range alone.
  for (const { ref } of db.prepare('SELECT ref FROM sinks').all() as Array<{ ref: number }>) {
    const gone =
      'sink = ? AND seq BETWEEN ? AND ? AND seq NOT IN (SELECT seq FROM events WHERE seq BETWEEN ? AND ?)';
    db.prepare(`DELETE FROM deliveries WHERE ${gone}`).run(ref, first, last, first, last);
    db.prepare(`DELETE FROM attempts WHERE ${gone}`).run(ref, first, last, first, last);
  }
  return rows.length;
}
