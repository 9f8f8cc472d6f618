import assert from 'node:assert/strict';
import {
  copyFile,
  type FileHandle,
  open,
  readFile,
  rename,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { line, World } from './world.ts';

/** What can happen to a log: to the file, to its writer, and to the one that reads it. */
type Op =
  | { do: 'write'; count: number; pad: number }
  | { do: 'begin' } // half a line
  | { do: 'late'; back: number; count: number } // the writer of a rotated file writes on
  | { do: 'rename'; create: boolean; dated: boolean }
  | { do: 'copytruncate' }
  | { do: 'truncate'; refill: number }
  | { do: 'replace'; count: number } // deleted and made again
  | { do: 'gzip'; back: number }
  | { do: 'delete'; back: number }
  | { do: 'poll' }
  | { do: 'wait'; seconds: number }
  | { do: 'restart' }
  | { do: 'crash'; commit: number; committed: boolean };

/** A file as its writer knows it. */
interface Written {
  name: string;
  handle: FileHandle;
  /** The half line that stands at its end, and what completes it. */
  rest: string;
  lines: number[];
  gone: boolean;
  zipped: boolean;
}

const count = fc.integer({ min: 1, max: 6 });
const back = fc.integer({ min: 0, max: 4 });
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('write'), count, pad: fc.constantFrom(0, 20, 300, 3000) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('begin') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('late'), back, count }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('rename'), create: fc.boolean(), dated: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('copytruncate') }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('truncate'), refill: fc.integer({ min: 0, max: 12 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('replace'), count }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('gzip'), back }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete'), back }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('poll') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait'), seconds: fc.constantFrom(3, 70, 4000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('restart') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('crash'),
      commit: fc.integer({ min: 1, max: 4 }),
      committed: fc.boolean(),
    }),
  },
) as fc.Arbitrary<Op>;

const script = fc.array(op, { minLength: 5, maxLength: 40, size: 'max' });

class Model {
  readonly world: World;
  live: Written | null = null;
  rotated: Written[] = [];
  /** Lines that were truncated or deleted before they were read: they may arrive, but need not. */
  readonly excused = new Set<number>();
  readonly lives: number[][] = [];
  #n = 0;
  #names = 0;

  constructor(world: World) {
    this.world = world;
  }

  async run(one: Op): Promise<void> {
    switch (one.do) {
      case 'write':
        return this.#write(await this.#current(), one.count, one.pad);
      case 'begin': {
        const file = await this.#current();
        await this.#complete(file);
        const text = this.#line(file, 10);
        await file.handle.write(text.slice(0, 8));
        file.rest = text.slice(8);
        return;
      }
      case 'late': {
        const file = this.#pick(one.back);
        if (file !== undefined && !file.zipped) await this.#write(file, one.count, 0);
        return;
      }
      case 'rename':
        return this.#rename(one.create, one.dated);
      case 'copytruncate':
        return this.#copytruncate();
      case 'truncate': {
        const file = await this.#current();
        await this.#complete(file);
        this.#excuse(file);
        await truncate(this.world.path(), 0);
        this.#newLife(file);
        if (one.refill > 0) await this.#write(file, one.refill, 50);
        return;
      }
      case 'replace': {
        const file = await this.#current();
        await this.#complete(file);
        this.#excuse(file);
        await unlink(this.world.path());
        await file.handle.close();
        this.live = null;
        return this.#write(await this.#current(), one.count, 0);
      }
      case 'gzip': {
        const file = this.#pick(one.back);
        if (file === undefined || file.zipped) return;
        await this.#complete(file);
        const path = this.world.path(file.name);
        await writeFile(`${path}.gz`, gzipSync(await readFile(path)));
        await unlink(path);
        file.name += '.gz';
        file.zipped = true;
        return;
      }
      case 'delete': {
        const file = this.#pick(one.back);
        if (file === undefined) return;
        await this.#complete(file);
        this.#excuse(file);
        await unlink(this.world.path(file.name));
        await file.handle.close();
        file.gone = true;
        this.rotated = this.rotated.filter((other) => other !== file);
        return;
      }
      case 'poll':
        return this.world.poll(1);
      case 'wait':
        return this.world.wait(one.seconds * 1000);
      case 'restart':
        await this.world.stop();
        return this.world.start();
      case 'crash':
        return this.#crash(one.commit, one.committed);
    }
  }

  async finish(): Promise<void> {
    if (this.live !== null) await this.#complete(this.live);
    for (const file of this.rotated) if (!file.zipped) await this.#complete(file);
    await this.world.wait(400_000);
    await this.world.wait(400_000);
  }

  async close(): Promise<void> {
    await this.live?.handle.close();
    for (const file of this.rotated) await file.handle.close();
  }

  get last(): number {
    return this.#n;
  }

  async #current(): Promise<Written> {
    this.live ??= await this.#make('audit.log');
    return this.live;
  }

  async #make(name: string): Promise<Written> {
    const handle = await open(this.world.path(name), 'a');
    const file: Written = { name, handle, rest: '', lines: [], gone: false, zipped: false };
    this.lives.push(file.lines);
    return file;
  }

  #newLife(file: Written): void {
    file.lines = [];
    this.lives.push(file.lines);
  }

  #line(file: Written, pad: number): string {
    this.#n += 1;
    file.lines.push(this.#n);
    return line(this.#n, pad);
  }

  async #complete(file: Written): Promise<void> {
    if (file.rest !== '') await file.handle.write(file.rest);
    file.rest = '';
  }

  async #write(file: Written, lines: number, pad: number): Promise<void> {
    await this.#complete(file);
    let text = '';
    for (let i = 0; i < lines; i += 1) text += this.#line(file, pad);
    await file.handle.write(text);
  }

  #excuse(file: Written): void {
    const arrived = new Set(this.world.numbers);
    for (const n of file.lines) if (!arrived.has(n)) this.excused.add(n);
  }

  #pick(index: number): Written | undefined {
    return this.rotated[this.rotated.length - 1 - index];
  }

  async #rename(create: boolean, dated: boolean): Promise<void> {
    const file = this.live;
    if (file === null) return;
    await this.#complete(file);
    const name = dated ? this.#nextName() : await this.#shift();
    await rename(this.world.path(), this.world.path(name));
    file.name = name;
    this.rotated.push(file);
    this.live = create ? await this.#make('audit.log') : null;
  }

  async #copytruncate(): Promise<void> {
    const file = this.live;
    if (file === null) return;
    await this.#complete(file);
    const name = this.#nextName();
    await copyFile(this.world.path(), this.world.path(name));
    await truncate(this.world.path(), 0);
    const handle = await open(this.world.path(name), 'a');
    // The writer goes on in the old file; what it wrote lies in the copy now, which nobody writes to.
    this.rotated.push({ name, handle, rest: '', lines: file.lines, gone: false, zipped: false });
    this.#newLife(file);
  }

  #nextName(): string {
    this.#names += 1;
    return `audit.log-${20_260_000 + this.#names}`;
  }

  /** Moves `.1` to `.2` and so on, as logrotate does. */
  async #shift(): Promise<string> {
    const numbered = this.rotated
      .map((file) => ({ file, number: Number(/^audit\.log\.(\d+)(?:\.gz)?$/.exec(file.name)?.[1] ?? 0) }))
      .filter(({ number }) => number > 0)
      .sort((a, b) => b.number - a.number);
    for (const { file, number } of numbered) {
      const name = `audit.log.${number + 1}${file.zipped ? '.gz' : ''}`;
      await rename(this.world.path(file.name), this.world.path(name));
      file.name = name;
    }
    return 'audit.log.1';
  }

  async #crash(commit: number, committed: boolean): Promise<void> {
    let commits = 0;
    const strike = (): void => {
      commits += 1;
      if (commits === commit) throw new Error('crash');
    };
    const { intake } = this.world;
    if (committed) intake.after = strike;
    else intake.before = strike;
    await this.world.poll(1).catch((error: unknown) => assert.match(String(error), /crash/));
    intake.before = null;
    intake.after = null;
    await this.world.stop();
    await this.world.start();
  }
}

describe('file source against a model', () => {
  it('accepts every line once and in the order of its file, whatever happens to the files and to the reader', async () => {
    await fc.assert(
      fc.asyncProperty(script, fc.boolean(), async (ops, glob) => {
        await using world = await World.make();
        await world.start({ maxLineBytes: 10_000, path: world.path(glob ? 'audit.log*' : 'audit.log') });
        await world.poll();
        const model = new Model(world);
        try {
          for (const one of ops) await model.run(one);
          await model.finish();
        } finally {
          await model.close();
        }
        const arrived = world.numbers;
        const times = Map.groupBy(arrived, (n) => n);
        for (let n = 1; n <= model.last; n += 1) {
          const seen = times.get(n)?.length ?? 0;
          if (model.excused.has(n)) assert.ok(seen <= 1, `line ${n} arrived ${seen} times`);
          else assert.equal(seen, 1, `line ${n} arrived ${seen} times`);
        }
        const place = new Map(arrived.map((n, i) => [n, i]));
        for (const life of model.lives) {
          const places = life.flatMap((n) => place.get(n) ?? []);
          assert.deepEqual(
            places,
            places.toSorted((a, b) => a - b),
            'lines of one file came out of order',
          );
        }
        assert.deepEqual(world.intake.duplicates, []);
        assert.deepEqual(world.intake.rejects, []);
        assert.ok(world.intake.rows.size <= 64 + model.rotated.length + 3, 'checkpoints are not pruned');
      }),
      { numRuns: Number(process.env['AUDITSINK_MODEL_RUNS'] ?? 250) },
    );
  });
});
