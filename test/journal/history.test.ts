import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SqliteHistory } from '../../src/journal/sqlite-history.ts';
import { SqliteJournal } from '../../src/journal/sqlite-journal.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { tempDir } from '../support/temp-dir.ts';
import { batchOf, progressOf, recordOf } from './contract.ts';

const minute = 60_000;

test('what is listed by time is what was accepted in it, also where the clock was set back', async (t) => {
  const steps = fc.array(fc.integer({ min: -59, max: 300 }), { minLength: 1, maxLength: 30 });
  const bounds = fc.tuple(fc.integer({ min: -100, max: 4000 }), fc.integer({ min: -100, max: 4000 }));
  await fc.assert(
    fc.asyncProperty(steps, bounds, fc.boolean(), async (minutes, [from, to], pruned) => {
      const dir = tempDir(t);
      const clock = new FakeClock();
      const start = clock.now();
      const journal = new SqliteJournal(dir, { clock, onStall: () => {} });
      await journal.openSink('s', 0);
      const accepted: number[] = [];
      let highest = 0;
      for (const [i, step] of minutes.entries()) {
        // Never more than an hour behind what was there before.
        const by = Math.max(step * minute, highest - 59 * minute - clock.now());
        clock.jumpWall(by);
        highest = Math.max(highest, clock.now());
        await journal.append('flipt', batchOf(`k${i}`), null);
        accepted.push(clock.now());
      }
      const records = accepted.map((_, i) => recordOf(i + 1, 'dead'));
      await journal.record([progressOf('s', accepted.length, ...records)]);
      if (pruned) await journal.prune({ acceptedBefore: start + minute, holdingSinks: [], limit: 5 });
      const left = new Set((await journal.readAfter(0, 100, 1e6)).map(({ seq }) => seq));
      const history = new SqliteHistory(dir);
      const range = { since: start + from * minute, until: start + to * minute };
      const expected = accepted
        .map((at, i) => ({ at, seq: i + 1 }))
        .filter(({ at, seq }) => left.has(seq) && at >= range.since && at < range.until)
        .map(({ seq }) => seq);
      const listed = history.list({ ...range, limit: 1000 }).map(({ seq }) => seq);
      assert.deepEqual(listed.toReversed(), expected);
      const replayable = history.replayable({ sink: 's', states: ['dead'], ...range }, 0, 1000);
      assert.deepEqual(
        replayable.map(({ seq }) => seq),
        expected,
      );
      history.close();
      await journal.close();
    }),
    { numRuns: 60 },
  );
});

test('a backlog is counted from what is left of the journal', async (t) => {
  const dir = tempDir(t);
  const clock = new FakeClock();
  const journal = new SqliteJournal(dir, { clock, onStall: () => {} });
  const history = new SqliteHistory(dir);
  t.after(async () => {
    history.close();
    await journal.close();
  });
  const unread = (): Record<string, number> =>
    Object.fromEntries(history.sinks().map(({ sink, unread: count }) => [sink, count]));
  await journal.openSink('ahead', 0);
  await journal.openSink('behind', 0);
  assert.deepEqual(unread(), { ahead: 0, behind: 0 });
  await journal.append('flipt', batchOf(...Array.from({ length: 10 }, (_, i) => `k${i}`)), null);
  assert.deepEqual(unread(), { ahead: 10, behind: 10 });
  await journal.record([
    progressOf('ahead', 6, ...[1, 2, 3, 4, 5, 6, 8].map((seq) => recordOf(seq, 'delivered'))),
  ]);
  assert.deepEqual(unread(), { ahead: 3, behind: 10 });
  // `behind` is not run any more and holds nothing back.
  await journal.prune({ acceptedBefore: clock.now() + 1, holdingSinks: ['ahead'], limit: 4 });
  assert.deepEqual(unread(), { ahead: 3, behind: 6 });
});
