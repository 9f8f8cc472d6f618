import assert from 'node:assert/strict';
import { appendFile, copyFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Files, nodeFiles, type OpenFile } from '../../src/sources/file/files.ts';
import { lines, range, World } from './world.ts';

/** The real file system, whose reads can be counted, and made to fail. */
class WatchedFiles implements Files {
  reads = 0;
  failAt = 0;

  readonly glob: Files['glob'] = (pattern) => nodeFiles.glob(pattern);
  readonly realpath: Files['realpath'] = (path) => nodeFiles.realpath(path);
  readonly watch: Files['watch'] = (...args) => nodeFiles.watch(...args);
  readonly stat: Files['stat'] = (path) => nodeFiles.stat(path);
  readonly list: Files['list'] = (directory) => nodeFiles.list(directory);

  async open(path: string): Promise<OpenFile> {
    const file = await nodeFiles.open(path);
    return {
      read: (...args) => {
        this.reads += 1;
        if (this.reads === this.failAt)
          return Promise.reject(Object.assign(new Error('EIO: made up'), { code: 'EIO' }));
        return file.read(...args);
      },
      stat: () => file.stat(),
      close: () => file.close(),
    };
  }
}

/** 3000 lines of 200 bytes: about ten pieces. */
const count = 3000;
const many = lines(1, count, 180);

/** A log of `many` lines, of which so many were read that another piece is read ahead. */
async function halfRead(): Promise<World> {
  const world = await World.make();
  await writeFile(world.path(), many);
  await world.start();
  world.clock.pass(250);
  while (world.numbers.length < 1000) assert.ok(await world.tail.tick());
  return world;
}

describe('file source: what is read ahead', () => {
  it('is all there, once and in order', async () => {
    await using world = await World.make();
    await writeFile(world.path(), many);
    await world.start();
    await world.poll();
    assert.deepEqual(world.numbers, range(1, count));
  });

  for (const failAt of [3, 5, 8]) {
    it(`is read again where read ${failAt} fails`, async () => {
      await using world = await World.make();
      const files = new WatchedFiles();
      files.failAt = failAt;
      await writeFile(world.path(), many);
      await world.start({ files });
      await world.poll(5);
      assert.deepEqual(world.numbers, range(1, count));
    });
  }

  it('does not hide that the file was truncated and written anew meanwhile', async () => {
    await using world = await halfRead();
    await copyFile(world.path(), world.path('audit.log.1'));
    await truncate(world.path());
    await appendFile(world.path(), lines(count + 1, count + 2000, 180));
    await world.poll(5);
    assert.deepEqual(world.numbers, range(1, count + 2000));
    assert.equal(world.lost, 0);
  });

  it('belongs to the file it was read from, also after a rotation', async () => {
    await using world = await halfRead();
    await rename(world.path(), world.path('audit.log.1'));
    await writeFile(world.path(), lines(count + 1, count + 2000, 180));
    await world.poll(5);
    assert.deepEqual(world.numbers, range(1, count + 2000));
  });

  it('does not end where the file ended when it was read', async () => {
    await using world = await World.make();
    const first = lines(1, 600, 180);
    await writeFile(world.path(), first);
    await world.start();
    world.clock.pass(250);
    assert.ok(await world.tail.tick(), 'one piece, and there is more');
    // The next piece is read by now, and was not full.
    for (let n = 601; n <= count; n += 300) {
      await appendFile(world.path(), lines(n, Math.min(count, n + 299), 180));
      await world.tail.tick();
    }
    await world.poll();
    assert.deepEqual(world.numbers, range(1, count));
  });

  it('comes to an archive that is still being written only once it can be read on', async () => {
    await using world = await halfRead();
    await world.stop();
    const zipped = gzipSync(many);
    const archive = world.path('audit.log.1.gz');
    await writeFile(archive, zipped.subarray(0, zipped.length / 2));
    await rm(world.path());
    await writeFile(world.path(), '');
    await world.start();
    world.clock.pass(250);
    await world.tail.tick();
    await appendFile(archive, zipped.subarray(zipped.length / 2));
    await world.poll(8);
    assert.deepEqual(world.numbers, range(1, count));
  });

  it('is of one file at a time where several take turns', async () => {
    await using world = await World.make();
    await writeFile(world.path('a.log'), many);
    await writeFile(world.path('b.log'), lines(count + 1, 2 * count, 180));
    await world.start({ path: world.path('*.log') });
    await world.poll(5);
    assert.deepEqual(
      [...world.numbers].sort((a, b) => a - b),
      range(1, 2 * count),
    );
  });
});
