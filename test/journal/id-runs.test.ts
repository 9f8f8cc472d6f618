import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../src/core/clock.ts';
import { findSql } from '../../src/journal/id-runs.ts';
import { SqliteHistory } from '../../src/journal/sqlite-history.ts';
import { SqliteJournal } from '../../src/journal/sqlite-journal.ts';
import { incoming } from '../support/events.ts';
import { tempDir } from '../support/temp-dir.ts';

const quiet = { clock: systemClock, onStall: (): void => {} };

/** The id of a line: stream, offset, checksum. */
function lineId(stream: number, offset: number): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  return `${hex(stream, 8)}-${hex(offset, 12)}-${hex(offset * 7, 8)}`;
}

async function append(journal: SqliteJournal, ids: readonly string[]): Promise<number[]> {
  const events = ids.map((id) => incoming('flag', {}, id));
  const batch = { events, rejects: [], skipped: 0, checkpoints: [] };
  return (await journal.append('flipt', batch, null)).seqs;
}

/** The seq of an id, as the command line finds it through a sink that owes everything. */
function seqOf(history: SqliteHistory, id: string): number | undefined {
  return history.replayable({ sink: 's', eventIds: [id], states: ['dead'] }, 0, 10)[0]?.seq;
}

async function settleAll(journal: SqliteJournal): Promise<void> {
  await journal.openSink('s', 0);
  const cursor = journal.lastSeq();
  const deliveries = Array.from({ length: cursor }, (_, i) => ({
    seq: i + 1,
    state: 'dead' as const,
    attempts: 1,
    firstAttemptAt: 1,
    updatedAt: 1,
    nextAttemptAt: null,
    startedActiveMs: 0,
    status: 400,
    reason: 'HTTP 400',
    durationMs: 1,
  }));
  await journal.record([{ sink: 's', cursor, activeMs: 0, deliveries, failedAttempts: [] }]);
}

function countRuns(dir: string): number {
  const db = new DatabaseSync(join(dir, 'journal.db'), { readOnly: true });
  try {
    return Number(db.prepare('SELECT count(*) AS n FROM id_runs').get()?.['n']);
  } finally {
    db.close();
  }
}

test('the ids of a file’s lines take one row for each batch, those of a sender one each', async (t) => {
  const dir = tempDir(t);
  const journal = new SqliteJournal(dir, quiet);
  t.after(() => journal.close());
  await append(
    journal,
    Array.from({ length: 500 }, (_, i) => lineId(1, i * 400)),
  );
  assert.equal(countRuns(dir), 1);
  await append(journal, ['msg_b', 'msg_c', 'msg_a']);
  assert.equal(countRuns(dir), 4);
});

test('every id is taken once, and found again, in whatever order and however often it comes', async (t) => {
  const id = fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 30 })).map(([a, b]) => lineId(a, b)),
    fc.constantFrom('a', 'ab', 'b', 'msg_1', lineId(1, 3).slice(0, 9), `${lineId(1, 3)}0`),
  );
  const batches = fc.array(
    fc.record({ ids: fc.array(id, { maxLength: 40 }), ascending: fc.boolean(), restart: fc.boolean() }),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(batches, async (steps) => {
      const dir = tempDir(t);
      const known = new Map<string, number>();
      let journal = new SqliteJournal(dir, quiet);
      for (const { ids, ascending, restart } of steps) {
        const given = ascending ? [...ids].sort() : ids;
        const seqs = await append(journal, given);
        for (const [i, one] of given.entries()) {
          const expected = known.has(one) ? 0 : known.size + 1;
          if (expected > 0) known.set(one, expected);
          assert.equal(seqs[i], expected, one);
        }
        if (!restart) continue;
        await journal.close();
        journal = new SqliteJournal(dir, quiet);
      }
      await settleAll(journal);
      const history = new SqliteHistory(dir);
      for (const [one, seq] of known) assert.equal(seqOf(history, one), seq, one);
      assert.equal(seqOf(history, 'nobody'), undefined);
      assert.equal(seqOf(history, lineId(1, 1000)), undefined);
      history.close();
      await journal.close();
    }),
    { numRuns: 60 },
  );
});

test('an id is looked up among the events of its run, never among all of them', async (t) => {
  const dir = tempDir(t);
  const journal = new SqliteJournal(dir, quiet);
  t.after(() => journal.close());
  await append(journal, [lineId(1, 1)]);
  const db = new DatabaseSync(join(dir, 'journal.db'), { readOnly: true });
  t.after(() => db.close());
  const plan = db
    .prepare(`EXPLAIN QUERY PLAN ${findSql}`)
    .all('a', 'b', 'b', 'b')
    .map(({ detail }) => String(detail));
  assert.ok(plan.some((step) => step.includes('id_runs_by_id')));
  assert.ok(plan.some((step) => step.includes('INTEGER PRIMARY KEY')));
  assert.ok(!plan.some((step) => /AUTOMATIC|SCAN/.test(step)), plan.join('; '));
});

test('a batch that was rolled back leaves no id behind', async (t) => {
  const dir = tempDir(t);
  const journal = new SqliteJournal(dir, quiet);
  t.after(() => journal.close());
  await append(journal, [lineId(1, 1)]);
  const ids = Array.from({ length: 40 }, (_, i) => lineId(1, i + 2));
  const broken = { ...incoming('flag', {}, lineId(1, 100)), text: null as unknown as string };
  const events = [...ids.map((id) => incoming('flag', {}, id)), broken];
  await assert.rejects(journal.append('flipt', { events, rejects: [], skipped: 0, checkpoints: [] }, null));
  assert.equal(journal.lastSeq(), 1);
  assert.deepEqual(
    await append(journal, ids),
    ids.map((_, i) => i + 2),
  );
});

test('a journal of version 1 is upgraded, with the ids it holds', async (t) => {
  const dir = tempDir(t);
  const old = new SqliteJournal(dir, quiet);
  const lines = Array.from({ length: 600 }, (_, i) => lineId(2, i));
  await append(old, [lineId(1, 1), lineId(1, 2), 'msg_1', ...lines]);
  await settleAll(old);
  await old.close();
  const db = new DatabaseSync(join(dir, 'journal.db'));
  db.exec('DROP TABLE id_runs; CREATE UNIQUE INDEX events_by_id ON events (id); PRAGMA user_version = 1');
  db.close();

  const upgrades: string[] = [];
  const onUpgrade = (from: number, to: number): number => upgrades.push(`${from} to ${to}`);
  const journal = new SqliteJournal(dir, { ...quiet, onUpgrade });
  t.after(() => journal.close());
  assert.deepEqual(upgrades, ['1 to 2'], 'it is told');
  await new SqliteJournal(tempDir(t), { ...quiet, onUpgrade }).close();
  assert.equal(upgrades.length, 1);
  assert.deepEqual(await append(journal, [lineId(1, 2), 'msg_1', lineId(1, 3)]), [0, 0, 604]);
  assert.deepEqual(await append(journal, lines), Array(600).fill(0));
  assert.ok(countRuns(dir) < 12, `${countRuns(dir)} rows`);
  const history = new SqliteHistory(dir);
  t.after(() => history.close());
  assert.equal(seqOf(history, lineId(1, 2)), 2);
  assert.equal(seqOf(history, 'msg_1'), 3);
  for (const [i, id] of lines.entries()) assert.equal(seqOf(history, id), i + 4);
});
