import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { AuditsinkError } from '../../src/core/errors.ts';
import type { DeliveryRecord } from '../../src/core/journal.ts';
import { lockStateDir } from '../../src/journal/lock.ts';
import { deliveryColumns, deliveryFromRow } from '../../src/journal/rows.ts';
import { SqliteHistory } from '../../src/journal/sqlite-history.ts';
import { SqliteJournal } from '../../src/journal/sqlite-journal.ts';
import { incoming } from '../support/events.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { batchOf, journalContract, progressOf, recordOf } from './contract.ts';

const quiet = { clock: systemClock, onStall: (): void => {} };

journalContract('sqlite', (t) => {
  const dir = tempDir(t);
  return { open: (clock) => new SqliteJournal(dir, { clock, onStall: () => {} }) };
});

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof AuditsinkError, String(error));
    return error.code;
  }
  return 'no error';
}

test('a damaged journal is refused and left as it is', (t) => {
  const dir = tempDir(t);
  writeFileSync(
    join(dir, 'journal.db'),
    'not a database, but long enough to look like a file of someone\n'.repeat(50),
  );
  const before = readFileSync(join(dir, 'journal.db'));
  assert.equal(
    codeOf(() => new SqliteJournal(dir, quiet)),
    'journal_corrupt',
  );
  assert.deepEqual(readFileSync(join(dir, 'journal.db')), before);
});

test('a database of another program is refused', (t) => {
  const dir = tempDir(t);
  const db = new DatabaseSync(join(dir, 'journal.db'));
  db.exec('CREATE TABLE theirs (a)');
  db.close();
  assert.equal(
    codeOf(() => new SqliteJournal(dir, quiet)),
    'journal_corrupt',
  );
});

test('a journal of a later version is refused', async (t) => {
  const dir = tempDir(t);
  await new SqliteJournal(dir, quiet).close();
  const db = new DatabaseSync(join(dir, 'journal.db'));
  db.exec('PRAGMA user_version = 99');
  db.close();
  assert.equal(
    codeOf(() => new SqliteJournal(dir, quiet)),
    'journal_newer',
  );
  assert.equal(
    codeOf(() => new SqliteHistory(dir)),
    'journal_newer',
  );
});

test('a page damaged later is reported when it is met, and the file is not replaced', async (t) => {
  const dir = tempDir(t);
  const journal = new SqliteJournal(dir, quiet);
  await journal.append('flipt', batchOf(...Array.from({ length: 2000 }, (_, i) => `k${i}`)), null);
  await journal.close();
  const path = join(dir, 'journal.db');
  const bytes = readFileSync(path);
  bytes.fill(0xff, 8192, bytes.length - 4096);
  writeFileSync(path, bytes);
  const error = await (async () => {
    const damaged = new SqliteJournal(dir, quiet);
    try {
      await damaged.readAfter(0, 5000, 1e9);
    } finally {
      await damaged.close();
    }
  })().then(
    () => undefined,
    (caught: unknown) => caught,
  );
  assert.ok(error instanceof AuditsinkError && error.code === 'journal_corrupt', String(error));
  assert.equal(statSync(path).size, bytes.length);
});

test('one process per state directory; a crash lets it go', async (t) => {
  const dir = join(tempDir(t), 'state');
  const script = `
    import { lockStateDir } from ${JSON.stringify(new URL('../../src/journal/lock.ts', import.meta.url).href)};
    lockStateDir(process.argv[1]);
    process.stdout.write('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  assert.equal(
    codeOf(() => lockStateDir(dir)),
    'state_locked',
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = lockStateDir(dir);
  lock[Symbol.dispose]();
});

test('a state directory that cannot be used is said so', (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'file'), '');
  assert.equal(
    codeOf(() => lockStateDir(join(dir, 'file'))),
    'state_dir',
  );
  assert.equal(
    codeOf(() => lockStateDir(join(dir, 'file', 'below'))),
    'state_dir',
  );
});

test('changes of another process are noticed once, our own not at all', async (t) => {
  const dir = tempDir(t);
  const journal = new SqliteJournal(dir, quiet);
  await journal.openSink('s', 0);
  assert.equal(journal.changedOutside(), false);
  const history = new SqliteHistory(dir);
  assert.equal(history.setPaused('s', true), true);
  assert.equal(history.setPaused('nobody', true), false);
  history.close();
  assert.equal(journal.changedOutside(), true);
  assert.equal(journal.changedOutside(), false);
  assert.equal((await journal.openSink('s', 0)).paused, true);
  await journal.close();
});

test('a commit survives SIGKILL, and what was not committed is not there', async (t) => {
  const dir = tempDir(t);
  const script = `
    import { SqliteJournal } from ${JSON.stringify(new URL('../../src/journal/sqlite-journal.ts', import.meta.url).href)};
    import { systemClock } from ${JSON.stringify(new URL('../../src/core/clock.ts', import.meta.url).href)};
    import { batchOf } from ${JSON.stringify(new URL('./contract.ts', import.meta.url).href)};
    const journal = new SqliteJournal(process.argv[1], { clock: systemClock, onStall() {} });
    for (let n = 0; ; n += 1) {
      await journal.append('flipt', { ...batchOf('a' + n, 'b' + n), checkpoints: [['file', String(n)]] }, null);
      process.stdout.write(n + '\\n');
      await new Promise((resolve) => setImmediate(resolve));
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dir], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until(() => said.split('\n').length > 50, 'fifty commits');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const journal = new SqliteJournal(dir, quiet);
  const committed = Number((await journal.checkpoints('flipt')).get('file'));
  const confirmed = Number(said.trimEnd().split('\n').at(-1));
  assert.ok(committed >= confirmed, `${committed} committed, ${confirmed} confirmed`);
  assert.equal((await journal.readAfter(0, 1e6, 1e9)).length, (committed + 1) * 2);
  await journal.close();
});

test('the files are for their owner only', async (t) => {
  const dir = join(tempDir(t), 'state');
  const lock = lockStateDir(dir);
  const journal = new SqliteJournal(dir, quiet);
  await journal.append('flipt', batchOf('a'), null);
  assert.equal(statSync(dir).mode & 0o077, 0);
  for (const name of ['journal.db', 'journal.db-wal', 'lock']) {
    assert.ok(existsSync(join(dir, name)), name);
    assert.equal(statSync(join(dir, name)).mode & 0o077, 0, name);
  }
  await journal.close();
  lock[Symbol.dispose]();
});

test('outcomes of many kinds in one commit are each kept as they are', async (t) => {
  const dir = tempDir(t);
  const journal = new SqliteJournal(dir, quiet);
  t.after(() => journal.close());
  const count = 200;
  await journal.append('flipt', batchOf(...Array.from({ length: count }, (_, i) => `k${i}`)), null);
  await journal.openSink('s', 0);
  const given = Array.from({ length: count }, (_, i): DeliveryRecord => {
    const times = { firstAttemptAt: 1000 + i, updatedAt: 2000 + i, durationMs: i + 0.5 };
    const attempts = i % 29 === 0 ? 2 : 1;
    if (i % 17 === 3) return recordOf(i + 1, 'dead', { ...times, attempts, status: 404 + (i % 3) });
    if (i % 23 === 5) return recordOf(i + 1, 'retrying', { ...times, attempts, nextAttemptAt: 9000 + i });
    return recordOf(i + 1, 'delivered', { ...times, attempts, status: i < 100 ? 200 : 202 });
  });
  await journal.record([progressOf('s', count, ...given)]);
  const db = new DatabaseSync(join(dir, 'journal.db'), { readOnly: true });
  t.after(() => db.close());
  const kept = db.prepare(`SELECT ${deliveryColumns} FROM deliveries d ORDER BY d.seq`).all();
  assert.deepEqual(
    kept.map(deliveryFromRow),
    // Once delivered it means nothing.
    given.map((record) => (record.state === 'delivered' ? { ...record, startedActiveMs: null } : record)),
  );
});

test('under load the journal reaches its file in the thread beside it', async (t) => {
  const dir = tempDir(t);
  const journal = new SqliteJournal(dir, quiet);
  t.after(() => journal.close());
  const path = join(dir, 'journal.db');
  // 1 MB each, so that the log stays below what SQLite makes a checkpoint of its own at.
  const text = 'x'.repeat(100_000);
  for (let i = 0; i < 5; i += 1) {
    const events = Array.from({ length: 10 }, (_, k) => incoming(`k${i}.${k}`, { description: text }));
    await journal.append('flipt', { ...batchOf(), events }, null);
  }
  await until(() => statSync(path).size > 2 ** 20, 'a checkpoint');
});
