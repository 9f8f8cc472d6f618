import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { AuditsinkError } from '../../src/core/errors.ts';
import { Patience } from '../../src/journal/patience.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

/** A real database that answers as on a full disk: it may have no more pages than it has. */
function fullDatabase(t: { after: (fn: () => void) => void }): {
  db: DatabaseSync;
  path: string;
  makeRoom: () => void;
} {
  const path = join(tempDir(t), 'test.db');
  const db = new DatabaseSync(path);
  t.after(() => db.close());
  db.exec('CREATE TABLE t (a); PRAGMA max_page_count = 3');
  return { db, path, makeRoom: () => db.exec('PRAGMA max_page_count = 1000000') };
}

const large = (db: DatabaseSync) => (): unknown =>
  db.prepare('INSERT INTO t VALUES (zeroblob(100000))').run().changes;

test('a full disk is waited out, reported once, and over without a restart', async (t) => {
  const { db, path, makeRoom } = fullDatabase(t);
  const heard: Array<string | null> = [];
  const patience = new Patience(path, (reason) => heard.push(reason));
  const first = patience.run(large(db));
  const second = patience.run(large(db));
  await until(() => heard.length > 0, 'the stall to be reported');
  assert.match(patience.stalled ?? '', /disk of .*test\.db is full/);
  makeRoom();
  assert.deepEqual(await Promise.all([first, second]), [1, 1]);
  assert.equal(patience.stalled, null);
  assert.equal(heard.length, 2);
  assert.equal(heard[1], null);
});

test('what succeeds beside work that waits ends no stall', async (t) => {
  const { db, path, makeRoom } = fullDatabase(t);
  const heard: Array<string | null> = [];
  const patience = new Patience(path, (reason) => heard.push(reason));
  const waiting = patience.run(large(db));
  await until(() => patience.stalled !== null, 'the stall');
  await patience.run(() => db.prepare('SELECT count(*) FROM t').get());
  await patience.run(() => db.exec('BEGIN IMMEDIATE; DELETE FROM t; COMMIT'));
  assert.notEqual(patience.stalled, null);
  makeRoom();
  await waiting;
  assert.equal(patience.stalled, null);
  assert.equal(heard.length, 2);
});

test('whoever waits when it gives up is told so', async (t) => {
  const { db, path } = fullDatabase(t);
  const patience = new Patience(path, () => {});
  const waiting = patience.run(large(db));
  await until(() => patience.stalled !== null, 'the stall');
  patience.giveUp();
  await assert.rejects(waiting, (error) => error instanceof AuditsinkError && error.code === 'journal_io');
});

test('what cannot heal is thrown at once', async (t) => {
  const { db, path } = fullDatabase(t);
  const patience = new Patience(path, () => assert.fail('no stall'));
  await assert.rejects(
    patience.run(() => db.exec('INSERT INTO nowhere VALUES (1)')),
    (error) => error instanceof AuditsinkError && error.code === 'journal_io',
  );
});
