import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { BulkInsert } from '../../src/journal/bulk-insert.ts';

function tableOf(t: TestContext): { db: DatabaseSync; insert: BulkInsert; rows: () => string[] } {
  const db = new DatabaseSync(':memory:');
  t.after(() => db.close());
  db.exec('CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL)');
  const insert = new BulkInsert(
    db,
    'things',
    { shared: ['kind'], each: ['id', 'name'] },
    'ON CONFLICT DO UPDATE SET name = excluded.name, kind = excluded.kind',
  );
  insert.share('usual');
  const rows = (): string[] =>
    db
      .prepare('SELECT id, name, kind FROM things ORDER BY id')
      .all()
      .map((row) => `${String(row['id'])} ${String(row['name'])} ${String(row['kind'])}`);
  return { db, insert, rows };
}

for (const count of [0, 1, 15, 16, 17, 33]) {
  test(`${count} rows are there after a flush, each once`, (t) => {
    const { insert, rows } = tableOf(t);
    for (let i = 0; i < count; i += 1) insert.add(i, `name ${i}`);
    insert.flush();
    insert.flush();
    assert.deepEqual(
      rows(),
      Array.from({ length: count }, (_, i) => `${i} name ${i} usual`),
    );
  });
}

test('each row has what was shared when it was added', (t) => {
  const { insert, rows } = tableOf(t);
  const kindOf = (i: number): string => (i < 20 ? 'usual' : i === 20 ? 'rare' : 'last');
  for (let i = 0; i < 40; i += 1) {
    insert.share(kindOf(i));
    insert.add(i, 'x');
  }
  insert.flush();
  assert.deepEqual(
    rows(),
    Array.from({ length: 40 }, (_, i) => `${i} x ${kindOf(i)}`),
  );
});

test('what was dropped after a rollback can be given again', (t) => {
  const { db, insert, rows } = tableOf(t);
  const give = (): void => {
    for (let i = 0; i < 20; i += 1) insert.add(i, 'new');
  };
  db.exec('BEGIN');
  give();
  db.exec('ROLLBACK');
  insert.drop();
  assert.deepEqual(rows(), []);
  give();
  insert.flush();
  assert.equal(rows().length, 20);
});
