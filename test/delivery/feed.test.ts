import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournaledEvent } from '../../src/core/event.ts';
import { redecode } from '../../src/core/formats/decoder.ts';
import { Feed } from '../../src/delivery/feed.ts';
import { SqliteJournal } from '../../src/journal/sqlite-journal.ts';
import { incoming } from '../support/events.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { tempDir } from '../support/temp-dir.ts';

async function feedOf(t: { after: (fn: () => void) => void }): Promise<{
  feed: Feed;
  clock: FakeClock;
  accept: (count: number, size?: number) => Promise<JournaledEvent[]>;
}> {
  const clock = new FakeClock();
  const journal = new SqliteJournal(tempDir(t), { clock, onStall: () => {} });
  t.after(() => void journal.close());
  const feed = new Feed({
    journal,
    clock,
    redecode: ({ source, id, format, text }) => redecode(source, id, format, text),
  });
  let made = 0;
  return {
    feed,
    clock,
    async accept(count, size = 0) {
      const events = Array.from({ length: count }, () =>
        incoming(`k${(made += 1)}`, { description: 'x'.repeat(size) }),
      );
      const { seqs, acceptedAt } = await journal.append(
        'flipt',
        { events, rejects: [], skipped: 0, checkpoints: [] },
        null,
      );
      return events.map((event, i) => ({ ...event, seq: seqs[i] as number, acceptedAt }));
    },
  };
}

/** Every seq after `after`, from memory or from the journal. */
async function readAll(feed: Feed, after: number): Promise<number[]> {
  const seqs: number[] = [];
  let position = after;
  while (position < feed.lastSeq) {
    const events = feed.recent(position, 100) ?? (await feed.load(position, 100));
    assert.ok(events.length > 0, `nothing after ${position}`);
    for (const { seq } of events) seqs.push(seq);
    position = seqs.at(-1) as number;
  }
  return seqs;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

test('the newest events come from memory, older ones from the journal', async (t) => {
  const { feed, accept } = await feedOf(t);
  feed.join(readerAt(0));
  for (let i = 0; i < 30; i += 1) feed.append(await accept(100));
  assert.equal(feed.recent(0, 10), null);
  assert.deepEqual(
    feed.recent(2990, 100)?.map(({ seq }) => seq),
    upTo(3000).slice(2990),
  );
  assert.deepEqual(feed.recent(3000, 10), []);
  assert.deepEqual(await readAll(feed, 0), upTo(3000));
});

test('batches that arrive in another order than they were committed are all there', async (t) => {
  const { feed, accept } = await feedOf(t);
  feed.join(readerAt(0));
  const batches = [await accept(10), await accept(10), await accept(10), await accept(10)];
  for (const at of [0, 2, 1, 3]) feed.append(batches[at] as JournaledEvent[]);
  assert.equal(feed.lastSeq, 40);
  assert.deepEqual(await readAll(feed, 0), upTo(40));
  assert.deepEqual(await readAll(feed, 25), upTo(40).slice(25));
});

test('long events do not fill the memory', async (t) => {
  const { feed, accept } = await feedOf(t);
  feed.join(readerAt(0));
  for (let i = 0; i < 20; i += 1) feed.append(await accept(1, 2 ** 20));
  assert.ok(20 - (feed.oldestInMemory - 1) <= 8, `${feed.oldestInMemory} is the oldest in memory`);
  assert.deepEqual(await readAll(feed, 0), upTo(20));
});

/** A sink that reads when the test says so. */
function readerAt(position: number): { position: number; wake: () => void } {
  return { position, wake: () => {} };
}

async function heldFor(clock: FakeClock, room: Promise<void> | undefined): Promise<number> {
  const from = clock.monotonic();
  const over = { at: room === undefined ? from : Number.POSITIVE_INFINITY };
  void room?.then(() => (over.at = clock.monotonic()));
  await settle();
  while (over.at > clock.monotonic()) await clock.advance(1);
  return over.at - from;
}

test('what all near readers have read is let go; one that is far behind keeps nothing', async (t) => {
  const { feed, accept } = await feedOf(t);
  feed.join(readerAt(0));
  feed.append(await accept(3000));
  const [one, other] = [readerAt(2900), readerAt(2950)];
  for (const reader of [one, other]) feed.join(reader);
  feed.advanced();
  assert.equal(feed.oldestInMemory, 2901);
  one.position = 3000;
  feed.advanced();
  assert.equal(feed.oldestInMemory, 2951);
  assert.deepEqual(await readAll(feed, 0), upTo(3000));
});

test('without a reader nothing is kept', async (t) => {
  const { feed, accept } = await feedOf(t);
  feed.append(await accept(100));
  assert.equal(feed.oldestInMemory, 101);
  assert.deepEqual(await readAll(feed, 0), upTo(100));
});

test('a source waits for the leading reader, but not for long', async (t) => {
  const { feed, clock, accept } = await feedOf(t);
  const reader = readerAt(0);
  feed.join(reader);
  assert.equal(feed.room(), undefined);
  feed.append(await accept(200));
  assert.equal(await heldFor(clock, feed.room()), 50);
  const room = feed.room();
  reader.position = 150;
  feed.advanced();
  assert.equal(await heldFor(clock, room), 0);
  assert.equal(feed.room(), undefined);
});

test('a source waits a moment for a reader about to fall behind, and not for one that has', async (t) => {
  const { feed, clock, accept } = await feedOf(t);
  const [leader, other] = [readerAt(0), readerAt(0)];
  feed.join(leader);
  feed.join(other);
  feed.append(await accept(1500));
  leader.position = 1500;
  assert.equal(await heldFor(clock, feed.room()), 5);
  other.position = 1000;
  assert.equal(feed.room(), undefined);
  other.position = 0;
  for (let i = 0; i < 8; i += 1) feed.append(await accept(100));
  leader.position = 2300;
  assert.equal(feed.room(), undefined, 'it reads from the journal by now');
});

test('single events are found in memory and in the journal', async (t) => {
  const { feed, accept } = await feedOf(t);
  feed.join(readerAt(0));
  for (let i = 0; i < 30; i += 1) feed.append(await accept(100));
  const found = await feed.loadSeqs([1, 2999, 3, 4000]);
  assert.deepEqual(
    found.map(({ seq }) => seq).sort((a, b) => a - b),
    [1, 3, 2999],
  );
});
