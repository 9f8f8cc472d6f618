import { statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AuditEvent, FormatName } from '../core/event.ts';
import type {
  AppendResult,
  DeliveryRecord,
  Journal,
  PruneRequest,
  PruneResult,
  SinkProgress,
  SinkRecord,
  StateOf,
  StoredEvent,
} from '../core/journal.ts';
import type { Clock } from '../core/clock.ts';
import type { SourceBatch } from '../core/source.ts';
import { BulkInsert } from './bulk-insert.ts';
import { Checkpointer } from './checkpointer.ts';
import { IdRuns } from './id-runs.ts';
import { OutcomeRows } from './outcome-rows.ts';
import { Patience } from './patience.ts';
import { Pruner } from './prune.ts';
import { deliveryColumns, deliveryFromRow, eventColumns, eventFromRow } from './rows.ts';
import { journalPath, openForDaemon } from './schema.ts';
import { journalError } from './sqlite-error.ts';
import { WalSync } from './wal-sync.ts';

/** A payload longer than this is not kept for comparison. */
const maxStateChars = 65_536;
/** Rows read in one go. */
const readSlice = 32;
/** Only this many rejects are kept; the oldest go first. */
const maxRejects = 10_000;

export interface SqliteJournalDeps {
  clock: Clock;
  /** Why nothing can be written at present; null: it can again. */
  onStall: (reason: string | null) => void;
  /** An older version is about to be upgraded, which takes seconds for each million of events. */
  onUpgrade?: (from: number, to: number) => void;
}

/**
 * The journal on node:sqlite (WAL), in the daemon's own thread, where a batch of rows costs a few microseconds
 * each. The interface is asynchronous all the same, since writing waits while the disk is full.
 */
export class SqliteJournal implements Journal {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;
  readonly #patience: Patience;
  readonly #walSync: WalSync;
  readonly #checkpointer: Checkpointer;
  readonly #path: string;
  readonly #inode: bigint;
  readonly #statements;
  readonly #events: BulkInsert;
  readonly #ids: IdRuns;
  readonly #outcomes: OutcomeRows;
  readonly #pruner: Pruner;
  /** By source and format. */
  readonly #origins = new Map<string, Map<FormatName, number>>();
  readonly #sinks = new Map<string, number>();
  #lastSeq: number;
  #usedBytes = 0;
  readonly #pageSize: number;
  #dataVersion: number;

  constructor(stateDir: string, deps: SqliteJournalDeps) {
    const path = journalPath(stateDir);
    this.#db = openForDaemon(stateDir, deps.onUpgrade ?? (() => {}));
    this.#path = path;
    this.#inode = statSync(path, { bigint: true }).ino;
    this.#clock = deps.clock;
    this.#patience = new Patience(path, deps.onStall);
    this.#walSync = new WalSync(path);
    this.#checkpointer = new Checkpointer(path, deps.clock);
    try {
      this.#statements = prepareAll(this.#db);
      this.#events = new BulkInsert(this.#db, 'events', {
        shared: ['origin', 'accepted_at'],
        each: ['seq', 'id', 'text', 'previous'],
      });
      this.#ids = new IdRuns(this.#db, () => this.#events.flush());
      this.#pruner = new Pruner(this.#db);
      this.#outcomes = new OutcomeRows(this.#db);
      this.#lastSeq = Number(this.#db.prepare(lastSeqSql).get()?.['seq'] ?? 0);
      for (const row of this.#db.prepare('SELECT ref, name FROM sinks').all()) {
        this.#sinks.set(row['name'] as string, row['ref'] as number);
      }
      this.#pageSize = this.#db.prepare('PRAGMA page_size').get()?.['page_size'] as number;
      this.#measure();
      this.#dataVersion = this.#readDataVersion();
    } catch (error) {
      this.#db.close();
      throw journalError(error, path);
    }
  }

  append(source: string, batch: SourceBatch, stateOf: StateOf | null): Promise<AppendResult> {
    return this.#patience.run(() => this.#append(source, batch, stateOf));
  }

  sync(): Promise<void> {
    return this.#walSync.sync();
  }

  checkpoints(source: string): Promise<Map<string, string>> {
    return this.#patience.run(() => {
      const rows = this.#statements.checkpoints.all(source);
      return new Map(rows.map((row) => [row['key'] as string, row['value'] as string]));
    });
  }

  lastSeq(): number {
    return this.#lastSeq;
  }

  readAfter(seq: number, limit: number, maxBytes: number): Promise<StoredEvent[]> {
    return this.#patience.run(() => {
      const events: StoredEvent[] = [];
      let bytes = 0;
      let after = seq;
      // In slices: `all` is half as dear as `iterate`, and a slice bounds what long lines can bring in at once.
      while (events.length < limit && bytes < maxBytes) {
        const rows = this.#statements.readAfter.all(after, Math.min(readSlice, limit - events.length));
        for (const row of rows) {
          const event = eventFromRow(row);
          events.push(event);
          bytes += event.text.length;
          after = event.seq;
        }
        if (rows.length < readSlice) break;
      }
      return events;
    });
  }

  readSeqs(seqs: readonly number[]): Promise<StoredEvent[]> {
    return this.#patience.run(() => {
      const events: StoredEvent[] = [];
      for (const seq of seqs) {
        const row = this.#statements.readSeq.get(seq);
        if (row !== undefined) events.push(eventFromRow(row));
      }
      return events;
    });
  }

  openSink(sink: string, cursorIfNew: number): Promise<SinkRecord> {
    return this.#patience.run(() => {
      this.#statements.makeSink.run(sink, cursorIfNew);
      const row = this.#statements.sink.get(sink);
      if (row === undefined) throw new Error(`sink ${sink} vanished from the journal`);
      this.#sinks.set(sink, row['ref'] as number);
      return {
        cursor: row['cursor'] as number,
        activeMs: row['active_ms'] as number,
        paused: row['paused'] === 1,
      };
    });
  }

  recordedAfter(sink: string, cursor: number): Promise<Set<number>> {
    return this.#patience.run(() => {
      const rows = this.#statements.recordedAfter.all(this.#sinkRef(sink), cursor);
      return new Set(rows.map((row) => row['seq'] as number));
    });
  }

  openDeliveries(sink: string, limit: number): Promise<DeliveryRecord[]> {
    return this.#patience.run(() =>
      this.#statements.openDeliveries.all(this.#sinkRef(sink), limit).map(deliveryFromRow),
    );
  }

  record(progress: readonly SinkProgress[]): Promise<void> {
    return this.#patience.run(() =>
      this.#transaction(() => progress.forEach((one) => this.#outcomes.write(this.#sinkRef(one.sink), one))),
    );
  }

  changedOutside(): boolean {
    const version = this.#readDataVersion();
    const changed = version !== this.#dataVersion;
    this.#dataVersion = version;
    return changed;
  }

  prune(request: PruneRequest): Promise<PruneResult> {
    return this.#patience.run(() => {
      const holding = request.holdingSinks.map((name) => this.#sinkRef(name));
      return this.#transaction(() => this.#pruner.step({ ...request, holding }));
    });
  }

  usedBytes(): number {
    return this.#usedBytes;
  }

  stalled(): string | null {
    return this.#patience.stalled;
  }

  /** False once the file was removed or replaced under us: what is written then is written to nowhere. */
  isInPlace(): boolean {
    const found = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    return found !== undefined && found.ino === this.#inode;
  }

  giveUpWaiting(): void {
    this.#patience.giveUp();
  }

  async close(): Promise<void> {
    this.#patience.giveUp();
    await Promise.all([this.#walSync.close(), this.#checkpointer.close()]);
    if (this.#db.isOpen) this.#db.close();
  }

  #append(source: string, batch: SourceBatch, stateOf: StateOf | null): AppendResult {
    const result: AppendResult = { seqs: [], previous: [], acceptedAt: this.#clock.now() };
    const { acceptedAt } = result;
    let seq = this.#lastSeq;
    this.#transaction(() => {
      const { setCheckpoint, dropCheckpoint, insertReject } = this.#statements;
      for (const { event, format, text } of batch.events) {
        const state = stateOf?.(event);
        const previous = this.#previous(event, state?.thing);
        result.previous.push(previous);
        if (!this.#ids.add(event.id, seq + 1)) {
          result.seqs.push(0);
          continue;
        }
        seq += 1;
        result.seqs.push(seq);
        this.#events.share(this.#originRef(source, format), acceptedAt);
        this.#events.add(seq, event.id, text, previous);
        if (state !== undefined) this.#keepState(seq, state);
      }
      this.#events.flush();
      this.#ids.flush();
      for (const reject of batch.rejects) {
        insertReject.run(source, acceptedAt, reject.reason, reject.position, reject.sizeBytes, reject.head);
      }
      if (batch.rejects.length > 0) this.#statements.trimRejects.run(maxRejects);
      for (const [key, value] of batch.checkpoints) {
        if (value === null) dropCheckpoint.run(source, key);
        else setCheckpoint.run(source, key, value);
      }
    });
    this.#lastSeq = seq;
    return result;
  }

  /** The payload before this event: as the sender says, else as the last event of the same thing left it. */
  #previous(event: AuditEvent, thing: string | undefined): string | null {
    if (event.previous !== undefined) return JSON.stringify(event.previous);
    if (thing === undefined) return null;
    return (this.#statements.state.get(thing)?.['payload'] as string | undefined) ?? null;
  }

  #keepState(seq: number, { thing, payload }: NonNullable<ReturnType<StateOf>>): void {
    const text = payload === null ? null : JSON.stringify(payload);
    if (text === null || text.length > maxStateChars) this.#statements.dropState.run(thing);
    else this.#statements.setState.run(thing, seq, text);
  }

  #originRef(source: string, format: FormatName): number {
    const known = this.#origins.get(source)?.get(format);
    if (known !== undefined) return known;
    this.#statements.makeOrigin.run(source, format);
    const ref = this.#statements.origin.get(source, format)?.['ref'] as number;
    this.#origins.set(source, (this.#origins.get(source) ?? new Map<FormatName, number>()).set(format, ref));
    return ref;
  }

  #sinkRef(sink: string): number {
    const ref = this.#sinks.get(sink);
    if (ref === undefined) throw new Error(`sink ${sink} was not opened`);
    return ref;
  }

  #transaction<T>(work: () => T): T {
    let result: T;
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      result = work();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      // What was made in this transaction is gone again.
      this.#origins.clear();
      this.#events.drop();
      this.#ids.drop();
      this.#outcomes.drop();
      this.#pruner.drop();
      throw error;
    }
    const before = this.#usedBytes;
    this.#measure();
    // What retention frees is written to the log too.
    this.#checkpointer.wrote(Math.abs(this.#usedBytes - before));
    return result;
  }

  #measure(): void {
    const pages = this.#statements.pages.get()?.['page_count'] as number;
    const free = this.#statements.freePages.get()?.['freelist_count'] as number;
    this.#usedBytes = (pages - free) * this.#pageSize;
  }

  #readDataVersion(): number {
    return this.#statements.dataVersion.get()?.['data_version'] as number;
  }
}

const lastSeqSql = `
  SELECT max(
    COALESCE((SELECT max(seq) FROM events), 0),
    COALESCE((SELECT max(cursor) FROM sinks), 0),
    COALESCE((SELECT max(seq) FROM deliveries), 0)
  ) AS seq`;

function prepareAll(db: DatabaseSync): Record<StatementName, StatementSync> {
  const prepared: Partial<Record<StatementName, StatementSync>> = {};
  for (const name of Object.keys(sql) as StatementName[]) prepared[name] = db.prepare(sql[name]);
  return prepared as Record<StatementName, StatementSync>;
}

type StatementName = keyof typeof sql;

const sql = {
  makeOrigin: 'INSERT INTO origins (source, format) VALUES (?, ?) ON CONFLICT DO NOTHING',
  origin: 'SELECT ref FROM origins WHERE source = ? AND format = ?',
  checkpoints: 'SELECT key, value FROM checkpoints WHERE source = ?',
  setCheckpoint:
    'INSERT INTO checkpoints (source, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  dropCheckpoint: 'DELETE FROM checkpoints WHERE source = ? AND key = ?',
  insertReject: 'INSERT INTO rejects (source, at, reason, position, size, head) VALUES (?, ?, ?, ?, ?, ?)',
  trimRejects: 'DELETE FROM rejects WHERE n <= (SELECT max(n) FROM rejects) - ?',
  readAfter: `SELECT ${eventColumns} FROM events e JOIN origins o ON o.ref = e.origin WHERE e.seq > ? ORDER BY e.seq LIMIT ?`,
  readSeq: `SELECT ${eventColumns} FROM events e JOIN origins o ON o.ref = e.origin WHERE e.seq = ?`,
  makeSink: 'INSERT INTO sinks (name, cursor) VALUES (?, ?) ON CONFLICT (name) DO NOTHING',
  sink: 'SELECT ref, cursor, active_ms, paused FROM sinks WHERE name = ?',
  recordedAfter: 'SELECT seq FROM deliveries WHERE sink = ? AND seq > ?',
  openDeliveries: `SELECT ${deliveryColumns} FROM deliveries d WHERE d.sink = ? AND d.state < 2
    ORDER BY d.next_attempt_at, d.seq LIMIT ?`,
  pages: 'PRAGMA page_count',
  freePages: 'PRAGMA freelist_count',
  state: 'SELECT payload FROM things WHERE key = ?',
  setState: `INSERT INTO things (key, seq, payload) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET seq = excluded.seq, payload = excluded.payload`,
  dropState: 'DELETE FROM things WHERE key = ?',
  dataVersion: 'PRAGMA data_version',
};
