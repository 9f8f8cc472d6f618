import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type {
  DeliveryDetail,
  DeliveryQuery,
  History,
  ListedDelivery,
  ReplayQuery,
  SinkOverview,
} from '../core/history.ts';
import type { StoredEvent } from '../core/journal.ts';
import { seqOfId } from './id-runs.ts';
import {
  attemptFromRow,
  deliveryColumns,
  deliveryFromRow,
  eventColumns,
  eventFromRow,
  stateNumber,
} from './rows.ts';
import type { Row } from './rows.ts';
import { journalPath, openForCommand } from './schema.ts';
import { journalError } from './sqlite-error.ts';

/** By how much the clock may have been set back without a delivery missing from a listing by time. */
const clockStepMs = 3_600_000;

/** A condition with its parameters, to be joined by AND. */
type Condition = [sql: string, ...values: SQLInputValue[]];

/**
 * The journal's history on a connection of its own, so that listing a million deliveries never stands in the
 * daemon's way. Throws AuditsinkError when there is no journal, or it cannot be used.
 */
export class SqliteHistory implements History {
  readonly #db: DatabaseSync;
  readonly #path: string;

  constructor(stateDir: string) {
    this.#db = openForCommand(stateDir);
    this.#path = journalPath(stateDir);
  }

  list(query: DeliveryQuery): ListedDelivery[] {
    // One ordered read per sink and state, merged here: each is served by an index, whatever is asked for.
    const found: ListedDelivery[] = [];
    const seq = query.eventId === undefined ? undefined : this.#seqOf(query.eventId);
    if (query.eventId !== undefined && seq === undefined) return [];
    for (const { ref, name } of this.#sinkRefs(query.sink)) {
      const conditions: Condition[] = [['d.sink = ?', ref], ...this.#within('d.seq', query)];
      if (seq !== undefined) conditions.push(['d.seq = ?', seq]);
      for (const condition of stateConditions(query.states)) {
        found.push(...this.#listed(name, [...conditions, ...condition], query.limit));
      }
    }
    return found.sort((a, b) => b.seq - a.seq || a.sink.localeCompare(b.sink)).slice(0, query.limit);
  }

  event(eventId: string): StoredEvent | undefined {
    const seq = this.#seqOf(eventId);
    if (seq === undefined) return undefined;
    const row = this.#query(
      `SELECT ${eventColumns} FROM events e JOIN origins o ON o.ref = e.origin WHERE e.seq = ?`,
      [seq],
    )[0];
    return row === undefined ? undefined : eventFromRow(row);
  }

  detail(eventId: string, sink?: string): DeliveryDetail[] {
    const stored = this.event(eventId);
    if (stored === undefined) return [];
    return this.#sinkRefs(sink).flatMap(({ ref, name }) =>
      this.#listed(
        name,
        [
          ['d.sink = ?', ref],
          ['d.seq = ?', stored.seq],
        ],
        1,
      ).map((delivery) => ({
        ...delivery,
        event: stored,
        failures: this.#query('SELECT * FROM attempts WHERE sink = ? AND seq = ? ORDER BY n', [
          ref,
          stored.seq,
        ]).map(attemptFromRow),
      })),
    );
  }

  sinks(): SinkOverview[] {
    const rows = this.#query(
      // Seqs have no gaps beyond a cursor but those that retention leaves: counting the rows would read all of them.
      `SELECT s.*, max(0, (SELECT COALESCE(max(seq), 0) FROM events)
             - max(s.cursor, COALESCE((SELECT min(seq) FROM events), 1) - 1))
           - (SELECT count(*) FROM deliveries d WHERE d.sink = s.ref AND d.seq > s.cursor) AS unread,
         (SELECT count(*) FROM deliveries d WHERE d.sink = s.ref AND d.state < 2) AS retrying,
         (SELECT count(*) FROM deliveries d WHERE d.sink = s.ref AND d.state = 3) AS dead
       FROM sinks s ORDER BY s.name`,
      [],
    );
    return rows.map((row) => ({
      sink: row['name'] as string,
      cursor: row['cursor'] as number,
      paused: row['paused'] === 1,
      unread: row['unread'] as number,
      retrying: row['retrying'] as number,
      dead: row['dead'] as number,
      lastSuccessAt: row['last_success_at'] as number | null,
      lastFailureAt: row['last_failure_at'] as number | null,
      lastFailure: row['last_failure'] as string | null,
    }));
  }

  lastSeq(): number {
    return (this.#query('SELECT max(seq) AS seq FROM events', [])[0]?.['seq'] ?? 0) as number;
  }

  replayable(query: ReplayQuery, afterSeq: number, limit: number): StoredEvent[] {
    const ref = this.#sinkRefs(query.sink)[0]?.ref;
    if (ref === undefined) return [];
    const conditions: Condition[] = [['e.seq > ?', afterSeq], ...this.#within('e.seq', query)];
    if (query.eventIds !== undefined) {
      const seqs = query.eventIds.map((id) => this.#seqOf(id)).filter((seq) => seq !== undefined);
      conditions.push([`e.seq IN (${seqs.join(',')})`]);
    }
    if (query.states === undefined) {
      // Whatever is not owed anyway: settled, or never owed because the sink is younger than the event.
      conditions.push([
        `(EXISTS (SELECT 1 FROM deliveries d WHERE d.sink = ? AND d.seq = e.seq AND d.state >= 2)
          OR (e.seq <= (SELECT cursor FROM sinks WHERE ref = ?)
              AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.sink = ? AND d.seq = e.seq)))`,
        ref,
        ref,
        ref,
      ]);
    } else {
      const states = query.states.map(stateNumber).join(',');
      conditions.push([
        `EXISTS (SELECT 1 FROM deliveries d WHERE d.sink = ? AND d.seq = e.seq AND d.state IN (${states}))`,
        ref,
      ]);
    }
    const { where, values } = joined(conditions);
    return this.#query(
      `SELECT ${eventColumns} FROM events e JOIN origins o ON o.ref = e.origin WHERE ${where} ORDER BY e.seq LIMIT ?`,
      [...values, limit],
    ).map(eventFromRow);
  }

  replay(sink: string, seqs: readonly number[], now: number): number {
    const ref = this.#sinkRefs(sink)[0]?.ref;
    if (ref === undefined) return 0;
    return this.#guarded(() => {
      const owe = this.#db.prepare(
        `INSERT INTO deliveries (sink, seq, state, attempts, updated_at, next_attempt_at) VALUES (?1, ?2, 0, 0, ?3, ?3)
         ON CONFLICT (sink, seq) DO UPDATE SET state = 0, attempts = 0, first_attempt_at = NULL, updated_at = ?3,
           next_attempt_at = ?3, started_active_ms = NULL, status = NULL, reason = NULL, duration_ms = NULL
         WHERE state >= 2`,
      );
      this.#db.exec('BEGIN IMMEDIATE');
      try {
        let owed = 0;
        for (const seq of seqs) owed += Number(owe.run(ref, seq, now).changes);
        this.#db.exec('COMMIT');
        return owed;
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  setPaused(sink: string, paused: boolean): boolean {
    return this.#guarded(
      () =>
        this.#db.prepare('UPDATE sinks SET paused = ? WHERE name = ?').run(paused ? 1 : 0, sink).changes ===
        1,
    );
  }

  close(): void {
    this.#db.close();
  }

  #listed(sink: string, conditions: Condition[], limit: number): ListedDelivery[] {
    const { where, values } = joined(conditions);
    const rows = this.#query(
      `SELECT ${deliveryColumns}, e.id AS event_id, e.accepted_at, o.source
       FROM deliveries d JOIN events e ON e.seq = d.seq JOIN origins o ON o.ref = e.origin
       WHERE ${where} ORDER BY d.seq DESC LIMIT ?`,
      [...values, limit],
    );
    return rows.map((row) => ({
      ...deliveryFromRow(row),
      sink,
      eventId: row['event_id'] as string,
      source: row['source'] as string,
      acceptedAt: row['accepted_at'] as number,
    }));
  }

  /**
   * Seqs and times as conditions. Only seqs have an index, and events are accepted in the order of their time as long
   * as nobody sets the clock back: so the seqs are narrowed down to a good bit more than the time that is asked for.
   */
  #within(
    column: 'd.seq' | 'e.seq',
    { since, until, beforeSeq }: { since?: number; until?: number; beforeSeq?: number },
  ): Condition[] {
    const conditions: Condition[] = [];
    if (beforeSeq !== undefined) conditions.push([`${column} < ?`, beforeSeq]);
    if (since !== undefined) {
      conditions.push(
        [`${column} >= ?`, this.#firstSeqAt(since - clockStepMs)],
        ['e.accepted_at >= ?', since],
      );
    }
    if (until !== undefined) {
      conditions.push([`${column} < ?`, this.#firstSeqAt(until + clockStepMs)], ['e.accepted_at < ?', until]);
    }
    return conditions;
  }

  /** The first seq accepted at `time` or later, had the clock never been set back; by halving. */
  #firstSeqAt(time: number): number {
    const [range] = this.#query('SELECT min(seq) AS low, max(seq) AS high FROM events', []);
    let low = (range?.['low'] ?? 1) as number;
    let high = ((range?.['high'] ?? 0) as number) + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [event] = this.#query('SELECT accepted_at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1', [
        middle,
      ]);
      if ((event?.['accepted_at'] as number) >= time) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #seqOf(eventId: string): number | undefined {
    return this.#guarded(() => seqOfId(this.#db, eventId));
  }

  #sinkRefs(sink: string | undefined): Array<{ ref: number; name: string }> {
    const rows =
      sink === undefined
        ? this.#query('SELECT ref, name FROM sinks', [])
        : this.#query('SELECT ref, name FROM sinks WHERE name = ?', [sink]);
    return rows.map((row) => ({ ref: row['ref'] as number, name: row['name'] as string }));
  }

  #query(sql: string, values: SQLInputValue[]): Row[] {
    return this.#guarded(() => this.#db.prepare(sql).all(...values));
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw journalError(error, this.#path);
    }
  }
}

/** The literal numbers let SQLite use the partial indexes. */
function stateConditions(states: DeliveryQuery['states']): Condition[][] {
  if (states === undefined) return [[]];
  return states.map((state) => [[`d.state = ${stateNumber(state)}`]]);
}

function joined(conditions: Condition[]): { where: string; values: SQLInputValue[] } {
  return {
    where: conditions.map(([sql]) => sql).join(' AND '),
    values: conditions.flatMap(([, ...values]) => values),
  };
}
