import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Checkpointer } from '../../src/journal/checkpointer.ts';
import { systemClock } from '../../src/core/clock.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const mebibyte = 2 ** 20;

/** A database that makes no checkpoint by itself. */
function database(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a)');
  return db;
}

/** Appends until it is killed, and prints the last seq that is committed. */
const appender = `
  const { SqliteJournal } = await import(${JSON.stringify(new URL('../../src/journal/sqlite-journal.ts', import.meta.url).href)});
  const { systemClock } = await import(${JSON.stringify(new URL('../../src/core/clock.ts', import.meta.url).href)});
  const { incoming } = await import(${JSON.stringify(new URL('../support/events.ts', import.meta.url).href)});
  const journal = new SqliteJournal(process.argv[1], { clock: systemClock, onStall: () => {} });
  const text = 'x'.repeat(20_000);
  for (let n = journal.lastSeq(); ; ) {
    const events = Array.from({ length: 40 }, () => incoming('k', { description: text }, \`id-\${n++}\`));
    const { seqs } = await journal.append('a', { events, rejects: [], skipped: 0, checkpoints: new Map() }, null);
    process.stdout.write(\`\${seqs.at(-1)}\\n\`);
  }
`;

/** Runs it until it has said `enough`, and gives the last seq it said. Fails where it was not SIGKILL that ended it. */
async function appendUntilKilled(
  dir: string,
  enough: number,
  options: readonly string[] = [],
): Promise<number> {
  const child = spawn(process.execPath, [...options, '--input-type=module', '-e', appender, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let last = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (last >= enough) child.kill('SIGKILL');
  }
  await ended;
  assert.equal(child.signalCode, 'SIGKILL');
  return last;
}

test('under load what is committed reaches the file, while the writer makes no checkpoint', async (t) => {
  const path = join(tempDir(t), 'test.db');
  const db = database(path);
  const checkpointer = new Checkpointer(path, systemClock);
  for (let i = 1; i <= 3; i += 1) {
    db.exec(`INSERT INTO t VALUES (zeroblob(${3 * mebibyte}))`);
    await until(() => {
      checkpointer.wrote(3 * mebibyte); // not heard while the thread is busy
      return statSync(path).size > 3 * i * mebibyte;
    }, `checkpoint ${i}`);
  }
  await checkpointer.close();
  db.close();
  assert.ok(!existsSync(`${path}-wal`), 'the last connection takes the log with it: no other was left open');
});

test('without its thread the journal goes on', async (t) => {
  // Node's permissions forbid threads; in the field it is a limit of the service manager.
  const options = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*'];
  const last = await appendUntilKilled(tempDir(t), 2000, options);
  assert.ok(last >= 2000, `it ended by itself after ${last}`);
});

test('once it is closed no thread is started', async (t) => {
  const path = join(tempDir(t), 'test.db');
  const db = database(path);
  const checkpointer = new Checkpointer(path, systemClock);
  await checkpointer.close();
  db.exec(`INSERT INTO t VALUES (zeroblob(${3 * mebibyte}))`);
  const before = process.getActiveResourcesInfo().length;
  checkpointer.wrote(3 * mebibyte);
  assert.equal(process.getActiveResourcesInfo().length, before);
  db.close();
  assert.ok(!existsSync(`${path}-wal`));
});

test('a thread without work ends, and another takes its place under load', async (t) => {
  const path = join(tempDir(t), 'test.db');
  const db = database(path);
  const clock = new FakeClock();
  const checkpointer = new Checkpointer(path, clock);
  for (const round of [1, 2]) {
    db.exec(`INSERT INTO t VALUES (zeroblob(${3 * mebibyte}))`);
    await until(() => {
      checkpointer.wrote(3 * mebibyte);
      return statSync(path).size > 3 * round * mebibyte;
    }, `checkpoint ${round}`);
    await clock.advance(10_001);
    assert.equal(clock.timers, 0);
  }
  await checkpointer.close();
  db.close();
});

test('SIGKILL at any moment loses nothing that was committed', async (t) => {
  const dir = tempDir(t);
  let last = 0;
  for (let round = 0; round < 5; round += 1) {
    last = await appendUntilKilled(dir, last + 400 + Math.floor(Math.random() * 2000));
    const db = new DatabaseSync(join(dir, 'journal.db'));
    const { n, highest } = db.prepare('SELECT count(*) AS n, max(seq) AS highest FROM events').get() as {
      n: number;
      highest: number;
    };
    assert.ok(highest >= last, `committed up to ${last}, found up to ${highest}`);
    assert.equal(n, highest);
    assert.equal(db.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
    db.close();
  }
});
