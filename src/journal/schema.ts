import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AuditsinkError } from '../core/errors.ts';
import { journalError } from './sqlite-error.ts';

/** `PRAGMA application_id` of our files: "ausi". */
const applicationId = 0x61757369;

/**
 * One entry per schema version, each brings the journal from the version before. An entry that has been
 * released is never edited.
 *
 * - events: unique by id; which id belongs to which event is kept in id_runs, one row for many events.
 * - deliveries: one row per sink and event once there is something to say of it; the anti-join of events after
 *   a sink's cursor with this table is what is still owed.
 */
const migrations = [
  `
  CREATE TABLE origins (
    ref INTEGER PRIMARY KEY, source TEXT NOT NULL, format TEXT NOT NULL, UNIQUE (source, format)
  ) STRICT;
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, origin INTEGER NOT NULL, accepted_at INTEGER NOT NULL,
    text TEXT NOT NULL, previous TEXT
  ) STRICT;
  CREATE UNIQUE INDEX events_by_id ON events (id);
  CREATE TABLE checkpoints (
    source TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (source, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE rejects (
    n INTEGER PRIMARY KEY, source TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL,
    position TEXT NOT NULL, size INTEGER NOT NULL, head BLOB NOT NULL
  ) STRICT;
  CREATE TABLE sinks (
    ref INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, cursor INTEGER NOT NULL,
    active_ms REAL NOT NULL DEFAULT 0, paused INTEGER NOT NULL DEFAULT 0,
    last_success_at INTEGER, last_failure_at INTEGER, last_failure TEXT
  ) STRICT;
  CREATE TABLE deliveries (
    sink INTEGER NOT NULL, seq INTEGER NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL,
    first_attempt_at INTEGER, updated_at INTEGER NOT NULL, next_attempt_at INTEGER, started_active_ms REAL,
    status INTEGER, reason TEXT, duration_ms REAL, PRIMARY KEY (sink, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX deliveries_open ON deliveries (sink, next_attempt_at) WHERE state < 2;
  CREATE INDEX deliveries_dead ON deliveries (sink, seq) WHERE state = 3;
  CREATE TABLE attempts (
    n INTEGER PRIMARY KEY, sink INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
    duration_ms REAL NOT NULL, status INTEGER, class TEXT NOT NULL, reason TEXT NOT NULL, reply TEXT NOT NULL
  ) STRICT;
  CREATE INDEX attempts_by_delivery ON attempts (sink, seq);
  CREATE TABLE things (key TEXT PRIMARY KEY, seq INTEGER NOT NULL, payload TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX things_by_seq ON things (seq);
  `,
  `
  CREATE TABLE id_runs (
    seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL
  ) STRICT;
  INSERT INTO id_runs SELECT min(seq), max(seq), min(id), max(id) FROM (
    SELECT seq, id, sum(begins) OVER (ORDER BY seq) AS run FROM (
      SELECT seq, id, NOT (
        length(id) = 30 AND substr(id, 9, 1) = '-' AND seq % 256 > 0 AND seq = lag(seq, 1, 0) OVER w + 1
        AND length(lag(id, 1, '') OVER w) = 30 AND substr(id, 1, 9) = substr(lag(id, 1, '') OVER w, 1, 9)
        AND id > lag(id, 1, '') OVER w
      ) AS begins
      FROM events WINDOW w AS (ORDER BY seq)
    )
  ) GROUP BY run;
  CREATE INDEX id_runs_by_id ON id_runs (first, last);
  DROP INDEX events_by_id;
  `,
];

/** The journal's file inside the state directory. */
export function journalPath(stateDir: string): string {
  return join(stateDir, 'journal.db');
}

/**
 * Opens the journal for the daemon, making or upgrading it as needed; `onUpgrade` hears of the latter before it begins.
 * Throws AuditsinkError: `journal_newer`, `journal_corrupt`, `state_dir`, `journal_io`.
 */
export function openForDaemon(stateDir: string, onUpgrade: (from: number, to: number) => void): DatabaseSync {
  const path = journalPath(stateDir);
  return guarded(path, () => {
    const db = new DatabaseSync(path, { timeout: 1000 });
    try {
      // SQLite gives its WAL and index the mode of the database.
      chmodSync(path, 0o600);
      refuseForeign(db, path);
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864');
      db.exec('PRAGMA cache_size = -2048; PRAGMA wal_autocheckpoint = 2000');
      const version = versionOf(db);
      if (version > 0 && version < migrations.length) onUpgrade(version, migrations.length);
      migrate(db);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Opens an existing journal for a command beside the daemon, or without one. */
export function openForCommand(stateDir: string): DatabaseSync {
  const path = journalPath(stateDir);
  if (!existsSync(path)) {
    throw new AuditsinkError(
      'state_dir',
      `no journal at ${path}: has the daemon ever run with this state_dir?`,
    );
  }
  return guarded(path, () => {
    const db = new DatabaseSync(path, { timeout: 10_000 });
    try {
      refuseForeign(db, path);
      if (versionOf(db) < migrations.length) {
        throw new AuditsinkError(
          'failed',
          `the journal ${path} is of an older version; start the daemon once to upgrade it`,
        );
      }
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}

function refuseForeign(db: DatabaseSync, path: string): void {
  const id = Number(db.prepare('PRAGMA application_id').get()?.['application_id']);
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']);
  if (id !== applicationId && tables > 0) {
    throw new AuditsinkError(
      'journal_corrupt',
      `${path} is a database of another program; it is left as it is: choose another state_dir`,
    );
  }
  const version = versionOf(db);
  if (version > migrations.length) {
    throw new AuditsinkError(
      'journal_newer',
      `the journal ${path} has version ${version}, this auditsink knows ${migrations.length}: use the newer auditsink again, or another state_dir`,
    );
  }
}

function migrate(db: DatabaseSync): void {
  for (let version = versionOf(db); version < migrations.length; version += 1) {
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(migrations[version] as string);
      db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version + 1}`);
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

function guarded<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw journalError(error, path);
  }
}
