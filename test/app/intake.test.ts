import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIntake } from '../../src/app/intake.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { createMetrics } from '../../src/core/metrics.ts';
import type { Reject, RejectReason } from '../../src/core/source.ts';
import { Feed } from '../../src/delivery/feed.ts';
import { SqliteJournal } from '../../src/journal/sqlite-journal.ts';
import { tempDir } from '../support/temp-dir.ts';

function reject(reason: RejectReason, at: number): Reject {
  const head = Buffer.from('S3CRET');
  return { reason, position: `audit.log offset ${at}`, head, sizeBytes: head.length };
}

test('a rejected line is logged at the first and at each doubling of its reason, without its content', async (t) => {
  const journal = new SqliteJournal(tempDir(t), { clock: systemClock, onStall: () => {} });
  t.after(() => journal.close());
  const logged: unknown[] = [];
  const intake = createIntake('flipt', {
    journal,
    feed: new Feed({ journal, clock: systemClock, redecode: () => assert.fail('there is no event') }),
    logger: { ...silentLogger, warn: (fields, msg) => logged.push({ msg, ...fields }) },
    metrics: createMetrics(),
    room: () => undefined,
    stateOf: () => null,
  });
  const accept = (rejects: Reject[]): Promise<void> =>
    intake.accept({ events: [], rejects, skipped: 0, checkpoints: [] });

  await accept([reject('invalid_json', 1), reject('too_long', 2), reject('invalid_json', 3)]);
  for (const at of [4, 5, 6]) await accept([reject('invalid_json', at)]);

  const line = (reason: RejectReason, at: number, rejected: number): unknown => ({
    msg: 'line rejected',
    source: 'flipt',
    reason,
    position: `audit.log offset ${at}`,
    rejected,
  });
  assert.deepEqual(logged, [
    line('invalid_json', 1, 1),
    line('too_long', 2, 1),
    line('invalid_json', 3, 2),
    line('invalid_json', 5, 4),
  ]);
});
