import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers';
import { promisify } from 'node:util';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { silentLogger } from '../../src/core/logger.ts';
import { cutLines, emptyHarvest, EventIds, laneOf, type LineRules } from '../../src/sources/lines.ts';
import { createStdinSource } from '../../src/sources/stdin.ts';
import { decodeJson, MemoryIntake } from './memory-intake.ts';

const turn = promisify(nextTurn);
const rules: LineRules = { decode: decodeJson, maxLineBytes: 64, ids: new EventIds('aaaaaaaa'), label: 'x' };

/** What every way of cutting a text into events must find. */
interface Found {
  events: string[];
  rejects: string[];
  skipped: number;
}

/** The plainest reading of a text: split, and look at each line by itself. */
function expected(bytes: Buffer, maxLineBytes: number): Found {
  const found: Found = { events: [], rejects: [], skipped: 0 };
  const lines = bytes.toString('latin1').split('\n').slice(0, -1);
  for (const latin of lines) {
    const text = Buffer.from(latin.replace(/^\0+/, '').replace(/\r$/, ''), 'latin1');
    if (text.length > maxLineBytes) found.rejects.push('too_long');
    else if (!text.equals(Buffer.from(text.toString()))) found.rejects.push('invalid_utf8');
    else if (text.toString().trim() === '') continue;
    else {
      const decoded = decodeJson(text.toString(), () => '');
      if (decoded.kind === 'event') found.events.push(decoded.incoming.text);
      if (decoded.kind === 'rejected') found.rejects.push(decoded.reason);
      if (decoded.kind === 'skipped') found.skipped += 1;
    }
  }
  return found;
}

const lineBytes = fc.oneof(
  fc
    .record({ s: fc.string({ unit: 'grapheme', maxLength: 12 }) })
    .map((value) => Buffer.from(JSON.stringify(value))),
  fc
    .constantFrom('', ' ', '\t \r', '# log', 'x'.repeat(200), '{"a":1}\r', '\0\0{"a":2}', '[1]')
    .map((s) => Buffer.from(s)),
  fc.uint8Array({ maxLength: 10 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 10))),
);
const document = fc
  .array(lineBytes, { maxLength: 20 })
  .map((all) => Buffer.concat(all.flatMap((bytes) => [bytes, Buffer.from('\n')])))
  // A byte order mark is only one at the very front, which the tests of the sources cover.
  .filter((bytes) => bytes[0] !== 0xef && bytes[0] !== 0);

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  return ends.map((end) => {
    const piece = bytes.subarray(start, end);
    start = end;
    return piece;
  });
}

describe('lines', () => {
  it('finds what a plain reading finds, and says how far it came', () => {
    fc.assert(
      fc.property(document, fc.uint8Array({ maxLength: 5 }), (bytes, rest) => {
        const open = rest.filter((byte) => byte !== 10);
        const buffer = Buffer.concat([Buffer.from('before\n'), bytes, open]);
        const harvest = emptyHarvest();
        const end = cutLines(buffer, 7, buffer.length, 0, rules, harvest);
        assert.equal(end, 7 + bytes.length);
        const found = {
          events: harvest.events.map(({ text }) => text),
          rejects: harvest.rejects.map(({ reason }) => reason),
          skipped: harvest.skipped,
        };
        assert.deepEqual(found, expected(bytes, rules.maxLineBytes));
      }),
    );
  });

  it('makes ids that sort by place and differ by bytes, place and lane', () => {
    const bytes = Buffer.from('{"a":1}');
    const ids = new EventIds('0123abcd');
    assert.equal(ids.of(5 * 2 ** 30, bytes), '0123abcd-000140000000-561bacaf');
    assert.equal(ids.of(2 ** 47 + 0xabcdef, bytes), '0123abcd-800000abcdef-561bacaf');
    assert.notEqual(ids.of(1, bytes), ids.of(1, Buffer.from('{"a":2}')));
    assert.ok(ids.of(9, bytes) < ids.of(10, bytes));
    assert.match(laneOf('flipt', '1:2', 3), /^[0-9a-f]{8}$/);
    assert.notEqual(laneOf('flipt', '1:2', 3), laneOf('flipt', '1:2', 4));
    assert.notEqual(laneOf('flipt', '1:2', 3), laneOf('other', '1:2', 3));
  });
});

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
        assert.deepEqual(found, expected(bytes, 64));
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
