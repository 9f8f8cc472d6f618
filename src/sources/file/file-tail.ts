import { basename } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { errnoOf, messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Counter } from '../../core/metrics.ts';
import type { Decoder, Intake } from '../../core/source.ts';
import { emptyHarvest, EventIds, type Harvest, type LineRules } from '../lines.ts';
import { Catalog } from './catalog.ts';
import { type Chunk, ChunkReader } from './chunk-reader.ts';
import type { Files } from './files.ts';
import { GzipBytes } from './gzip-bytes.ts';
import { isBroken } from './opened-file.ts';
import { familyOf, rotationOf } from './rotation.ts';
import { isGlob, see, survey } from './survey.ts';
import type { TrackedFile } from './tracked-file.ts';

/** A rotated file's last line may count without its newline once nothing was written for so long. */
const finalLineMs = 2000;
/** A rotated file that was read to its end is let go once nothing was written to it for so long. */
const releaseMs = 60_000;
/** Idle rotated files held open at most; beyond it those quiet for longest are let go early. */
const maxIdleHandles = 64;
/** A change this short after a look may not show in mtime. */
const mtimeGrainMs = 50;
/** Between full surveys where no event asks for one. */
const surveyEveryMs = 10_000;
/** The same for globs, whose new files are to be found within a second, and where something was not seen. */
const surveyOftenMs = 1000;

export interface FileTailOptions {
  name: string;
  path: string;
  startAt: 'beginning' | 'end';
  maxLineBytes: number;
  pollIntervalMs: number;
}

export interface FileTailDeps {
  decode: Decoder;
  clock: Clock;
  logger: Logger;
  files: Files;
  lost: Counter;
}

/**
 * Reads all lives of the files of one configured path, step by step; knows nothing of waiting or watching.
 *
 * A step (`tick`) looks, when it is time to, and then reads at most one chunk and hands it to the intake:
 *
 *   look     fstat of every open handle, stat of the path; and, if the path names another file, if a rewritten
 *            file was met, if an event hinted at it, or every ten seconds (a glob: every second), a survey of the
 *            folder, by which the catalog learns of rotated, new and vanished files
 *   read     the oldest life that has something new; of several families (globs) each in turn
 *   release  a rotated file stays open while it is written to, and is let go a minute after the last write, but
 *            the one written last is held while what replaced it is still empty: its writer has not moved. After
 *            that the survey still notices, by size and time, if it grows, and it is opened again
 *
 * Nothing in memory moves before the intake has committed; what a failed commit would have moved is read again.
 */
export class FileTail {
  readonly #options: FileTailOptions;
  readonly #deps: FileTailDeps;
  readonly #catalog: Catalog;
  readonly #glob: boolean;
  readonly #reader = new ChunkReader();
  #intake: Intake | null = null;
  #targets = new Map<string, string | null>();
  #directories: ReadonlySet<string> = new Set();
  #names: ReadonlySet<string>;
  #surveyDue = true;
  #surveyedAt = Number.NEGATIVE_INFINITY;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #lastFamily = '';
  #problems: string[] = [];

  constructor(options: FileTailOptions, deps: FileTailDeps) {
    this.#options = options;
    this.#glob = isGlob(options.path);
    this.#names = new Set([basename(options.path)]);
    this.#deps = deps;
    const { name: source, ...rest } = options;
    this.#catalog = new Catalog({ source, ...rest }, deps);
  }

  /** Takes up the checkpoints; reads nothing yet. */
  async open(intake: Intake): Promise<void> {
    this.#intake = intake;
    this.#catalog.load(await intake.checkpoints());
  }

  /** One step; true if there is more to read at once. Throws where the intake does. */
  async tick(): Promise<boolean> {
    const now = this.#deps.clock.monotonic();
    if (this.#next() === undefined || now - this.#lookedAt >= this.#options.pollIntervalMs)
      await this.#look(now);
    const file = this.#next();
    if (file === undefined) return false;
    if (this.#glob) this.#lastFamily = familyOf(file.path);
    await this.#read(file);
    return this.#next() !== undefined || this.#surveyDue;
  }

  /** Asks for a survey at the next step. */
  surveySoon(): void {
    this.#surveyDue = true;
  }

  async close(): Promise<void> {
    for (const file of this.#catalog.files) await file.release();
  }

  /** Folders in which something may happen. */
  get directories(): ReadonlySet<string> {
    return this.#directories;
  }

  /**
   * What a name in one of the folders means to us: a file that is followed anyway, one that only a survey can
   * tell about, or nothing.
   */
  roleOf(name: string): 'followed' | 'rotated' | 'stranger' {
    if (this.#names.has(name)) return 'followed';
    if (this.#catalog.files.some((file) => file.handle !== null && basename(file.path) === name))
      return 'followed';
    for (const base of this.#names) if (rotationOf(base, name) !== undefined) return 'rotated';
    return 'stranger';
  }

  get lagBytes(): number {
    let lag = 0;
    for (const file of this.#catalog.files) lag += file.lagBytes;
    return lag;
  }

  /** Why something cannot be read, in words; empty when all is well. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Open handles: for health, and for tests that look for leaks. */
  get openFiles(): number {
    return this.#catalog.files.filter((file) => file.handle !== null).length;
  }

  #next(): TrackedFile | undefined {
    let first: TrackedFile | undefined;
    for (const file of this.#catalog.files) {
      if (!file.dirty || file.handle === null) continue;
      first ??= file;
      if (!this.#glob) return first;
      // The families take turns, so that one with a long backlog does not hold up the others.
      if (familyOf(file.path) > this.#lastFamily && familyOf(first.path) <= this.#lastFamily) first = file;
    }
    return first;
  }

  async #look(now: number): Promise<void> {
    this.#lookedAt = now;
    const problems: string[] = [];
    for (const file of this.#catalog.files) await this.#refresh(file, now, problems);
    if (!this.#glob) await this.#lookAtPath(problems);
    const every = this.#glob || this.#catalog.blind ? surveyOftenMs : surveyEveryMs;
    if (this.#surveyDue || now - this.#surveyedAt >= every) await this.#survey(now);
    for (const file of this.#catalog.files) {
      const final = file.gz || !file.live;
      if (file.handle !== null && final && !file.dirty) await this.#settle(file, now, problems);
    }
    await this.#limitHandles();
    this.#problems = [...this.#catalog.problems, ...problems];
    await this.#flush();
  }

  async #survey(now: number): Promise<void> {
    this.#surveyDue = false;
    this.#surveyedAt = now;
    const found = await survey(this.#deps.files, this.#options.path, this.#catalog.wanted());
    this.#targets = found.targets;
    this.#directories = found.directories;
    this.#names = found.names;
    await this.#catalog.reconcile(found);
    if (this.#catalog.moved) this.#surveyDue = true;
  }

  async #lookAtPath(problems: string[]): Promise<void> {
    const { path } = this.#options;
    const seen = await see(this.#deps.files, path);
    if (seen.kind === 'unseen') {
      problems.push(seen.error);
      return;
    }
    if (seen.kind === 'seen' && seen.stat.kind !== 'file') {
      problems.push(`${path} is ${seen.stat.kind === 'directory' ? 'a directory' : 'not a regular file'}`);
    }
    const id = seen.kind === 'seen' && seen.stat.kind === 'file' ? seen.stat.id : null;
    const known = this.#targets.get(path);
    const open = id === null || this.#catalog.files.some((file) => file.id === id && file.handle !== null);
    if (known !== id || !open) this.#surveyDue = true;
  }

  /** Notices by the handle whether something changed. */
  async #refresh(file: TrackedFile, now: number, problems: string[]): Promise<void> {
    if (file.handle === null) return;
    try {
      const stat = await file.handle.stat();
      const changed = stat.size !== file.size || stat.mtimeNs !== file.mtimeNs;
      file.noteStat(stat);
      if (changed) {
        file.changedAt = now;
        file.dirty = true;
        file.headDue = true;
        file.recheck = true;
        if (file.bytes instanceof GzipBytes) file.bytes.restart();
      } else if (file.recheck && !file.dirty && now - file.changedAt >= mtimeGrainMs) {
        file.recheck = false;
        file.headDue = true;
        file.dirty = true;
      }
    } catch (error) {
      await this.#cannotRead(file, error, now);
      problems.push(`${file.path}: ${messageOf(error)}`);
    }
  }

  /** A failing read says nothing about the file: its handle and position stay, and it is tried again. */
  async #cannotRead(file: TrackedFile, error: unknown, now: number): Promise<void> {
    file.dirty = false;
    file.recheck = true;
    file.changedAt = now;
    const code = errnoOf(error);
    if (code !== 'ESTALE' && code !== 'EBADF') return;
    // The handle itself is dead (the network file system was restarted): found again by path, and verified.
    await file.release();
    file.mtimeNs = -1n;
    this.#surveyDue = true;
  }

  async #read(file: TrackedFile): Promise<void> {
    let chunk: Chunk;
    try {
      chunk = await this.#reader.next(file, this.#rulesOf(file));
      if (chunk.kind === 'rewritten') await this.#catalog.rewritten(file);
    } catch (error) {
      await this.#cannotRead(file, error, this.#deps.clock.monotonic());
      this.#problems = [...this.#problems, `${file.path}: ${messageOf(error)}`];
      return;
    }
    if (chunk.kind === 'rewritten') {
      // The archive that was made of it, if any, is there already.
      return this.#survey(this.#deps.clock.monotonic());
    }
    // The bytes before the offset were as expected, so what was seen of this file belongs to this life.
    const end = chunk.offset + chunk.partialBytes;
    file.knownEnd = Math.max(end, file.gz ? 0 : file.size);
    if (!file.gz) file.size = file.knownEnd;
    await this.#take(file, chunk);
    file.partialBytes = chunk.partialBytes;
    if (!chunk.more) file.dirty = false;
  }

  /** Hands a chunk to the intake, together with the position after it, and only then moves. */
  async #take(file: TrackedFile, chunk: Chunk & { kind: 'read' }): Promise<void> {
    if (chunk.offset !== file.offset) {
      const row = file.row(chunk.offset, chunk.mark, chunk.head ?? file.head);
      await this.#accept(chunk.harvest, [file.key, row]);
    }
    file.advance(chunk.offset, chunk.mark, chunk.head);
  }

  /** Commits; `position` is no pending checkpoint before that, or it could go out without its events. */
  async #accept(harvest: Harvest, position?: readonly [key: string, value: string]): Promise<void> {
    const { pending } = this.#catalog;
    const written = [...pending];
    const checkpoints = new Map<string, string | null>(written);
    if (position !== undefined) checkpoints.set(...position);
    await this.#intake?.accept({ ...harvest, checkpoints: [...checkpoints] });
    for (const [key, value] of written) if (pending.get(key) === value) pending.delete(key);
  }

  async #flush(): Promise<void> {
    if (this.#catalog.pending.size > 0) await this.#accept(emptyHarvest());
  }

  /** What is to be done with a file that was read to its end and is rotated, or gzipped and never grows. */
  async #settle(file: TrackedFile, now: number, problems: string[]): Promise<void> {
    const quietMs = now - file.changedAt;
    const broken = isBroken(file.bytes);
    const finished = file.gz && !broken ? true : quietMs >= releaseMs && !this.#isHeld(file);
    if (file.partialBytes > 0 && (finished || quietMs >= finalLineMs)) {
      let chunk: Awaited<ReturnType<ChunkReader['final']>>;
      try {
        chunk = await this.#reader.final(file, this.#rulesOf(file), !finished);
      } catch (error) {
        problems.push(`${file.path}: ${messageOf(error)}`);
        return this.#cannotRead(file, error, now);
      }
      if (chunk.kind === 'rewritten') return void (file.dirty = true);
      if (chunk.kind === 'read') {
        await this.#take(file, chunk);
        file.partialBytes = 0;
      }
    }
    if (!finished) return;
    // How much of it there was nobody can say any more.
    if (broken) this.#catalog.countLoss(file.path, Math.max(1, file.partialBytes));
    file.done = file.gz;
    await this.#letGo(file);
  }

  async #letGo(file: TrackedFile): Promise<void> {
    if (file.links === 0) {
      await this.#catalog.toPast(file);
      this.#surveyDue = true;
    } else {
      this.#catalog.pending.set(file.key, file.row());
      await file.release();
    }
  }

  /** The rotated file written last is still its writer's while the file that replaced it is empty or missing. */
  #isHeld(file: TrackedFile): boolean {
    const family = this.#catalog.files.filter((one) => one.past === null && this.#areRelated(one, file));
    if (family.some((one) => one.live && one.size > 0)) return false;
    return !family.some(
      (one) => one !== file && !one.live && one.handle !== null && one.changedAt > file.changedAt,
    );
  }

  async #limitHandles(): Promise<void> {
    const idle = this.#catalog.files.filter((file) => file.handle !== null && !file.live && !file.dirty);
    if (idle.length <= maxIdleHandles) return;
    const byQuiet = idle
      .filter((file) => file.partialBytes === 0 && file.links > 0)
      .sort((a, b) => a.changedAt - b.changedAt);
    for (const file of byQuiet.slice(0, idle.length - maxIdleHandles)) await this.#letGo(file);
  }

  #areRelated(one: TrackedFile, other: TrackedFile): boolean {
    return !this.#glob || familyOf(one.path) === familyOf(other.path);
  }

  #rulesOf(file: TrackedFile): LineRules {
    const { maxLineBytes } = this.#options;
    return {
      decode: this.#deps.decode,
      maxLineBytes,
      ids: new EventIds(file.lane),
      label: basename(file.path),
    };
  }
}
