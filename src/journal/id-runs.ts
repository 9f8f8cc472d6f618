import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** The id of a line is `<8 digits>-<12>-<8>`: its stream, its place in it, a checksum. It grows along the stream. */
const lineIdLength = 30;
const streamLength = 9;
/** Streams whose highest id is remembered. */
const maxStreams = 64;

interface Run {
  /** What the ids of the run begin with; null where nothing may follow on. */
  stream: string | null;
  seq: number;
  lastSeq: number;
  first: string;
  last: string;
}

/**
 * Which event has which id, kept by runs: events that follow one another with growing ids of one stream, as the
 * lines of a file do, share one row. An index with an entry for each event costs as much as the event itself.
 */
export class IdRuns {
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #highest: StatementSync;
  readonly #settleEvents: () => void;
  /** Highest id of a stream, for the streams used last. */
  readonly #known = new Map<string, string>();
  #run: Run | null = null;

  /** `settleEvents` writes the events that wait to be inserted, so that they can be looked up. */
  constructor(db: DatabaseSync, settleEvents: () => void) {
    this.#find = db.prepare(findSql);
    this.#insert = db.prepare('INSERT INTO id_runs (seq, last_seq, first, last) VALUES (?, ?, ?, ?)');
    this.#highest = db.prepare('SELECT max(last) AS highest FROM id_runs WHERE first BETWEEN ? AND ?');
    this.#settleEvents = settleEvents;
  }

  /** Gives `id` to the event `seq`, which follows the last one; false when the journal holds the id already. */
  add(id: string, seq: number): boolean {
    const run = this.#run;
    if (run?.stream != null && id > run.last && id.length === lineIdLength && id.startsWith(run.stream)) {
      run.last = id;
      run.lastSeq = seq;
      return true;
    }
    this.flush();
    const [from, to] = streamOf(id);
    const isNext = id > this.#highestOf(from, to);
    if (!isNext) {
      this.#settleEvents();
      if (this.#find.get(from, id, id, id) !== undefined) return false;
    }
    this.#run = { stream: isNext && from !== id ? from : null, seq, lastSeq: seq, first: id, last: id };
    return true;
  }

  flush(): void {
    if (this.#run === null) return;
    const { stream, seq, lastSeq, first, last } = this.#run;
    this.#run = null;
    this.#insert.run(seq, lastSeq, first, last);
    if (stream !== null) this.#remember(stream, last);
  }

  /** The transaction was rolled back. */
  drop(): void {
    this.#run = null;
    this.#known.clear();
  }

  /** `''` where there is none. */
  #highestOf(from: string, to: string): string {
    const known = this.#known.get(from);
    if (known !== undefined) return known;
    const highest = (this.#highest.get(from, to)?.['highest'] ?? '') as string;
    if (from !== to) this.#remember(from, highest);
    return highest;
  }

  #remember(stream: string, highest: string): void {
    this.#known.delete(stream);
    this.#known.set(stream, highest);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxStreams && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** The plus keeps SQLite from making an index over all events for the sake of one; the nearest run comes first. */
export const findSql = `
  SELECT e.seq FROM id_runs r CROSS JOIN events e ON e.seq BETWEEN r.seq AND r.last_seq
  WHERE r.first BETWEEN ? AND ? AND r.last >= ? AND +e.id = ? ORDER BY r.first DESC LIMIT 1`;

/** The seq of the event with this id, by any connection; undefined when there is none. */
export function seqOfId(db: DatabaseSync, id: string): number | undefined {
  return db.prepare(findSql).get(streamOf(id)[0], id, id, id)?.['seq'] as number | undefined;
}

/** Between what the ids of its stream stand. An id of another kind stands alone. */
function streamOf(id: string): [from: string, to: string] {
  if (id.length !== lineIdLength || id[streamLength - 1] !== '-') return [id, id];
  const from = id.slice(0, streamLength);
  return [from, `${from.slice(0, -1)}.`]; // the character after the dash
}
