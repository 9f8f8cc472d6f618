import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  appendFile,
  copyFile,
  mkdir,
  rename,
  rm,
  rmdir,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { type Files, nodeFiles, type OpenFile } from '../../src/sources/file/files.ts';
import { line, lines, range, World } from './world.ts';

const run = promisify(execFile);

/** The real file system, until `fail` names an error for a call. */
class FaultyFiles implements Files {
  fail: Partial<Record<'open' | 'stat' | 'read' | 'fstat' | 'list', string>> = {};
  /** A path that cannot be opened. */
  refused = '';

  #check(call: keyof FaultyFiles['fail']): void {
    const code = this.fail[call];
    if (code !== undefined) throw Object.assign(new Error(`${code}: made up`), { code });
  }

  glob(pattern: string): ReturnType<Files['glob']> {
    return nodeFiles.glob(pattern);
  }

  realpath(path: string): Promise<string> {
    return nodeFiles.realpath(path);
  }

  watch(...args: Parameters<Files['watch']>): ReturnType<Files['watch']> {
    return nodeFiles.watch(...args);
  }

  async open(path: string): Promise<OpenFile> {
    this.#check('open');
    if (path === this.refused) throw Object.assign(new Error('EACCES: made up'), { code: 'EACCES' });
    const file = await nodeFiles.open(path);
    return {
      read: async (...args) => {
        this.#check('read');
        return file.read(...args);
      },
      stat: async () => {
        this.#check('fstat');
        return file.stat();
      },
      close: () => file.close(),
    };
  }

  async stat(path: string): ReturnType<Files['stat']> {
    this.#check('stat');
    return nodeFiles.stat(path);
  }

  async list(directory: string): Promise<string[]> {
    this.#check('list');
    return nodeFiles.list(directory);
  }
}

describe('file source: what cannot be seen is not gone', () => {
  for (const fail of [
    { open: 'EMFILE' },
    { stat: 'EACCES' },
    { read: 'EIO' },
    { read: 'ESTALE' },
    { fstat: 'EIO' },
    { fstat: 'ESTALE' },
    { list: 'EMFILE' },
    { open: 'EACCES', stat: 'EACCES', list: 'EACCES', fstat: 'ESTALE' },
  ]) {
    it(`goes on where it was after ${JSON.stringify(fail)}`, async () => {
      await using world = await World.make();
      const files = new FaultyFiles();
      await writeFile(world.path(), lines(1, 5));
      await world.start({ files });
      await world.poll();
      files.fail = fail;
      await appendFile(world.path(), lines(6, 8));
      await world.wait(20_000);
      await rename(world.path(), world.path('audit.log.1'));
      await appendFile(world.path('audit.log.1'), line(9));
      await writeFile(world.path(), line(10));
      await world.wait(20_000);
      files.fail = {};
      await world.wait(20_000);
      assert.deepEqual(
        world.numbers.sort((a, b) => a - b),
        range(1, 10),
      );
      assert.equal(world.lost, 0);
      assert.deepEqual(world.intake.duplicates, []);
      assert.deepEqual(world.tail.problems, []);
    });

    it(`starts again after ${JSON.stringify(fail)} at its start`, async () => {
      await using world = await World.make();
      const files = new FaultyFiles();
      await writeFile(world.path(), lines(1, 5));
      await world.start({ files });
      await world.poll();
      await world.stop();
      await appendFile(world.path(), line(6));
      files.fail = fail;
      await world.start();
      await world.wait(20_000);
      assert.notDeepEqual(world.tail.problems, []);
      files.fail = {};
      await world.poll();
      assert.deepEqual(world.numbers, range(1, 6));
      assert.equal(world.lost, 0);
    });
  }

  it('is not held up by a rotated file that it may not read', async () => {
    await using world = await World.make();
    const files = new FaultyFiles();
    await writeFile(world.path(), lines(1, 2));
    await writeFile(world.path('audit.log.1'), lines(100, 101));
    files.refused = world.path('audit.log.1');
    await world.start({ files });
    await world.wait(20_000);
    assert.deepEqual(world.numbers, [1, 2]);
    assert.deepEqual(world.tail.problems, []);
    assert.deepEqual(world.logger.warnings, ['cannot read a rotated file']);
  });

  it('reads on a file system that numbers open files differently from their paths', async () => {
    await using world = await World.make();
    const open = async (path: string): Promise<OpenFile> => {
      const file = await nodeFiles.open(path);
      return {
        read: (...args) => file.read(...args),
        stat: async () => ({ ...(await file.stat()), id: '7:7' }),
        close: () => file.close(),
      };
    };
    await writeFile(world.path(), lines(1, 2));
    await world.start({ files: { ...nodeFiles, open } });
    await world.poll();
    await rename(world.path(), world.path('audit.log.1'));
    await writeFile(world.path(), line(3));
    await world.poll();
    await truncate(world.path(), 0);
    await world.poll();
    await appendFile(world.path(), line(4));
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2, 3, 4]);
  });

  it('outlives its path becoming a folder, and a FIFO', async () => {
    await using world = await World.make();
    await writeFile(world.path(), lines(1, 2));
    await world.start();
    await world.poll();
    await rename(world.path(), world.path('audit.log.1'));
    await mkdir(world.path());
    await world.poll();
    assert.match(world.tail.problems.join(), /is a directory/);
    await appendFile(world.path('audit.log.1'), line(3));
    await world.poll();
    await rmdir(world.path());
    await run('mkfifo', [world.path()]);
    await world.poll();
    assert.match(world.tail.problems.join(), /not a regular file/);
    await unlink(world.path());
    await writeFile(world.path(), line(4));
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2, 3, 4]);
    assert.deepEqual(world.tail.problems, []);
  });

  it('outlives its folder being moved away and made again', async () => {
    await using world = await World.make();
    await mkdir(world.path('logs'));
    await writeFile(world.path('logs/audit.log'), lines(1, 2));
    await world.start({ path: world.path('logs/audit.log') });
    await world.poll();
    await rename(world.path('logs'), world.path('moved'));
    await appendFile(world.path('moved/audit.log'), line(3));
    await world.poll();
    await mkdir(world.path('logs'));
    await writeFile(world.path('logs/audit.log'), line(4));
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2, 3, 4]);
  });

  it('holds back while the intake refuses, and goes on when it accepts', async () => {
    await using world = await World.make();
    await world.start();
    world.intake.before = () => {
      throw new Error('disk full');
    };
    await writeFile(world.path(), lines(1, 3));
    await assert.rejects(world.poll(), /disk full/);
    await assert.rejects(world.poll(), /disk full/);
    world.intake.before = null;
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2, 3]);
    assert.deepEqual(world.intake.duplicates, []);
  });
});

describe('file source: handles and what it remembers', () => {
  it('lets go of a rotated file that is finished and quiet, and notices when it grows', async () => {
    await using world = await World.make();
    await writeFile(world.path(), lines(1, 2));
    await world.start();
    await world.poll();
    await rename(world.path(), world.path('audit.log.1'));
    await writeFile(world.path(), line(3));
    await world.poll();
    assert.equal(world.tail.openFiles, 2);
    await world.wait(130_000);
    assert.equal(world.tail.openFiles, 1);
    await appendFile(world.path('audit.log.1'), line(4));
    await world.wait(20_000);
    assert.deepEqual(world.numbers, [1, 2, 3, 4]);
  });

  it('holds the file whose writer has not moved to the new one, even when it is deleted', async () => {
    await using world = await World.make();
    await writeFile(world.path(), lines(1, 2));
    await world.start();
    await world.poll();
    await rename(world.path(), world.path('audit.log.1'));
    await writeFile(world.path(), '');
    await world.wait(500_000);
    await rename(world.path('audit.log.1'), world.path('elsewhere'));
    await appendFile(world.path('elsewhere'), line(3));
    await world.wait(500_000);
    assert.deepEqual(world.numbers, [1, 2, 3]);
    assert.equal(world.tail.openFiles, 2);
  });

  it('rejects what stands at the end of a finished file and is no whole event', async () => {
    await using world = await World.make();
    await writeFile(world.path(), line(1) + line(2).slice(0, 7));
    await world.start();
    await world.poll();
    await rename(world.path(), world.path('audit.log.1'));
    await writeFile(world.path(), line(3));
    await world.wait(30_000);
    assert.deepEqual(world.intake.rejects, []);
    await world.wait(130_000);
    assert.deepEqual(
      world.intake.rejects.map(({ reason, sizeBytes }) => [reason, sizeBytes]),
      [['truncated', 7]],
    );
    assert.deepEqual(world.numbers, [1, 3]);
  });

  it('does not collect handles or checkpoints over many rotations', async () => {
    await using world = await World.make();
    await world.start();
    for (let i = 0; i < 300; i += 1) {
      await writeFile(world.path(), line(i, 10), { flag: 'a' });
      await world.poll(1);
      await rm(world.path('audit.log.3'), { force: true });
      for (const k of [2, 1])
        await rename(world.path(`audit.log.${k}`), world.path(`audit.log.${k + 1}`)).catch(() => {});
      await rename(world.path(), world.path('audit.log.1'));
      world.clock.pass(30_000);
    }
    await world.poll();
    assert.deepEqual(world.numbers, range(0, 299));
    assert.ok(world.tail.openFiles < 10, `${world.tail.openFiles} open`);
    await world.wait(4_000_000);
    await world.poll();
    assert.ok(world.intake.rows.size < 10, `${world.intake.rows.size} checkpoints`);
  });

  it('closes idle rotated files early when there are too many of them', async () => {
    await using world = await World.make();
    await world.start();
    for (let i = 0; i < 200; i += 1) {
      await appendFile(world.path(), line(i));
      await world.poll(1);
      await rename(world.path(), world.path(`audit.log.${i}`));
    }
    await world.poll();
    assert.ok(world.tail.openFiles <= 65, `${world.tail.openFiles} open`);
    await appendFile(world.path('audit.log.3'), line(200));
    await world.wait(20_000);
    assert.deepEqual(world.numbers, range(0, 200));
  });
});

describe('file source: globs', () => {
  it('reads every file, finds new ones, and reads rotated ones oldest first', async () => {
    await using world = await World.make();
    await writeFile(world.path('a.log'), lines(1, 2));
    await writeFile(world.path('b.txt'), lines(91, 92));
    await world.start({ path: world.path('*.log') });
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2]);
    await writeFile(world.path('b.log'), lines(3, 4));
    world.clock.pass(1000);
    await world.poll(1);
    assert.deepEqual(world.numbers, [1, 2, 3, 4]);
    await world.stop();
    await appendFile(world.path('a.log'), line(5));
    await rename(world.path('a.log'), world.path('a.log.1'));
    await writeFile(world.path('a.log'), line(6));
    await world.start();
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2, 3, 4, 5, 6]);
  });

  it('may match the rotated names themselves', async () => {
    await using world = await World.make();
    await writeFile(world.path('audit.log.2'), line(1));
    await writeFile(world.path('audit.log.1'), line(2));
    await writeFile(world.path(), line(3));
    await world.start({ path: world.path('audit.log*') });
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2, 3]);
    await rename(world.path('audit.log.2'), world.path('audit.log.3'));
    await rename(world.path('audit.log.1'), world.path('audit.log.2'));
    await rename(world.path(), world.path('audit.log.1'));
    await writeFile(world.path(), line(4));
    await world.wait(10_000);
    assert.deepEqual(world.numbers, [1, 2, 3, 4]);
    assert.deepEqual(world.intake.duplicates, []);
  });

  it('T12 does not send a copytruncate archive again although its name matches', async () => {
    await using world = await World.make();
    await writeFile(world.path(), lines(1, 5));
    await world.start({ path: world.path('audit.log*') });
    await world.poll();
    await copyFile(world.path(), world.path('audit.log.1'));
    await world.wait(5000);
    await truncate(world.path(), 0);
    await world.poll();
    await appendFile(world.path(), line(6));
    await world.wait(100_000);
    await world.stop();
    await world.start();
    await world.wait(5000);
    assert.deepEqual(world.numbers, range(1, 6));
  });

  it('finds files in folders that are made later', async () => {
    await using world = await World.make();
    await world.start({ path: world.path('*/audit.log') });
    await world.poll();
    await mkdir(world.path('x'));
    await writeFile(world.path('x/audit.log'), line(1));
    world.clock.pass(1000);
    await world.poll();
    assert.deepEqual(world.numbers, [1]);
  });

  it('reads gzip files that it names, once', async () => {
    await using world = await World.make();
    await writeFile(world.path('a.gz'), gzipSync(lines(1, 3) + line(4).trimEnd()));
    await world.start({ path: world.path('*.gz') });
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2, 3, 4]);
    assert.equal(world.tail.lagBytes, 0);
    assert.equal(world.tail.openFiles, 0);
    await world.stop();
    await writeFile(world.path('b.gz'), gzipSync(line(5)));
    await world.start();
    await world.poll();
    assert.deepEqual(world.numbers, [1, 2, 3, 4, 5]);
    assert.deepEqual(world.intake.duplicates, []);
  });

  it('gives each file its turn', async () => {
    await using world = await World.make();
    await writeFile(world.path('a.log'), lines(1, 4000, 400));
    await writeFile(world.path('b.log'), line(5000));
    await world.start({ path: world.path('*.log') });
    await world.poll();
    assert.ok(world.numbers.indexOf(5000) < 2000, 'b waited for all of a');
    assert.equal(world.numbers.length, 4001);
  });
});
