import assert from 'node:assert/strict';
import {
  appendFile,
  copyFile,
  open,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { mkdir } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { line, lines, range, World } from './world.ts';

const compress = promisify(gzip);

/** Makes `name.gz` of `name` as gzip does: the archive first, then the original goes. */
async function gzipFile(path: string): Promise<void> {
  await writeFile(`${path}.gz`, await compress(await readFile(path)));
  await unlink(path);
}

async function copytruncate(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await truncate(from, 0);
}

/** A world whose `audit.log` holds the lines 1 to 10, all read. */
async function reading(): Promise<World> {
  const world = await World.make();
  await writeFile(world.path(), lines(1, 10));
  await world.start();
  await world.poll();
  assert.deepEqual(world.numbers, range(1, 10));
  return world;
}

/** Every line once, in order, nothing lost or rejected. */
function assertAll(world: World, last: number): void {
  assert.deepEqual(world.numbers, range(1, last));
  assert.deepEqual(world.intake.duplicates, []);
  assert.deepEqual(world.intake.rejects, []);
  assert.equal(world.lost, 0);
}

function assertAllInAnyOrder(world: World, last: number): void {
  assert.deepEqual(
    world.numbers.sort((a, b) => a - b),
    range(1, last),
  );
  assert.equal(world.lost, 0);
}

describe('file source: rotation while running', () => {
  it('T02 T03 finds a file and a folder that are made later', async () => {
    await using world = await World.make();
    await world.start({ path: world.path('sub/audit.log') });
    await world.poll();
    await mkdir(world.path('sub'));
    await world.poll();
    await writeFile(world.path('sub/audit.log'), lines(1, 3));
    await world.poll();
    assertAll(world, 3);
  });

  it('T07 T08 follows a renamed file that is still written to, beside the new one', async () => {
    await using world = await reading();
    await rename(world.path(), world.path('audit.log.1'));
    await appendFile(world.path('audit.log.1'), line(11));
    await world.poll();
    for (let n = 12; n < 30; n += 2) {
      await appendFile(world.path('audit.log.1'), line(n));
      await appendFile(world.path(), line(n + 1));
      await world.poll(1);
    }
    await world.poll();
    assertAllInAnyOrder(world, 29);
  });

  it('T09 outlives a gap between the old and the new file', async () => {
    await using world = await reading();
    await rename(world.path(), world.path('audit.log.1'));
    await world.wait(100_000);
    await appendFile(world.path('audit.log.1'), line(11));
    await world.poll();
    await writeFile(world.path(), lines(12, 13));
    await world.poll();
    assertAll(world, 13);
  });

  it('T10 reads five rotations between two looks, oldest first', async () => {
    await using world = await reading();
    for (let i = 0; i < 5; i += 1) {
      for (let k = 4; k > 0; k -= 1)
        await rename(world.path(`audit.log.${k}`), world.path(`audit.log.${k + 1}`)).catch(() => {});
      await rename(world.path(), world.path('audit.log.1'));
      await writeFile(world.path(), lines(11 + 3 * i, 13 + 3 * i));
    }
    await world.poll();
    assertAll(world, 25);
  });

  it('T11 reads a file to its end although it was gzipped and deleted meanwhile', async () => {
    await using world = await reading();
    world.intake.before = () => {
      throw new Error('journal is full');
    };
    await appendFile(world.path(), lines(11, 20));
    await assert.rejects(world.poll(), /journal is full/);
    await rename(world.path(), world.path('audit.log.1'));
    await gzipFile(world.path('audit.log.1'));
    await writeFile(world.path(), lines(21, 22));
    await assert.rejects(world.poll(), /journal is full/);
    world.intake.before = null;
    await world.poll();
    await world.wait(200_000);
    assertAll(world, 22);
  });

  it('T12 reads on after copytruncate and does not send the archive again', async () => {
    await using world = await reading();
    await copytruncate(world.path(), world.path('audit.log.1'));
    await world.poll();
    await appendFile(world.path(), line(11));
    await world.poll();
    await world.wait(100_000);
    assertAll(world, 11);
  });

  it('T12 recovers from the archive what was truncated before it was read', async () => {
    await using world = await reading();
    await appendFile(world.path(), lines(11, 14) + line(15).slice(0, 4));
    await copytruncate(world.path(), world.path('audit.log.1'));
    await writeFile(world.path(), line(15).slice(4) + line(16));
    await world.poll();
    // Line 15 was cut in two by the rotation: nobody can put it together again, but it is not passed over either.
    assert.deepEqual(world.numbers, [...range(1, 14), 16]);
    await world.wait(100_000);
    assert.deepEqual(world.intake.rejects.map(({ reason }) => reason).sort(), ['invalid_json', 'truncated']);
  });

  it('T13 notices a truncation that was refilled past the old offset', async () => {
    await using world = await reading();
    await truncate(world.path(), 0);
    await appendFile(world.path(), lines(11, 40));
    await world.poll();
    assertAll(world, 40);
  });

  it('T13 notices it although all lines end alike', async () => {
    await using world = await World.make();
    await writeFile(world.path(), line(1, 3000));
    await world.start();
    await world.poll();
    await truncate(world.path(), 0);
    await appendFile(world.path(), lines(2, 3, 3000));
    await world.poll();
    assertAll(world, 3);
  });

  it('T14 notices a truncation that was refilled to exactly the same size', async () => {
    await using world = await reading();
    const { length } = lines(1, 10);
    const refill = lines(11, 18, 1) + line(19);
    await truncate(world.path(), 0);
    await appendFile(world.path(), refill + ' '.repeat(length - refill.length - 1) + '\n');
    await world.poll();
    assertAll(world, 19);
  });

  it('T16 T17 reads a file that was deleted and made again', async () => {
    await using world = await reading();
    await unlink(world.path());
    await writeFile(world.path(), lines(11, 40));
    await world.poll();
    assertAll(world, 40);
  });

  it('reads the rest of a deleted file from its handle, with the last line that has no newline', async () => {
    await using world = await reading();
    const writer = await open(world.path(), 'a');
    await unlink(world.path());
    await writer.write(lines(11, 12));
    await world.poll();
    await writer.write(line(13).trimEnd());
    await writer.close();
    await world.wait(5000);
    assertAll(world, 13);
  });

  it('does not send the archive of a file that was rewritten and gzipped between two looks', async () => {
    await using world = await reading();
    await truncate(world.path(), 0);
    await appendFile(world.path(), lines(11, 30));
    await rename(world.path(), world.path('audit.log.1'));
    await gzipFile(world.path('audit.log.1'));
    await writeFile(world.path(), line(31));
    await world.poll();
    await world.wait(200_000);
    assertAll(world, 31);
  });

  it('T18 reads a file that replaced the old one at once, and on', async () => {
    await using world = await reading();
    await writeFile(world.path('tmp'), lines(11, 12));
    await rename(world.path('tmp'), world.path());
    await world.poll();
    await appendFile(world.path(), line(13));
    await world.poll();
    assertAll(world, 13);
  });

  it('T18 does not send again what an editor saved under a new inode', async () => {
    await using world = await reading();
    await writeFile(world.path('tmp'), lines(1, 11));
    await rename(world.path('tmp'), world.path());
    await world.poll();
    await appendFile(world.path(), line(12));
    await world.poll();
    assertAll(world, 12);
  });

  it('T19 follows a link that is pointed elsewhere, and late writes to where it pointed', async () => {
    await using world = await World.make();
    await writeFile(world.path('a'), lines(1, 2));
    await symlink('a', world.path('link'));
    await world.start({ path: world.path('link') });
    await world.poll();
    await writeFile(world.path('b'), line(3));
    await symlink('b', world.path('link.new'));
    await rename(world.path('link.new'), world.path('link'));
    await world.poll();
    await appendFile(world.path('a'), line(4));
    await world.poll();
    await appendFile(world.path('b'), line(5));
    await world.poll();
    assertAll(world, 5);
  });

  it('T20 follows the ..data switch of a Kubernetes volume', async () => {
    await using world = await World.make();
    await mkdir(world.path('..1'));
    await writeFile(world.path('..1/audit.log'), lines(1, 2));
    await symlink('..1', world.path('..data'));
    await symlink('..data/audit.log', world.path());
    await world.start();
    await world.poll();
    await mkdir(world.path('..2'));
    await writeFile(world.path('..2/audit.log'), lines(3, 4));
    await symlink('..2', world.path('..data_tmp'));
    await rename(world.path('..data_tmp'), world.path('..data'));
    await rm(world.path('..1'), { recursive: true });
    await world.poll();
    await appendFile(world.path('..2/audit.log'), line(5));
    await world.poll();
    assertAll(world, 5);
  });

  it('T52 T53 keeps up with a rotation at every poll', async () => {
    await using world = await World.make();
    await world.start();
    await world.poll();
    let n = 0;
    for (let i = 1; i <= 60; i += 1) {
      await appendFile(world.path(), lines(n + 1, n + 20));
      n += 20;
      if (i % 2 === 0) await world.poll(1);
      if (i % 3 === 0) await copytruncate(world.path(), world.path(`audit.log.${i}`));
      else await rename(world.path(), world.path(`audit.log.${i}`));
    }
    await world.poll();
    assertAllInAnyOrder(world, n);
  });
});

describe('file source: rotation while it was down', () => {
  it('T31 T32 reads the rest of a file rotated twice, what came between, and the new one', async () => {
    await using world = await reading();
    await world.stop();
    await appendFile(world.path(), lines(11, 20));
    await rename(world.path(), world.path('audit.log.1'));
    await writeFile(world.path(), lines(21, 30));
    await rename(world.path('audit.log.1'), world.path('audit.log.2'));
    await rename(world.path(), world.path('audit.log.1'));
    await writeFile(world.path(), lines(31, 40));
    await world.start();
    await world.poll();
    assertAll(world, 40);
  });

  for (const [style, names] of Object.entries({
    dates: ['audit.log-20260101', 'audit.log-20260102'],
    'numbers before the extension': ['audit.2.log', 'audit.1.log'],
    'time stamps before the extension': [
      'audit-2026-01-01T00-00-00.000.log',
      'audit-2026-01-02T00-00-00.000.log',
    ],
  })) {
    it(`T31 T32 finds files rotated by ${style}`, async () => {
      await using world = await reading();
      await world.stop();
      await appendFile(world.path(), line(11));
      await rename(world.path(), world.path(names[0]));
      await writeFile(world.path(names[1] ?? ''), line(12));
      await writeFile(world.path(), line(13));
      await world.start();
      await world.poll();
      assertAll(world, 13);
    });
  }

  it('T31 finds the file by its inode when it got a name of its own', async () => {
    await using world = await reading();
    await world.stop();
    await appendFile(world.path(), line(11));
    await rename(world.path(), world.path('saved-by-hand'));
    await writeFile(world.path(), line(12));
    await world.start();
    await world.poll();
    assertAll(world, 12);
  });

  it('reads gzipped rotations from where it was, and whole ones it never saw', async () => {
    await using world = await reading();
    await world.stop();
    await appendFile(world.path(), lines(11, 5000, 100));
    await rename(world.path(), world.path('audit.log.2'));
    await gzipFile(world.path('audit.log.2'));
    await writeFile(world.path('audit.log.1'), lines(5001, 5003));
    await gzipFile(world.path('audit.log.1'));
    await writeFile(world.path(), line(5004));
    await world.start();
    await world.poll();
    assertAll(world, 5004);
    await world.stop();
    await rename(world.path('audit.log.2.gz'), world.path('audit.log.3.gz'));
    await world.start();
    await world.poll();
    assertAll(world, 5004);
  });

  it('continues a gzip file in its middle after a crash', async () => {
    await using world = await reading();
    await world.stop();
    await appendFile(world.path(), lines(11, 4000, 400));
    await rename(world.path(), world.path('audit.log.1'));
    await gzipFile(world.path('audit.log.1'));
    let commits = 0;
    world.intake.before = (batch) => {
      if (batch.events.length > 0) commits += 1;
      if (commits === 3) throw new Error('crash');
    };
    await world.start();
    await assert.rejects(world.poll(), /crash/);
    await world.stop();
    world.intake.before = null;
    await world.start();
    await world.poll();
    assertAll(world, 4000);
  });

  it('waits for a gzip file that is still being written', async () => {
    await using world = await reading();
    await world.stop();
    await appendFile(world.path(), lines(11, 3000, 100));
    const whole = await compress(await readFile(world.path()));
    await unlink(world.path());
    await writeFile(world.path('audit.log.1.gz'), whole.subarray(0, whole.length >> 1));
    await world.start();
    await world.poll();
    await writeFile(world.path('audit.log.1.gz'), whole);
    await world.wait(30_000);
    assertAll(world, 3000);
  });

  it('T33 notices a truncation that was refilled larger', async () => {
    await using world = await reading();
    await world.stop();
    await truncate(world.path(), 0);
    await appendFile(world.path(), lines(11, 40));
    await world.start();
    await world.poll();
    assertAll(world, 40);
  });

  it('T34 notices a truncation that was refilled smaller', async () => {
    await using world = await reading();
    await world.stop();
    await writeFile(world.path(), line(11));
    await world.start();
    await world.poll();
    assertAll(world, 11);
  });

  it('T35 reads a file made again with the same inode number', async () => {
    await using world = await reading();
    await world.stop();
    // Writing over the file in place is what a reused inode looks like, whatever the file system does.
    await writeFile(world.path(), lines(11, 40));
    await world.start();
    await world.poll();
    assertAll(world, 40);
  });

  it('does not send a copytruncate archive again, and reads what only the archive has', async () => {
    await using world = await reading();
    await world.stop();
    await appendFile(world.path(), lines(11, 15));
    await copytruncate(world.path(), world.path('audit.log.1'));
    await appendFile(world.path(), lines(16, 50));
    await world.start();
    await world.poll();
    assertAll(world, 50);
    await world.stop();
    await rename(world.path('audit.log.1'), world.path('audit.log.2'));
    await world.start();
    await world.poll();
    assertAll(world, 50);
  });

  it('does not send the archives that were there before the first start', async () => {
    await using world = await World.make();
    await writeFile(world.path('audit.log.2'), lines(101, 110));
    await gzipFile(world.path('audit.log.2'));
    await writeFile(world.path('audit.log.1'), lines(111, 120) + line(121).trimEnd());
    await writeFile(world.path(), lines(1, 2));
    await world.start();
    await world.wait(100_000);
    await world.stop();
    await rename(world.path('audit.log.2.gz'), world.path('audit.log.3.gz'));
    await gzipFile(world.path('audit.log.1'));
    await rename(world.path('audit.log.1.gz'), world.path('audit.log.2.gz'));
    await rename(world.path(), world.path('audit.log.1'));
    await writeFile(world.path(), line(3));
    await world.start();
    await world.poll();
    assertAll(world, 3);
  });

  it('does not send an archive that was still being gzipped at the first start', async () => {
    await using world = await World.make();
    const whole = await compress(lines(101, 3000, 100));
    await writeFile(world.path('audit.log.1.gz'), whole.subarray(0, whole.length >> 1));
    await writeFile(world.path(), line(1));
    await world.start();
    await world.poll();
    await appendFile(world.path('audit.log.1.gz'), whole.subarray(whole.length >> 1));
    await world.wait(30_000);
    await world.stop();
    await world.start();
    await world.poll();
    assertAll(world, 1);
  });

  it('goes on after the device number changed', async () => {
    await using world = await reading();
    await world.stop();
    for (const [key, value] of world.intake.rows) {
      world.intake.rows.set(key, value.replace(/"id":"\d+:/, '"id":"99999:'));
    }
    await appendFile(world.path(), line(11));
    await world.start();
    await world.poll();
    assertAll(world, 11);
  });

  it('begins anew under another path, and goes on with files it knows', async () => {
    await using world = await reading();
    await world.stop();
    await appendFile(world.path(), line(11));
    await writeFile(world.path('other.log'), lines(101, 102));
    await writeFile(world.path('other.log.1'), lines(103, 104));
    await world.start({ path: world.path('other.log') });
    await world.poll();
    assert.deepEqual(world.numbers, [...range(1, 10), 101, 102]);
    await world.stop();
    await appendFile(world.path('other.log'), line(105));
    await world.start({ path: world.path('o*.log') });
    await world.poll();
    assert.deepEqual(world.numbers, [...range(1, 10), 101, 102, 105]);
  });

  it('says what was lost when a file was deleted unread', async () => {
    await using world = await reading();
    world.intake.before = () => {
      throw new Error('journal is full');
    };
    await appendFile(world.path(), lines(11, 12));
    await assert.rejects(world.poll(), /journal is full/);
    await truncate(world.path(), 0);
    world.intake.before = null;
    await world.poll();
    assert.deepEqual(world.numbers, range(1, 10));
    assert.equal(world.lost, lines(11, 12).length);
    assert.equal(world.logger.warnings.length, 1);
  });
});
