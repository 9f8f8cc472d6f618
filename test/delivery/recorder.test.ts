import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Journal, SinkProgress } from '../../src/core/journal.ts';
import { Recorder } from '../../src/delivery/recorder.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

/** A journal that only counts the rows of each commit. */
function countingJournal(): { journal: Journal; commits: number[] } {
  const commits: number[] = [];
  const journal = {
    record: (progress: SinkProgress[]) => {
      commits.push(progress.reduce((sum, { deliveries }) => sum + deliveries.length, 0));
      return Promise.resolve();
    },
  } as unknown as Journal;
  return { journal, commits };
}

/** A sink whose outcomes are only counted. */
class Outcomes {
  #rows = 0;

  add(recorder: Recorder, rows: number): void {
    for (let i = 0; i < rows; i += 1) {
      this.#rows += 1;
      recorder.add(this);
    }
  }

  takeProgress(): SinkProgress {
    const deliveries = Array.from({ length: this.#rows }, () => ({})) as SinkProgress['deliveries'];
    this.#rows = 0;
    return { sink: 's', cursor: 0, activeMs: 0, deliveries, failedAttempts: [] };
  }
}

function setUp(): { clock: FakeClock; recorder: Recorder; commits: number[]; outcomes: Outcomes } {
  const clock = new FakeClock();
  const { journal, commits } = countingJournal();
  const recorder = new Recorder({
    journal,
    clock,
    onBroken: (error) => {
      throw error;
    },
  });
  return { clock, recorder, commits, outcomes: new Outcomes() };
}

test('while it is quiet an outcome is committed at the end of its turn', async () => {
  const { clock, recorder, commits, outcomes } = setUp();
  for (let i = 0; i < 5; i += 1) {
    outcomes.add(recorder, 3);
    await settle();
    await clock.advance(20);
  }
  assert.deepEqual(commits, [3, 3, 3, 3, 3]);
});

test('under load there is one commit for 500 rows or 50 ms, from the second window on', async () => {
  const { clock, recorder, commits, outcomes } = setUp();
  // 20 000 rows a second for half a second.
  for (let ms = 0; ms < 500; ms += 1) {
    outcomes.add(recorder, 20);
    await clock.advance(1);
  }
  const eager = commits.filter((rows) => rows < 250).length;
  assert.ok(eager <= 14, `${eager} small commits`);
  assert.ok(commits.length <= 14 + 20, `${commits.length} commits`);
  await recorder.flush();
  assert.equal(
    commits.reduce((sum, rows) => sum + rows, 0),
    10_000,
  );
});

test('the last outcomes of a burst wait 50 ms at most', async () => {
  const { clock, recorder, commits, outcomes } = setUp();
  outcomes.add(recorder, 600);
  await settle();
  outcomes.add(recorder, 7);
  await clock.advance(50);
  assert.equal(
    commits.reduce((sum, rows) => sum + rows, 0),
    607,
  );
});
