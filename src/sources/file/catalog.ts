import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Counter } from '../../core/metrics.ts';
import { laneOf } from '../lines.ts';
import type { Files } from './files.ts';
import { GzipBytes } from './gzip-bytes.ts';
import { isBroken, isStill, lineStartBefore, openCandidate, type OpenedFile } from './opened-file.ts';
import type { Candidate, Survey } from './survey.ts';
import { headOf, markAt, TrackedFile } from './tracked-file.ts';

const metaKey = 'source';
/** How long, and how many, lives are remembered after their bytes are gone. */
const rememberMs = 3_600_000;
const rememberCount = 64;

export interface CatalogOptions {
  source: string;
  /** The configured path: where it changes, what is found there is met for the first time. */
  path: string;
  startAt: 'beginning' | 'end';
  maxLineBytes: number;
}

export interface CatalogDeps {
  files: Files;
  clock: Clock;
  logger: Logger;
  lost: Counter;
}

/**
 * Which files there are and how far each is read. A file is believed to be one that was read before if device
 * and inode are the same and the bytes at its head and before the offset still are; an unknown one is compared
 * with everything known by content. So, for each file found:
 *
 *   known inode, bytes as they were    → goes on at its offset
 *   known inode, other bytes           → the old life is past, the file is new
 *   unknown, continues a past life     → takes that life over: an archive made by copytruncate or gzip, or the
 *                                        same file after its device number changed
 *   unknown, copy of a file still here → left alone, and looked at again once that file is past
 *   unknown, like nothing              → a new file, read from its beginning; but on the very first start a
 *                                        rotated sibling counts as read
 */
export class Catalog {
  readonly #options: CatalogOptions;
  readonly #deps: CatalogDeps;
  #files: TrackedFile[] = [];
  #nextGeneration = 0;
  /** The configured path was never surveyed before. */
  #virgin = true;
  /** Checkpoints to be written with the next batch. */
  readonly pending = new Map<string, string | null>();
  /** Files that are not to be read as they are, by identity: copies of files still here, unfinished archives. */
  readonly #leftAlone = new Map<string, { size: number; mtimeNs: bigint; copyOf: TrackedFile | null }>();
  problems: string[] = [];
  readonly #warned = new Set<string>();
  /** Something could not be seen: look again before long. */
  blind = false;
  /** Something was renamed while it was looked at: look again at once. */
  moved = false;

  constructor(options: CatalogOptions, deps: CatalogDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Every life that is known, in the order in which they are to be read. */
  get files(): readonly TrackedFile[] {
    return this.#files;
  }

  load(rows: ReadonlyMap<string, string>): void {
    for (const [key, value] of rows) {
      if (key !== metaKey) {
        this.#files.push(TrackedFile.fromRow(key, value));
        continue;
      }
      const meta = JSON.parse(value) as { next: number; path: string };
      this.#nextGeneration = meta.next;
      this.#virgin = meta.path !== this.#options.path;
    }
    this.#files.sort((a, b) => a.generation - b.generation);
  }

  /** Files without a handle that have to be found again; under another configured path they need not be. */
  wanted(): TrackedFile[] {
    return this.#virgin ? [] : this.#absent();
  }

  #absent(): TrackedFile[] {
    return this.#files.filter((file) => file.past === null && file.handle === null);
  }

  /** Brings what is known in line with what was found. */
  async reconcile(survey: Survey): Promise<void> {
    this.problems = [...survey.problems];
    const seen = new Set<TrackedFile>();
    const unknown: Candidate[] = [];
    this.blind = survey.blind;
    this.moved = false;
    await this.#verifyOpen();
    for (const candidate of survey.candidates) {
      const known = this.#files.find((file) => file.past === null && file.id === candidate.stat.id);
      const verdict = known === undefined ? 'other' : await this.#meet(known, candidate);
      if (verdict === 'other') unknown.push(candidate);
      else if (known !== undefined) seen.add(known);
    }
    // Where something was not seen, what was not found may still be there.
    if (!survey.blind) {
      for (const file of this.#absent()) if (!seen.has(file)) await this.toPast(file);
    }
    for (const candidate of unknown) {
      await this.#place(candidate);
      // Those behind it would get a place in the order that may be another's.
      if (this.moved) break;
    }
    const targets = new Set(survey.targets.values());
    for (const file of this.#files) {
      const live = file.past === null && targets.has(file.id);
      if (file.live && !live && file.handle !== null) {
        // What its writer wrote before it made the new file is to be read before that.
        file.dirty = true;
        file.changedAt = this.#deps.clock.monotonic();
      }
      file.live = live || (survey.blind && file.live);
    }
    if (this.#virgin && !this.moved) {
      this.#virgin = false;
      this.#saveMeta();
    }
    if (!survey.blind) {
      const here = new Set(survey.candidates.map(({ stat }) => stat.id));
      for (const id of this.#leftAlone.keys()) if (!here.has(id)) this.#leftAlone.delete(id);
    }
    if (!this.blind && !this.moved) this.#settleLosses();
    this.#prune();
  }

  /**
   * Before anything is compared with the open files, they have to be what they are taken for: one may have been
   * rewritten, or have got its first lines, since it was last read.
   */
  async #verifyOpen(): Promise<void> {
    for (const file of this.#files.filter((one) => one.dirty && !one.gz)) {
      if (file.bytes === null) continue;
      try {
        if (!(await file.verify(file.bytes))) await this.rewritten(file);
      } catch (error) {
        this.#cannotRead(file.path, file.live, error);
      }
    }
  }

  /** The same handle shows a new content: its old life is past, and a new one begins at its first byte. */
  async rewritten(file: TrackedFile): Promise<void> {
    const { handle, live, path } = file;
    if (handle === null) return;
    this.#deps.logger.info(
      { path, offset: file.offset },
      'file was truncated or rewritten, reading it from the start',
    );
    const stat = await handle.stat();
    const bytes = file.gz ? new GzipBytes(handle) : handle;
    const head = await headOf(bytes);
    file.handle = null;
    file.bytes = null;
    await this.toPast(file);
    const next = this.#create(file.id, path);
    next.gz = file.gz;
    next.live = live;
    next.setHead(head);
    next.attach(handle, bytes, { ...stat, id: file.id }, this.#deps.clock.monotonic());
    this.#save(next);
  }

  /** The bytes of a file are not where they were any more. */
  async toPast(file: TrackedFile): Promise<void> {
    file.unreadBytes = file.missingBytes;
    await file.release();
    file.past = this.#deps.clock.now();
    this.#save(file);
  }

  #saveMeta(): void {
    this.pending.set(metaKey, JSON.stringify({ next: this.#nextGeneration, path: this.#options.path }));
  }

  #save(file: TrackedFile): void {
    this.pending.set(file.key, file.row());
  }

  #create(id: string, path: string): TrackedFile {
    const generation = this.#nextGeneration;
    this.#nextGeneration += 1;
    this.#saveMeta();
    const file = new TrackedFile(generation, laneOf(this.#options.source, id, generation), id, path);
    this.#files.push(file);
    return file;
  }

  /** A file whose inode is known: is it still the same content? */
  async #meet(file: TrackedFile, candidate: Candidate): Promise<'same' | 'other' | 'unseen'> {
    file.path = candidate.path;
    if (file.handle !== null) return 'same';
    const { stat } = candidate;
    if (file.done && stat.size === file.size) return 'same';
    if (!candidate.target && file.mtimeNs === stat.mtimeNs && file.size === stat.size) return 'same';
    const opened = await this.#open(candidate);
    if (opened === null) return 'unseen';
    const moved = opened.stat.id !== file.id;
    const still = !moved && (await this.#examine(candidate, () => isStill(file, opened)));
    if (still === true) {
      this.#attach(file, opened);
      // Read to its end already: it is opened again when it grows.
      const quiet = !candidate.target && !file.gz && file.offset === opened.stat.size;
      if (quiet || file.done) await file.release();
      return 'same';
    }
    await opened.bytes.close();
    if (moved) this.moved = true;
    if (moved || still === undefined) return 'unseen';
    await this.toPast(file);
    return 'other';
  }

  /** The result of `look`, or undefined where the file could not be read. */
  async #examine<T>(candidate: Candidate, look: () => Promise<T>): Promise<T | undefined> {
    try {
      return await look();
    } catch (error) {
      this.#cannotRead(candidate.path, candidate.target, error);
      return undefined;
    }
  }

  /** It is tried again; of a rotated file nobody may be able to read that is said once, and reading goes on. */
  #cannotRead(path: string, target: boolean, error: unknown): void {
    this.blind = true;
    const problem = `${path}: ${messageOf(error)}`;
    if (target) this.problems.push(problem);
    else if (!this.#warned.has(problem)) {
      this.#warned.add(problem);
      this.#deps.logger.warn({ path, error: messageOf(error) }, 'cannot read a rotated file');
    }
  }

  /** A file whose inode is unknown: what is it? */
  async #place(candidate: Candidate): Promise<void> {
    const { stat } = candidate;
    const left = this.#leftAlone.get(stat.id);
    if (left !== undefined && left.size === stat.size && left.mtimeNs === stat.mtimeNs) {
      if (left.copyOf === null || left.copyOf.past === null) return;
    }
    this.#leftAlone.delete(stat.id);
    const opened = await this.#open(candidate);
    if (opened === null) return;
    // Renamed between the survey and now: what stands here has its own place in the order of the next survey.
    const moved = opened.stat.id !== stat.id;
    if (moved) this.moved = true;
    const taken = !moved && (await this.#examine(candidate, () => this.#classify(candidate, opened)));
    if (taken !== true) await opened.bytes.close();
  }

  /** Finds out what an unknown file is; true where its handle was taken over. */
  async #classify(candidate: Candidate, opened: OpenedFile): Promise<boolean> {
    const { path, target } = candidate;
    // A glob may name the rotated files too; they may be copies all the same.
    const rotated = !target || candidate.rotation !== undefined;
    const leave = (copyOf: TrackedFile | null): false => {
      const { size, mtimeNs } = candidate.stat;
      this.#leftAlone.set(candidate.stat.id, { size, mtimeNs, copyOf });
      return false;
    };
    if (opened.head.length === 0 && (!target || opened.gz))
      return this.#virgin ? this.#skip(opened, candidate) : false;
    if (this.#virgin && !target) return this.#skip(opened, candidate);
    const alike = this.#files.filter((file) => file.beginsLike(opened.head)).toReversed();
    for (const file of alike.filter((one) => one.past !== null)) {
      const marks = file.done ? 'short' : await file.marks(opened.bytes);
      if (marks === 'same' && (rotated || file.offset > 0)) return this.#continueIn(file, opened, path);
      if (marks !== 'short' || !rotated) continue;
      return opened.gz && isBroken(opened.bytes) ? leave(null) : this.#skip(opened, candidate);
    }
    for (const file of alike.filter((one) => one.past === null)) {
      const marks = file.done ? 'short' : await file.marks(opened.bytes);
      if (marks === 'other') continue;
      if (rotated) return leave(file);
      // An editor's way of saving: the path names a copy now, and nothing names the file it was made from.
      if (marks === 'same' && file.handle !== null && file.links === 0 && file.offset > 0) {
        const next = this.#create(opened.stat.id, path);
        next.offset = file.offset;
        if (file.mark !== null) next.setMark(file.mark);
        return this.#begin(next, opened);
      }
    }
    if (this.#virgin && this.#options.startAt === 'end') return this.#skip(opened, candidate);
    if (!target) this.#deps.logger.info({ path }, 'found a rotated file that was never read');
    return this.#begin(this.#create(opened.stat.id, path), opened);
  }

  #continueIn(file: TrackedFile, opened: OpenedFile, path: string): true {
    this.#deps.logger.info(
      { path, offset: file.offset },
      'continuing in an archive of a file that was read before',
    );
    const end = file.offset + file.unreadBytes;
    file.unreadBytes = opened.gz ? 0 : Math.max(0, end - Math.max(file.offset, opened.stat.size));
    file.path = path;
    file.gz = opened.gz;
    return this.#begin(file, opened);
  }

  #begin(file: TrackedFile, opened: OpenedFile): true {
    file.gz = opened.gz;
    this.#attach(file, opened);
    this.#save(file);
    return true;
  }

  #attach(file: TrackedFile, opened: OpenedFile): void {
    file.attach(opened.handle, opened.bytes, opened.stat, this.#deps.clock.monotonic());
    if (file.head === null || opened.head.length > file.headLength) file.setHead(opened.head);
  }

  /** Registers a file all of whose present lines count as read. */
  async #skip(opened: OpenedFile, { path, target }: Candidate): Promise<true> {
    const { bytes, stat, gz } = opened;
    // A line that is being written at the end of a live file will be whole one day; that of an archive will not.
    const end = target ? await lineStartBefore(bytes, stat.size, this.#options.maxLineBytes) : stat.size;
    const offset = gz ? 0 : end;
    const mark = await markAt(bytes, offset);
    const file = this.#create(stat.id, path);
    file.offset = offset;
    if (mark !== null) file.setMark(mark);
    file.done = gz;
    this.#begin(file, opened);
    if (gz || !target) await file.release();
    return true;
  }

  async #open(candidate: Candidate): Promise<OpenedFile | null> {
    try {
      return await openCandidate(this.#deps.files, candidate);
    } catch (error) {
      this.#cannotRead(candidate.path, candidate.target, error);
      return null;
    }
  }

  /** What was unread when a file went and was not found in any archive is lost. */
  #settleLosses(): void {
    for (const file of this.#files) {
      if (file.unreadBytes === 0) continue;
      this.countLoss(file.path, file.unreadBytes);
      file.unreadBytes = 0;
    }
  }

  countLoss(path: string, bytes: number): void {
    this.#deps.lost.inc(bytes);
    this.#deps.logger.warn({ path, bytes }, 'bytes were deleted or truncated before they could be read');
  }

  #prune(): void {
    const past = this.#files
      .filter((file) => file.past !== null)
      .sort((a, b) => (b.past ?? 0) - (a.past ?? 0));
    const oldest = this.#deps.clock.now() - rememberMs;
    const forgotten = new Set(
      past.filter((file, i) => i >= rememberCount || (file.past ?? 0) < oldest || file.headLength === 0),
    );
    if (forgotten.size === 0) return;
    for (const file of forgotten) this.pending.set(file.key, null);
    this.#files = this.#files.filter((file) => !forgotten.has(file));
  }
}
