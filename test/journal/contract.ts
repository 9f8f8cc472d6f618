import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/core/clock.ts';
import type {
  DeliveryRecord,
  DeliveryState,
  Journal,
  PruneRequest,
  PruneResult,
  SinkProgress,
} from '../../src/core/journal.ts';
import type { SourceBatch } from '../../src/core/source.ts';
import { stateOf } from '../../src/core/state-of.ts';
import { incoming } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A journal that can be closed and opened again on what it left behind. */
export interface JournalUnderTest {
  open(clock: Clock): Journal;
}

export function batchOf(...keys: string[]): SourceBatch {
  return { events: keys.map((key) => incoming(key)), rejects: [], skipped: 0, checkpoints: [] };
}

export function recordOf(
  seq: number,
  state: DeliveryState,
  more: Partial<DeliveryRecord> = {},
): DeliveryRecord {
  return {
    seq,
    state,
    attempts: 1,
    firstAttemptAt: 1000,
    updatedAt: 2000,
    nextAttemptAt: state === 'retrying' || state === 'pending' ? 3000 : null,
    startedActiveMs: 5,
    status: state === 'delivered' ? 200 : 503,
    reason: state === 'delivered' ? null : 'HTTP 503',
    durationMs: 1.5,
    ...more,
  };
}

export function progressOf(sink: string, cursor: number, ...deliveries: DeliveryRecord[]): SinkProgress {
  return { sink, cursor, activeMs: 42, deliveries, failedAttempts: [] };
}

/** What every journal must hold to, whatever it is made of. */
export function journalContract(
  name: string,
  make: (t: { after: (fn: () => void) => void }) => JournalUnderTest,
): void {
  const it = (what: string, run: (under: JournalUnderTest, clock: FakeClock) => Promise<void>): void => {
    test(`${name}: ${what}`, (t) => run(make(t), new FakeClock()));
  };

  it('gives growing seqs and reads events back as they came', async (under, clock) => {
    const journal = under.open(clock);
    const first = await journal.append('flipt', batchOf('a', 'b'), null);
    assert.deepEqual(first.seqs, [1, 2]);
    assert.equal(first.acceptedAt, clock.now());
    assert.deepEqual((await journal.append('flipt', batchOf('c'), null)).seqs, [3]);
    assert.equal(journal.lastSeq(), 3);
    const read = await journal.readAfter(1, 10, 1e6);
    assert.deepEqual(
      read.map(({ seq, id, source, format, text }) => ({ seq, id, source, format, text })),
      [
        { seq: 2, id: 'id-b', source: 'flipt', format: 'flipt', text: incoming('b').text },
        { seq: 3, id: 'id-c', source: 'flipt', format: 'flipt', text: incoming('c').text },
      ],
    );
    assert.deepEqual(
      (await journal.readSeqs([3, 99, 1])).map(({ id }) => id),
      ['id-c', 'id-a'],
    );
    await journal.close();
  });

  it('reads no more than it is asked for', async (under, clock) => {
    const journal = under.open(clock);
    await journal.append('flipt', batchOf(...Array.from({ length: 100 }, (_, i) => `k${i}`)), null);
    assert.equal((await journal.readAfter(0, 70, 1e6)).length, 70);
    const few = await journal.readAfter(0, 100, 500);
    assert.ok(few.length > 0 && few.length < 100);
    await journal.close();
  });

  it('takes an event once, also when it is handed over again', async (under, clock) => {
    const journal = under.open(clock);
    await journal.append('flipt', batchOf('a'), null);
    assert.deepEqual((await journal.append('flipt', batchOf('a', 'b', 'b'), null)).seqs, [0, 2, 0]);
    assert.equal((await journal.readAfter(0, 10, 1e6)).length, 2);
    await journal.close();
  });

  it('keeps checkpoints per source, and removes them', async (under, clock) => {
    const journal = under.open(clock);
    await journal.append(
      'one',
      {
        ...batchOf('a'),
        checkpoints: [
          ['f', '10'],
          ['g', '20'],
        ],
      },
      null,
    );
    await journal.append('two', { ...batchOf(), checkpoints: [['f', '99']] }, null);
    await journal.append(
      'one',
      {
        ...batchOf(),
        checkpoints: [
          ['f', '11'],
          ['g', null],
        ],
      },
      null,
    );
    await journal.close();
    const again = under.open(clock);
    assert.deepEqual([...(await again.checkpoints('one'))], [['f', '11']]);
    assert.deepEqual([...(await again.checkpoints('two'))], [['f', '99']]);
    await again.close();
  });

  it('holds everything over a restart', async (under, clock) => {
    const journal = under.open(clock);
    await journal.openSink('slack', 0);
    await journal.append('flipt', batchOf('a', 'b', 'c'), null);
    const retrying = recordOf(2, 'retrying', { attempts: 3, nextAttemptAt: 9000 });
    await journal.record([progressOf('slack', 1, recordOf(1, 'delivered'), retrying)]);
    await journal.close();

    const again = under.open(clock);
    assert.equal(again.lastSeq(), 3);
    assert.deepEqual(await again.openSink('slack', 99), { cursor: 1, activeMs: 42, paused: false });
    assert.deepEqual([...(await again.recordedAfter('slack', 1))], [2]);
    assert.deepEqual(await again.openDeliveries('slack', 10), [retrying]);
    await again.close();
  });

  it('starts a sink it does not know at the given cursor', async (under, clock) => {
    const journal = under.open(clock);
    await journal.append('flipt', batchOf('a', 'b'), null);
    assert.equal((await journal.openSink('late', 2)).cursor, 2);
    assert.equal((await journal.openSink('late', 0)).cursor, 2);
    await journal.close();
  });

  it('gives open deliveries by due time and forgets settled ones', async (under, clock) => {
    const journal = under.open(clock);
    await journal.openSink('s', 0);
    await journal.append('flipt', batchOf('a', 'b', 'c'), null);
    await journal.record([
      progressOf(
        's',
        3,
        recordOf(1, 'retrying', { nextAttemptAt: 300 }),
        recordOf(2, 'retrying', { nextAttemptAt: 100 }),
        recordOf(3, 'pending', { nextAttemptAt: 200 }),
      ),
    ]);
    const open = async (): Promise<number[]> => (await journal.openDeliveries('s', 10)).map(({ seq }) => seq);
    assert.deepEqual(await open(), [2, 3, 1]);
    await journal.record([progressOf('s', 3, recordOf(2, 'delivered'), recordOf(1, 'dead'))]);
    assert.deepEqual(await open(), [3]);
    assert.deepEqual(await journal.openDeliveries('s', 0), []);
    await journal.close();
  });

  it('prunes what is settled and old, and nothing that is owed', async (under, clock) => {
    const journal = under.open(clock);
    await journal.openSink('s', 0);
    await journal.append('flipt', batchOf('a', 'b', 'c', 'd', 'e'), null);
    await journal.record([
      progressOf('s', 4, recordOf(1, 'delivered'), recordOf(2, 'retrying'), recordOf(3, 'dead')),
    ]);
    const left = async (): Promise<number[]> => (await journal.readAfter(0, 10, 1e6)).map(({ seq }) => seq);
    const later = clock.now() + 1;
    const prune = (request: Partial<PruneRequest>): Promise<PruneResult> =>
      journal.prune({ acceptedBefore: 0, holdingSinks: ['s'], limit: 10, ...request });
    assert.deepEqual(await prune({ acceptedBefore: clock.now(), limit: 10 }), { removed: 0, more: false });
    assert.deepEqual(await prune({ acceptedBefore: later, limit: 1 }), { removed: 1, more: true });
    assert.deepEqual(await left(), [2, 3, 4, 5]);
    assert.equal((await prune({ acceptedBefore: later, limit: 10 })).removed, 2);
    assert.deepEqual(await prune({ acceptedBefore: later, limit: 10 }), { removed: 0, more: false });
    assert.deepEqual(await left(), [2, 5]);
    // A sink that nobody runs any more holds nothing back; the newest event stays for its seq.
    assert.equal((await prune({ acceptedBefore: later, holdingSinks: [], limit: 10 })).removed, 1);
    assert.deepEqual(await left(), [5]);
    await journal.close();
    const again = under.open(clock);
    assert.deepEqual((await again.append('flipt', batchOf('f'), null)).seqs, [6]);
    await again.close();
  });

  it('prunes past any number of events that are owed, a bounded number at a time', async (under, clock) => {
    const journal = under.open(clock);
    await journal.openSink('s', 0);
    const keys = Array.from({ length: 5003 }, (_, i) => `k${i}`);
    await journal.append('flipt', batchOf(...keys), null);
    const owed = Array.from({ length: 5000 }, (_, i) => recordOf(i + 2, 'retrying'));
    await journal.record([progressOf('s', 5003, recordOf(1, 'delivered'), ...owed, recordOf(5002, 'dead'))]);
    const step = (): Promise<PruneResult> =>
      journal.prune({ acceptedBefore: clock.now() + 1, holdingSinks: ['s'], limit: 500 });
    const removed: number[] = [];
    for (let more = true; more;) {
      const result = await step();
      removed.push(result.removed);
      more = result.more;
    }
    assert.deepEqual(
      removed.filter((count) => count > 0),
      [1, 1],
    );
    assert.ok(removed.length > 3, 'in several steps');
    assert.equal((await journal.readSeqs([1, 2, 5001, 5002, 5003])).length, 3);
    // What was owed at the front goes as well once it is settled.
    await journal.record([progressOf('s', 5003, recordOf(2, 'delivered'))]);
    for (let i = 0; i < 4; i += 1) await step();
    assert.equal((await journal.readSeqs([2, 3])).length, 1);
    await journal.close();
  });

  it('remembers the payload of each thing for the next event of it', async (under, clock) => {
    const journal = under.open(clock);
    const append = async (id: string, payload: Record<string, unknown>): Promise<Array<string | null>> =>
      (await journal.append('flipt', { ...batchOf(), events: [incoming('flag', payload, id)] }, stateOf))
        .previous;
    assert.deepEqual(await append('1', { enabled: false }), [null]);
    const [before] = await append('2', { enabled: true });
    assert.equal((JSON.parse(before ?? '{}') as { enabled: boolean }).enabled, false);
    assert.deepEqual(await append('other', { namespace_key: 'production' }), [null]);
    // Handed over again it changes nothing.
    await append('1', { enabled: false });
    const [third] = await append('3', { enabled: false });
    assert.equal((JSON.parse(third ?? '{}') as { enabled: boolean }).enabled, true);
    // And what an event was accepted with is read back with it.
    assert.equal((await journal.readSeqs([2]))[0]?.previous, before);
    await journal.close();
  });

  it('counts the bytes in use', async (under, clock) => {
    const journal = under.open(clock);
    const empty = journal.usedBytes();
    await journal.append('flipt', batchOf(...Array.from({ length: 500 }, (_, i) => `k${i}`)), null);
    const full = journal.usedBytes();
    assert.ok(full > empty + 100_000, `${empty} → ${full}`);
    await journal.openSink('s', 500);
    while ((await journal.prune({ acceptedBefore: clock.now() + 1, holdingSinks: ['s'], limit: 500 })).more);
    assert.ok(journal.usedBytes() < full / 2);
    await journal.close();
  });

  it('syncs as often as it is asked to, also before anything was written', async (under, clock) => {
    const journal = under.open(clock);
    await journal.sync();
    const synced = Array.from({ length: 50 }, async (_, i) => {
      await journal.append('hooks', batchOf(`k${i}`), null);
      await journal.sync();
    });
    await Promise.all(synced);
    assert.equal((await journal.readAfter(0, 100, 1e6)).length, 50);
    await journal.close();
    const again = under.open(clock);
    assert.equal(again.lastSeq(), 50);
    await again.close();
  });

  it('refuses work once it is closed', async (under, clock) => {
    const journal = under.open(clock);
    await journal.close();
    await journal.close();
    await assert.rejects(journal.append('flipt', batchOf('a'), null), /closed/);
  });
}
