import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import type { Source } from '../../src/core/source.ts';
import { type Files, nodeFiles } from '../../src/sources/file/files.ts';
import { createFileSource } from '../../src/sources/file/source.ts';
import { decodeJson } from './memory-intake.ts';
import { line, lines, range, World } from './world.ts';

const deadlineMs = 20_000;
/** A poll that never comes within a test: what is found is found by watching. */
const neverMs = 2 ** 30;

const busyWriter = `
  const fs = require('node:fs');
  const [path, count] = process.argv.slice(1);
  const nap = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  let file = fs.openSync(path, 'a');
  for (let n = 1; n <= Number(count); n += 1) {
    fs.writeSync(file, JSON.stringify({ n, pad: 'x'.repeat(n % 200) }) + '\\n');
    if (n % 40 === 0) nap();
    if (n % 500 !== 0) continue;
    fs.renameSync(path, path + '-' + (20260000 + n / 500));
    fs.writeSync(file, JSON.stringify({ n: n += 1, pad: 'late' }) + '\\n');
    fs.closeSync(file);
    file = fs.openSync(path, 'a');
  }
`;

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

interface Running extends AsyncDisposable {
  world: World;
  source: Source;
}

async function make(
  settings: { path?: string; pollIntervalMs?: number; files?: Files } = {},
): Promise<Running> {
  const world = await World.make();
  const source = createFileSource(
    {
      name: 'test',
      path: world.path(settings.path),
      startAt: 'beginning',
      maxLineBytes: 1024 * 1024,
      pollIntervalMs: settings.pollIntervalMs ?? neverMs,
    },
    {
      decode: decodeJson,
      clock: systemClock,
      logger: world.logger,
      metrics: world.metrics,
      files: settings.files ?? nodeFiles,
    },
  );
  return {
    world,
    source,
    async [Symbol.asyncDispose]() {
      await source.stop();
      await world[Symbol.asyncDispose]();
    },
  };
}

/** Files of this process that lie in `dir`. */
async function openIn(dir: string): Promise<string[]> {
  const { readlink } = await import('node:fs/promises');
  const names = await readdir('/proc/self/fd');
  const targets = await Promise.all(
    names.map((name) => readlink(join('/proc/self/fd', name)).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith(dir));
}

describe('file source: watching and waiting', () => {
  it('is woken by appends and rotations without any poll', async () => {
    await using running = await make();
    const { world, source } = running;
    await writeFile(world.path(), line(1));
    await source.start(world.intake);
    await until(() => world.numbers.length === 1, 'what was there is read');
    for (let n = 2; n <= 40; n += 1) {
      if (n % 10 === 0) await rename(world.path(), world.path(`audit.log.${n}`));
      else if (n % 15 === 0) await truncate(world.path(), 0);
      await appendFile(world.path(), line(n));
      await until(() => world.numbers.length === n, `line ${n} arrives`);
    }
    await appendFile(world.path('audit.log.10'), line(41));
    await until(() => world.numbers.length === 41, 'the late write to a rotated file arrives');
    assert.deepEqual(world.numbers, range(1, 41));
  });

  it('is woken by what happens behind a link', async () => {
    await using running = await make({ path: 'link.log' });
    const { world, source } = running;
    await mkdir(world.path('data'));
    await writeFile(world.path('data/0.log'), line(1));
    await symlink('data/0.log', world.path('link.log'));
    await source.start(world.intake);
    await until(() => world.numbers.length === 1, 'what was there is read');
    for (let n = 2; n <= 20; n += 1) {
      if (n % 5 === 0) await rename(world.path('data/0.log'), world.path(`data/0.log.${n}`));
      await appendFile(world.path('data/0.log'), line(n));
      await until(() => world.numbers.length === n, `line ${n} arrives`);
    }
    assert.deepEqual(world.numbers, range(1, 20));
  });

  it('keeps up with a process that writes and rotates as fast as it can', async () => {
    await using running = await make({ pollIntervalMs: 20 });
    const { world, source } = running;
    await source.start(world.intake);
    const writer = spawn(process.execPath, ['-e', busyWriter, world.path(), '19900'], { stdio: 'inherit' });
    const [status] = await once(writer, 'exit');
    assert.equal(status, 0);
    const { intake, metrics } = world;
    await until(() => {
      const last = intake.texts.at(-1);
      return last !== undefined && last.includes('"n":19900,');
    }, 'the last line arrives');
    const { numbers } = world;
    assert.deepEqual(intake.duplicates, []);
    assert.deepEqual(intake.rejects, []);
    assert.equal(new Set(numbers).size, numbers.length, 'a line arrived twice');
    assert.deepEqual(numbers, range(1, 19_900));
    assert.equal(metrics.bytesLost.with('test').value, 0);
  });

  it('watches a folder that is made again under its name', async () => {
    await using running = await make({ path: 'logs/audit.log', pollIntervalMs: 20 });
    const { world, source } = running;
    await source.start(world.intake);
    assert.equal(source.health().reading, false);
    for (let n = 1; n <= 3; n += 1) {
      await mkdir(world.path('logs'));
      await writeFile(world.path('logs/audit.log'), line(n));
      await until(() => world.numbers.length === n, `line ${n} arrives`);
      await rm(world.path('logs'), { recursive: true });
    }
  });

  it('polls where watching is refused, and says so once', async () => {
    const refuse = (): never => {
      throw Object.assign(new Error('ENOSPC: no more watches'), { code: 'ENOSPC' });
    };
    await using running = await make({ pollIntervalMs: 10, files: { ...nodeFiles, watch: refuse } });
    const { world, source } = running;
    await source.start(world.intake);
    await writeFile(world.path(), lines(1, 2));
    await until(() => world.numbers.length === 2, 'the lines arrive');
    await rename(world.path(), world.path('audit.log.1'));
    await writeFile(world.path(), line(3));
    await until(() => world.numbers.length === 3, 'the line after the rotation arrives');
    assert.deepEqual(
      world.logger.warnings.filter((text) => text.includes('watch')),
      ['cannot watch the folder, polling instead'],
    );
  });

  it('tells its lag from memory, and its health', async () => {
    await using running = await make({ pollIntervalMs: 10 });
    const { world, source } = running;
    const lag = world.metrics.sourceLag.with('test');
    await source.start(world.intake);
    await until(() => source.health().detail.includes('nothing at'), 'it says that there is no file');
    assert.equal(source.health().reading, false);
    const gate = Promise.withResolvers<void>();
    world.intake.before = () => gate.promise;
    await writeFile(world.path(), lines(1, 9));
    await until(() => lag.current === lines(1, 9).length, 'the lag is seen');
    assert.equal(source.health().lagBytes, lines(1, 9).length);
    gate.resolve();
    await until(() => lag.current === 0, 'the lag is gone');
    await until(() => source.health().reading, 'it is reading');
    assert.deepEqual(world.numbers, range(1, 9));
  });

  it('accepts nothing after it was stopped, and leaves no handle open', async () => {
    await using running = await make({ pollIntervalMs: 10 });
    const { world, source } = running;
    await writeFile(world.path(), line(1));
    await writeFile(world.path('audit.log.1'), line(100));
    await source.start(world.intake);
    await source.start(world.intake);
    await until(() => world.numbers.length === 1, 'the line arrives');
    const gate = Promise.withResolvers<void>();
    let held = false;
    world.intake.before = () => {
      held = true;
      return gate.promise;
    };
    await appendFile(world.path(), line(2));
    await until(() => held, 'a batch is on its way');
    await appendFile(world.path(), line(3));
    const stopped = source.stop();
    gate.resolve();
    await stopped;
    await source.stop();
    assert.deepEqual(world.numbers, [1, 2]);
    assert.deepEqual(await openIn(world.dir), []);
    assert.equal(source.health().reading, false);
  });

  it('tries again when the intake fails, and ends when it refuses because of the stop', async () => {
    await using running = await make({ pollIntervalMs: 10 });
    const { world, source } = running;
    let failures = 0;
    world.intake.before = () => {
      failures += 1;
      if (failures < 5) throw new Error('disk full');
    };
    await writeFile(world.path(), lines(1, 3));
    await source.start(world.intake);
    await until(() => world.numbers.length === 3, 'the lines arrive');
    world.intake.before = () => {
      throw new Error('stopped');
    };
    await appendFile(world.path(), line(4));
    await until(() => source.health().detail === 'stopped', 'the refusal is told');
    await source.stop();
    assert.deepEqual(world.numbers, [1, 2, 3]);
    assert.deepEqual(world.intake.duplicates, []);
  });
});
