import assert from 'node:assert/strict';
import { appendFile, open, truncate, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { maxRejectHeadBytes } from '../../src/core/source.ts';
import { line, lines, range, World } from './world.ts';

describe('file source: what a file contains', () => {
  it('T01 reads what was there before the first start, in order', async () => {
    await using world = await World.make();
    await writeFile(world.path(), lines(1, 10));
    await world.start();
    await world.poll();
    assert.deepEqual(world.numbers, range(1, 10));
  });

  it('T04 waits for the rest of a line', async () => {
    await using world = await World.make();
    await world.start();
    await writeFile(world.path(), line(1) + line(2).slice(0, 9));
    await world.wait(120_000);
    assert.deepEqual(world.numbers, [1]);
    await appendFile(world.path(), line(2).slice(9));
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2]);
    assert.deepEqual(world.intake.rejects, []);
  });

  it('T05 T24 reads a file written byte by byte, through the middle of characters', async () => {
    await using world = await World.make();
    const text = `${JSON.stringify({ n: 1, name: 'Ünïcödé 🎉 日本' })}\n${line(2)}`;
    await world.start();
    for (const byte of Buffer.from(text)) {
      await appendFile(world.path(), Buffer.of(byte));
      await world.poll(1);
    }
    assert.equal(world.intake.texts.join('\n'), text.trimEnd());
  });

  it('T06 T30 completes a begun line once after a restart, and goes on exactly', async () => {
    await using world = await World.make();
    await writeFile(world.path(), lines(1, 3) + line(4).slice(0, 5));
    await world.start();
    await world.poll();
    await world.stop();
    await appendFile(world.path(), line(4).slice(5) + lines(5, 6));
    await world.start();
    await world.poll();
    assert.deepEqual(world.numbers, range(1, 6));
  });

  it('T21 T22 takes off carriage returns and a byte order mark', async () => {
    await using world = await World.make();
    await writeFile(world.path(), '\uFEFF{"n":1}\r\n{"n":2}\r\n');
    await world.start();
    await world.poll();
    assert.deepEqual(world.intake.texts, ['{"n":1}', '{"n":2}']);
  });

  it('T23 T27 T28 rejects what cannot be an event and keeps its neighbours', async () => {
    await using world = await World.make();
    const bad = [Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), Buffer.from('garbage'), Buffer.from('{"n"\0:5}')];
    await writeFile(
      world.path(),
      Buffer.concat([
        Buffer.from(line(1)),
        ...bad.flatMap((bytes, i) => [bytes, Buffer.from('\n'), Buffer.from(line(i + 2))]),
      ]),
    );
    await world.start();
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2, 3, 4]);
    const { rejects } = world.intake;
    assert.deepEqual(
      rejects.map(({ reason }) => reason),
      ['invalid_utf8', 'invalid_json', 'invalid_json'],
    );
    assert.deepEqual(
      rejects.map(({ head }) => Buffer.from(head)),
      bad,
    );
    assert.equal(rejects[0]?.position, `audit.log offset ${line(1).length}`);
  });

  it('T25 rejects a line that is too long, whole, and keeps its neighbours', async () => {
    await using world = await World.make();
    const long = line(2, 3 * 1024 * 1024);
    await writeFile(world.path(), line(1) + long + line(3));
    await world.start();
    await world.poll();
    assert.deepEqual(world.numbers, [1, 3]);
    const [reject, ...others] = world.intake.rejects;
    assert.deepEqual(others, []);
    assert.equal(reject?.reason, 'too_long');
    assert.equal(reject?.sizeBytes, long.length - 1);
    assert.equal(reject?.head.length, maxRejectHeadBytes);
    assert.equal(Buffer.from(reject?.head ?? []).toString(), long.slice(0, maxRejectHeadBytes));
  });

  it('T25 finds the end of a long line that is written piece by piece', async () => {
    await using world = await World.make();
    await world.start({ maxLineBytes: 2000 });
    await writeFile(world.path(), line(1));
    for (let i = 0; i < 8; i += 1) {
      await appendFile(world.path(), 'y'.repeat(300_000));
      await world.poll(1);
    }
    await appendFile(world.path(), `\n${line(2)}`);
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2]);
    assert.deepEqual(
      world.intake.rejects.map(({ reason, sizeBytes }) => [reason, sizeBytes]),
      [['too_long', 2_400_000]],
    );
  });

  it('accepts a line of exactly the limit and rejects one byte more', async () => {
    await using world = await World.make();
    const fits = line(1, 5000);
    const tooLong = line(2, 5001);
    await writeFile(world.path(), `${fits}${tooLong}${line(3)}`);
    await world.start({ maxLineBytes: fits.length - 1 });
    await world.poll();
    assert.deepEqual(world.numbers, [1, 3]);
    assert.equal(world.intake.rejects.length, 1);
  });

  it('reads a line longer than its buffer', async () => {
    await using world = await World.make();
    await writeFile(world.path(), line(1) + line(2, 900_000) + line(3, 300_000) + line(4));
    await world.start();
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2, 3, 4]);
  });

  it('T26 passes over empty lines and skips lines that are none of ours', async () => {
    await using world = await World.make();
    await writeFile(world.path(), `\n${line(1)}\r\n   \n\t\n# log\n\n${line(2)}\n`);
    await world.start();
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2]);
    assert.deepEqual(world.intake.rejects, []);
    assert.equal(world.intake.skipped, 1);
  });

  it('does not split at a lone carriage return or at U+2028', async () => {
    await using world = await World.make();
    const text = '{"n":1,\r"s":"a\u2028b"}';
    await writeFile(world.path(), `${text}\n${line(2)}`);
    await world.start();
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2]);
    assert.equal(world.intake.texts[0], text);
  });

  it('T15 reads past the hole a writer without O_APPEND leaves behind after a truncation', async () => {
    await using world = await World.make();
    const writer = await open(world.path(), 'w');
    await writer.write(lines(1, 20));
    await world.start();
    await world.poll();
    await truncate(world.path(), 0);
    await world.poll();
    await writer.write(lines(21, 22));
    await writer.close();
    await world.poll();
    assert.deepEqual(world.numbers, range(1, 22));
    assert.equal(world.intake.texts[20], line(21).trimEnd());
    assert.deepEqual(world.intake.rejects, []);
  });

  it('T15 reads past a hole that was filled before anybody looked, and one larger than the longest line', async () => {
    await using world = await World.make();
    const writer = await open(world.path(), 'w');
    await writer.write(lines(1, 2000, 400));
    await world.start({ maxLineBytes: 4096 });
    await world.poll();
    await truncate(world.path(), 0);
    await writer.write(lines(2001, 2002));
    await writer.close();
    await world.poll();
    assert.deepEqual(world.numbers, range(1, 2002));
    assert.deepEqual(world.intake.rejects, []);
  });

  it('reads at offsets beyond 4 GiB', async () => {
    await using world = await World.make();
    const start = 5 * 1024 ** 3;
    await writeFile(world.path(), line(1));
    const file = await open(world.path(), 'r+');
    await file.write(`\n${line(2)}`, start);
    await file.close();
    await world.start({ startAt: 'end' });
    await world.poll();
    await appendFile(world.path(), line(3));
    await world.poll();
    await world.stop();
    await appendFile(world.path(), line(4));
    await world.start();
    await world.poll();
    assert.deepEqual(world.numbers, [3, 4]);
    const offset = start + 1 + line(2).length;
    assert.match(
      world.intake.events[0]?.event.id ?? '',
      new RegExp(`-${offset.toString(16).padStart(12, '0')}-`),
    );
  });

  it('begins at the end, with the line that is being written there', async () => {
    await using world = await World.make();
    await writeFile(world.path(), lines(1, 3) + line(4).slice(0, 6));
    await world.start({ startAt: 'end' });
    await world.poll();
    await world.stop();
    await appendFile(world.path(), line(4).slice(6) + line(5));
    await world.start();
    await world.poll();
    assert.deepEqual(world.numbers, [4, 5]);
  });

  it('start_at end is only about what was there at the first start', async () => {
    await using world = await World.make();
    await world.start({ startAt: 'end' });
    await world.poll();
    await writeFile(world.path(), lines(1, 2));
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2]);
  });

  it('gives the same line the same id when it is read again, and other lines others', async () => {
    await using world = await World.make();
    await writeFile(world.path(), lines(1, 5));
    await world.start();
    const seen: string[][] = [];
    world.intake.before = (batch) => {
      seen.push(batch.events.map(({ event }) => event.id));
      if (batch.events.length > 0) throw new Error('crash');
    };
    await assert.rejects(world.poll(), /crash/);
    await world.stop();
    world.intake.before = null;
    await world.start();
    await world.poll();
    assert.deepEqual(
      world.intake.events.map(({ event }) => event.id),
      seen.at(-1),
    );
    assert.equal(world.intake.ids.size, 5);
    await truncate(world.path(), 0);
    await world.poll();
    await appendFile(world.path(), lines(1, 5));
    await world.poll();
    assert.equal(world.intake.ids.size, 10);
    for (const id of world.intake.ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{12}-[0-9a-f]{8}$/);
  });
});
