import { hash } from 'node:crypto';
import { AuditsinkError } from '../../core/errors.ts';
import { type Bytes, type FileStat, type OpenFile, readFully } from './files.ts';

/** Bytes remembered of a file's head, and of what ends at the offset. */
export const windowBytes = 1024;

/** A checkpoint as it is kept in the journal: JSON, one row per life of a file. */
interface Row {
  id: string;
  path: string;
  lane: string;
  offset: number;
  size: number;
  head: readonly [length: number, digest: string];
  mark: string;
  gz?: true;
  done?: true;
  past?: number;
}

/**
 * One life of one file: from its creation, or from a truncation, to the next. Its generation grows with each
 * life the source meets, names its checkpoint, and orders the reading: older lives first.
 *
 *   open     a handle is held; read and followed, whether it is still at its path or not
 *   parked   rotated, read to its end and quiet: no handle, looked at by path; opened again when it changes
 *   past     its bytes are no longer where they were (truncated, replaced, deleted); kept for a while so that
 *            an archive made of it is recognised and continued where reading stopped
 */
export class TrackedFile {
  readonly generation: number;
  /** First part of its event ids. */
  readonly lane: string;
  id: string;
  path: string;
  /** Everything before it is in the journal. */
  offset = 0;
  /** Size when last looked at; for a gzip file the compressed one. */
  size = 0;
  /** How far this life is known to have reached: a size seen before a read that found its bytes unchanged. */
  knownEnd = 0;
  /** First bytes of the content, as far as known; only their digest after a restart. */
  head: Buffer | null = Buffer.alloc(0);
  headLength = 0;
  headDigest = '';
  /** The bytes that end at the offset; only their digest after a restart. */
  mark: Buffer | null = Buffer.alloc(0);
  markDigest = '';
  gz = false;
  /** Nothing of it is wanted any more: a gzip file read to its end, or one from before the first start. */
  done = false;
  /** Wall time at which it became past. */
  past: number | null = null;

  handle: OpenFile | null = null;
  bytes: Bytes | null = null;
  /** It is what a configured path names now. */
  live = false;
  links = 1;
  mtimeNs = 0n;
  /** There may be something to read. */
  dirty = false;
  /** The file changed since its head was last found to be what it was. */
  headDue = false;
  /** One look more is owed: a change within the grain of mtime does not show in it. */
  recheck = false;
  /** Monotonic time of the last change seen. */
  changedAt = 0;
  /** How far an over-long line has been searched for its end. */
  scannedTo = 0;
  /** Bytes behind the offset that have no newline yet. */
  partialBytes = 0;
  /** Bytes that were there and could not be read when it became past; a loss unless an archive is found. */
  unreadBytes = 0;

  constructor(generation: number, lane: string, id: string, path: string) {
    this.generation = generation;
    this.lane = lane;
    this.id = id;
    this.path = path;
  }

  get key(): string {
    return `file:${this.generation}`;
  }

  /** Bytes written and not yet in the journal, as last seen; those of a gzip file are counted as compressed. */
  get lagBytes(): number {
    if (this.past !== null || this.done) return 0;
    return this.gz ? this.size : Math.max(0, this.size - this.offset);
  }

  /** Bytes this life is known to have had that were not read. */
  get missingBytes(): number {
    return this.gz ? this.lagBytes : Math.max(0, this.knownEnd - this.offset);
  }

  /** Takes an open handle; `stat` is of that handle. */
  attach(handle: OpenFile, bytes: Bytes, stat: FileStat, now: number): void {
    this.handle = handle;
    this.bytes = bytes;
    this.id = stat.id;
    this.past = null;
    this.noteStat(stat);
    this.dirty = true;
    this.changedAt = now;
    this.scannedTo = 0;
  }

  noteStat(stat: FileStat): void {
    this.size = stat.size;
    this.mtimeNs = stat.mtimeNs;
    this.links = stat.links;
  }

  /** Whether the content of an opened file begins as this one's did. */
  hasHead(head: Buffer): boolean {
    // What was not read yet may have changed; it identifies the file only while there is nothing else.
    const length = this.offset > 0 ? Math.min(this.headLength, this.offset) : this.headLength;
    if (head.length < length) return false;
    const front = head.subarray(0, length);
    return this.head === null
      ? digest(front) === this.headDigest
      : front.equals(this.head.subarray(0, length));
  }

  async release(): Promise<void> {
    const bytes = this.bytes;
    this.handle = null;
    this.bytes = null;
    this.dirty = false;
    this.live = false;
    await bytes?.close().catch(() => {}); // it was only read, so there is nothing that could be lost
  }

  /** Whether `bytes`, read at `base`, are still what was read here before: false means the file was rewritten. */
  recognises(bytes: Buffer, base: number): boolean {
    const before = this.offset - base;
    if (bytes.length < before) return false;
    if (this.mark !== null && !bytes.subarray(before - this.mark.length, before).equals(this.mark))
      return false;
    if (this.offset > 0 || this.head === null) return true;
    // Nothing was read yet: what was seen at the front must still be there.
    return bytes.length >= this.headLength && bytes.subarray(0, this.headLength).equals(this.head);
  }

  /** Moves the offset; `mark` is what ends at it, `head` the start of the content where that was read anew. */
  advance(offset: number, mark: Buffer, head: Buffer | null): void {
    this.offset = offset;
    this.scannedTo = 0;
    this.setMark(mark);
    if (head !== null) this.setHead(head);
  }

  setHead(head: Buffer): void {
    this.head = head;
    this.headLength = head.length;
  }

  setMark(mark: Buffer): void {
    this.mark = mark;
  }

  /** Whether a content that begins with `head` could be this one's, as far as both are known. */
  beginsLike(head: Buffer): boolean {
    const length = Math.min(this.headLength, head.length);
    if (length === 0) return false;
    if (this.head !== null) return this.head.subarray(0, length).equals(head.subarray(0, length));
    return length === this.headLength && digest(head.subarray(0, length)) === this.headDigest;
  }

  /** Whether `bytes` hold, just before this one's offset, what was read there; `short` if they end before it. */
  async marks(bytes: Bytes): Promise<'same' | 'other' | 'short'> {
    const found = await markAt(bytes, this.offset);
    if (found === null) return 'short';
    const same = this.mark === null ? digest(found) === this.markDigest : found.equals(this.mark);
    if (same) this.mark = found;
    return same ? 'same' : 'other';
  }

  /** Whether an open file still has the content that was read; learns its head anew. */
  async verify(bytes: Bytes): Promise<boolean> {
    const head = await headOf(bytes);
    const same = this.hasHead(head) && (await this.marks(bytes)) === 'same';
    if (same) this.setHead(head);
    return same;
  }

  /** The checkpoint as it will be at `offset`, where `mark` ends, of a content that begins with `head`. */
  row(offset = this.offset, mark = this.mark, head = this.head): string {
    // As in hasHead: nothing that may still change.
    const known = head === null || offset === 0 ? head : head.subarray(0, offset);
    const row: Row = {
      id: this.id,
      path: this.path,
      lane: this.lane,
      offset,
      size: this.gz ? this.size : Math.max(this.knownEnd, offset),
      head: known === null ? [this.headLength, this.headDigest] : [known.length, digest(known)],
      mark: mark === null ? this.markDigest : digest(mark),
    };
    if (this.gz) row.gz = true;
    if (this.done) row.done = true;
    if (this.past !== null) row.past = this.past;
    return JSON.stringify(row);
  }

  static fromRow(key: string, text: string): TrackedFile {
    const generation = Number(/^file:(\d+)$/.exec(key)?.[1]);
    const row: unknown = JSON.parse(text);
    if (!isRow(row) || !Number.isSafeInteger(generation)) {
      throw new AuditsinkError(
        'journal_corrupt',
        `checkpoint ${key} cannot be read; was it written by a later version?`,
      );
    }
    const file = new TrackedFile(generation, row.lane, row.id, row.path);
    file.offset = row.offset;
    file.size = row.size;
    file.knownEnd = row.size;
    [file.headLength, file.headDigest] = row.head;
    file.head = file.headLength === 0 ? Buffer.alloc(0) : null;
    file.markDigest = row.mark;
    file.mark = file.offset === 0 ? Buffer.alloc(0) : null;
    file.gz = row.gz ?? false;
    file.done = row.done ?? false;
    file.past = row.past ?? null;
    return file;
  }
}

function isRow(value: unknown): value is Row {
  if (typeof value !== 'object' || value === null) return false;
  const row = value as Partial<Record<keyof Row, unknown>>;
  return (
    typeof row.id === 'string' &&
    typeof row.path === 'string' &&
    typeof row.lane === 'string' &&
    typeof row.mark === 'string' &&
    Number.isSafeInteger(row.offset) &&
    Number.isSafeInteger(row.size) &&
    Array.isArray(row.head) &&
    (row.past === undefined || typeof row.past === 'number')
  );
}

export function digest(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 16);
}

/** The up to {@link windowBytes} bytes that end at `offset`; null where the content is shorter. */
export async function markAt(bytes: Bytes, offset: number): Promise<Buffer | null> {
  const length = Math.min(windowBytes, offset);
  if (length === 0) return Buffer.alloc(0);
  const buffer = Buffer.alloc(length);
  const got = await readFully(bytes, buffer, length, offset - length);
  return got < length ? null : buffer;
}

/** The first bytes of a content, at most {@link windowBytes}. */
export async function headOf(bytes: Bytes): Promise<Buffer> {
  const buffer = Buffer.alloc(windowBytes);
  return buffer.subarray(0, await readFully(bytes, buffer, windowBytes, 0));
}
