import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Checkpointer } from '../../src/journal/checkpointer.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const mebibyte = 2 ** 20;

/** A database that makes no checkpoint by itself. */
function database(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a)');
  return db;
}

test('under load what is committed reaches the file, while the writer makes no checkpoint', async (t) => {
  const path = join(tempDir(t), 'test.db');
  const db = database(path);
  const checkpointer = new Checkpointer(path);
  for (let i = 1; i <= 3; i += 1) {
    db.exec(`INSERT INTO t VALUES (zeroblob(${3 * mebibyte}))`);
    await until(() => {
      checkpointer.grew(3 * mebibyte); // not heard while the thread is busy
      return statSync(path).size > 3 * i * mebibyte;
    }, `checkpoint ${i}`);
  }
  await checkpointer.close();
  db.close();
  assert.ok(!existsSync(`${path}-wal`), 'the last connection takes the log with it: no other was left open');
});

test('a database that cannot be opened is no failure', async (t) => {
  const checkpointer = new Checkpointer(join(tempDir(t), 'missing', 'test.db'));
  checkpointer.grew(3 * mebibyte);
  // Long enough for the thread to fail in; an unheard error would end this test.
  await once(spawn(process.execPath, ['-e', '']), 'exit');
  checkpointer.grew(3 * mebibyte);
  await checkpointer.close();
});

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

test('SIGKILL at any moment loses nothing that was committed', async (t) => {
  const dir = tempDir(t);
  let last = 0;
  for (let round = 0; round < 5; round += 1) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', appender, dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const enough = last + 400 + Math.floor(Math.random() * 2000);
    for await (const line of createInterface({ input: child.stdout })) {
      last = Number(line);
      if (last >= enough) child.kill('SIGKILL');
    }
    await ended;
    assert.equal(child.signalCode, 'SIGKILL');
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
