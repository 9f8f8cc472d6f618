import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { silentLogger } from '../../src/core/logger.ts';
import { createStdinSource } from '../../src/sources/stdin.ts';
import { cutAt, document, expectedLines } from './documents.ts';
import { decodeJson, MemoryIntake } from './memory-intake.ts';

const turn = promisify(nextTurn);

describe('stdin source', () => {
  it('finds the same lines however the stream is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(document, fc.array(fc.nat(), { maxLength: 12 }), async (bytes, places) => {
        const intake = new MemoryIntake();
        const input = Readable.from(cutAt(bytes, places), { objectMode: false });
        const source = createStdinSource(
          { name: 'stdin', maxLineBytes: 64 },
          { decode: decodeJson, input, logger: silentLogger },
        );
        await source.start(intake);
        await source.ended;
        await source.stop();
        const found = {
          events: intake.texts,
          rejects: intake.rejects.map(({ reason }) => reason),
          skipped: intake.skipped,
        };
        assert.deepEqual(found, expectedLines(bytes, 64));
        assert.deepEqual(intake.duplicates, []);
      }),
      { numRuns: 60 },
    );
  });

  it('gives the full size and the head of a line that is too long', async () => {
    const intake = new MemoryIntake();
    const long = 'y'.repeat(3_000_000);
    const input = Readable.from(cutAt(Buffer.from(`{"n":1}\n${long}\n{"n":2}\n`), [5, 70_000, 2_000_000]));
    const source = createStdinSource(
      { name: 'stdin', maxLineBytes: 9000 },
      { decode: decodeJson, input, logger: silentLogger },
    );
    await source.start(intake);
    await source.ended;
    assert.deepEqual(intake.texts, ['{"n":1}', '{"n":2}']);
    assert.deepEqual(
      intake.rejects.map(({ reason, sizeBytes, position, head }) => [
        reason,
        sizeBytes,
        position,
        head.length,
      ]),
      [['too_long', long.length, 'stdin offset 8', 4096]],
    );
  });

  it('takes a last line without newline if it is whole, and rejects half of one', async () => {
    for (const [end, texts, reasons] of [
      ['{"n":2}', ['{"n":1}', '{"n":2}'], []],
      ['{"n":', ['{"n":1}'], ['truncated']],
      ['  ', ['{"n":1}'], []],
    ] as const) {
      const intake = new MemoryIntake();
      const input = Readable.from([Buffer.from(`\uFEFF{"n":1}\n${end}`)]);
      const source = createStdinSource(
        { name: 'stdin', maxLineBytes: 64 },
        { decode: decodeJson, input, logger: silentLogger },
      );
      await source.start(intake);
      await source.ended;
      assert.deepEqual(intake.texts, texts);
      assert.deepEqual(
        intake.rejects.map(({ reason }) => reason),
        reasons,
      );
    }
  });

  it('gives other ids in another run', async () => {
    const intake = new MemoryIntake();
    for (let run = 0; run < 2; run += 1) {
      const input = Readable.from([Buffer.from('{"n":1}\n')]);
      const source = createStdinSource(
        { name: 'stdin', maxLineBytes: 64 },
        { decode: decodeJson, input, logger: silentLogger },
      );
      await source.start(intake);
      await source.ended;
      await source.stop();
    }
    assert.equal(intake.ids.size, 2);
  });

  it('reads no further while the intake is busy, and stops in the middle', async () => {
    const intake = new MemoryIntake();
    const input = new Readable({ read() {}, highWaterMark: 16 });
    const source = createStdinSource(
      { name: 'stdin', maxLineBytes: 64 },
      { decode: decodeJson, input, logger: silentLogger },
    );
    await source.start(intake);
    assert.equal(source.health().reading, true);
    const gate = Promise.withResolvers<void>();
    const waiting: string[] = [];
    intake.before = () => {
      waiting.push('batch');
      return gate.promise;
    };
    input.push('{"n":1}\n');
    while (waiting.length === 0) await turn();
    input.push('{"n":2}\n');
    input.push('{"n":3}\n');
    for (let i = 0; i < 20; i += 1) await turn();
    assert.equal(waiting.length, 1);
    assert.equal(source.health().lagBytes, 8);
    const stopped = source.stop();
    gate.resolve();
    await stopped;
    const { commits } = intake;
    for (let i = 0; i < 20; i += 1) await turn();
    assert.equal(intake.commits, commits);
    assert.deepEqual(intake.texts, ['{"n":1}']);
    assert.equal(source.health().reading, false);
    assert.ok(input.destroyed);
  });
});
