import { maxRejectHeadBytes } from '../../core/source.ts';
import { cutFinalLine, cutLines, emptyHarvest, type Harvest, type LineRules, rejectOf } from '../lines.ts';
import { type Bytes, readFully } from './files.ts';
import { headOf, type TrackedFile, windowBytes } from './tracked-file.ts';

const chunkBytes = 64 * 1024;
const newline = 0x0a;

export type Chunk =
  /** The bytes before the offset are no longer what was read there. */
  | { kind: 'rewritten' }
  | {
      kind: 'read';
      harvest: Harvest;
      /** Where reading stands after it, and what ends there. */
      offset: number;
      mark: Buffer;
      /** Start of the content, where it was in reach. */
      head: Buffer | null;
      /** The end of the file was not reached. */
      more: boolean;
      /** Bytes behind the last newline. */
      partialBytes: number;
    };

/** A piece that is read while the one before it is taken up. */
interface Ahead {
  bytes: Bytes;
  offset: number;
  /** Bytes read; null where that failed. */
  got: Promise<number | null>;
}

/**
 * Reads a tracked file piece by piece into two buffers that are used again and again. Each piece is read together
 * with the bytes before it, in one call, so that a rewritten file is noticed before anything of it is believed.
 */
export class ChunkReader {
  #buffer = Buffer.allocUnsafeSlow(windowBytes + chunkBytes);
  #spare = Buffer.allocUnsafeSlow(windowBytes + chunkBytes);
  #ahead: Ahead | null = null;
  #lastFile: TrackedFile | null = null;

  /** Reads the next lines of an open file; at most one chunk, or one line where that is longer. */
  async next(file: TrackedFile, rules: LineRules): Promise<Chunk> {
    const base = Math.max(0, file.offset - windowBytes);
    const before = file.offset - base;
    // The bytes before the offset come with every chunk. The head costs a call more, and lines may end alike: it is
    // looked at once after each change.
    if (base > 0 && file.headDue && file.bytes !== null && !file.gz) {
      if (!file.hasHead(await headOf(file.bytes))) return { kind: 'rewritten' };
      file.headDue = false;
    }
    let buffer = this.#buffer;
    for (let want = before + chunkBytes; ; want = before + 4 * (want - before)) {
      if (want > buffer.length) buffer = Buffer.allocUnsafeSlow(want);
      let got = await this.#takeAhead(file, want);
      if (got === null) got = file.bytes === null ? 0 : await readFully(file.bytes, buffer, want, base);
      else buffer = this.#buffer;
      if (!file.recognises(buffer.subarray(0, got), base)) return { kind: 'rewritten' };
      const harvest = emptyHarvest();
      let end = cutLines(buffer, before, got, base, rules, harvest);
      const full = got === want;
      // A hole is passed over only once something stands behind it: its end may not be written yet.
      if (end === before && full) end += countNuls(buffer, before, got);
      if (end > before || !full) {
        // What is inside a gzip file is read by one reader at a time; of files that take turns only one can be ahead.
        if (full && file.bytes !== null && !file.gz && file === this.#lastFile)
          this.#readAhead(file.bytes, base + end);
        this.#lastFile = file;
        return {
          kind: 'read',
          harvest,
          offset: base + end,
          mark: copyOf(buffer.subarray(Math.max(0, end - windowBytes), end)),
          head: base === 0 ? Buffer.from(buffer.subarray(0, Math.min(windowBytes, got))) : null,
          more: full,
          partialBytes: got - end,
        };
      }
      if (want - before > rules.maxLineBytes) {
        const head = Buffer.from(buffer.subarray(before, before + maxRejectHeadBytes));
        return this.#passLongLine(file, rules, head, base + got);
      }
    }
  }

  /** There is more: it is read while what was found so far is journaled. */
  #readAhead(bytes: Bytes, offset: number): void {
    const base = Math.max(0, offset - windowBytes);
    const got = readFully(bytes, this.#spare, offset - base + chunkBytes, base).catch(() => null);
    this.#ahead = { bytes, offset, got };
  }

  /**
   * What was read ahead, now in `#buffer`, if it is what is wanted now; null otherwise. A piece that is not full may
   * have been read before its end was written, and does not count.
   */
  async #takeAhead(file: TrackedFile, want: number): Promise<number | null> {
    const ahead = this.#ahead;
    if (ahead === null) return null;
    this.#ahead = null;
    const got = await ahead.got; // also where it is not wanted: it writes to the spare buffer
    if (ahead.bytes !== file.bytes || ahead.offset !== file.offset || got !== want) return null;
    [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
    return got;
  }

  /** Reads what stands behind the last newline of a file that will not grow any more. */
  async final(file: TrackedFile, rules: LineRules, onlyWhole: boolean): Promise<Chunk | { kind: 'kept' }> {
    const base = Math.max(0, file.offset - windowBytes);
    const before = file.offset - base;
    const length = Math.min(file.partialBytes, Math.max(maxRejectHeadBytes, rules.maxLineBytes + 2));
    const buffer = Buffer.allocUnsafe(before + length);
    const got = file.bytes === null ? 0 : await readFully(file.bytes, buffer, buffer.length, base);
    if (!file.recognises(buffer.subarray(0, got), base)) return { kind: 'rewritten' };
    const harvest = emptyHarvest();
    let end = got;
    if (file.partialBytes > length) {
      if (onlyWhole) return { kind: 'kept' };
      harvest.rejects.push(
        rejectOf('too_long', rules, file.offset, buffer.subarray(before), file.partialBytes),
      );
      end = before + file.partialBytes;
    } else if (!cutFinalLine(buffer, before, got, base, rules, harvest, onlyWhole)) {
      return { kind: 'kept' };
    }
    const offset = base + end;
    const mark = await this.#markBefore(file, offset);
    return { kind: 'read', harvest, offset, mark, head: null, more: false, partialBytes: 0 };
  }

  /** Searches the end of a line that is too long to be kept, and rejects it once that is found. */
  async #passLongLine(file: TrackedFile, rules: LineRules, head: Buffer, from: number): Promise<Chunk> {
    const buffer = this.#buffer;
    for (let position = Math.max(from, file.scannedTo); ;) {
      const got = file.bytes === null ? 0 : await file.bytes.read(buffer, chunkBytes, position);
      const at = got === 0 ? -1 : buffer.subarray(0, got).indexOf(newline);
      if (got > 0 && at < 0) {
        position += got;
        continue;
      }
      const harvest = emptyHarvest();
      let offset = file.offset;
      if (at >= 0) {
        offset = position + at + 1;
        harvest.rejects.push(rejectOf('too_long', rules, file.offset, head, offset - 1 - file.offset));
      } else {
        file.scannedTo = position;
      }
      const mark = await this.#markBefore(file, offset);
      const partialBytes = at >= 0 ? 0 : position - offset;
      return { kind: 'read', harvest, offset, mark, head: null, more: at >= 0, partialBytes };
    }
  }

  async #markBefore(file: TrackedFile, offset: number): Promise<Buffer> {
    const length = Math.min(windowBytes, offset);
    const mark = Buffer.alloc(length);
    const got = file.bytes === null ? 0 : await readFully(file.bytes, mark, length, offset - length);
    return mark.subarray(0, got);
  }
}

/** Not in Node's pool, of which each piece would outlive many collections and be kept until a full one. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

function countNuls(buffer: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && buffer[at] === 0) at += 1;
  return at - from;
}
