import { type Bytes, type FileStat, type Files, type OpenFile, readFully } from './files.ts';
import { GzipBytes, looksGzipped } from './gzip-bytes.ts';
import { type Candidate, see } from './survey.ts';
import { headOf, type TrackedFile, windowBytes } from './tracked-file.ts';

/** A file that was opened to see what it is. */
export interface OpenedFile {
  handle: OpenFile;
  /** What is read: the file itself, or what is inside it. */
  bytes: Bytes;
  stat: FileStat;
  head: Buffer;
  gz: boolean;
}

/** Opens a candidate and reads its head; throws what the file system throws. */
export async function openCandidate(files: Files, candidate: Candidate): Promise<OpenedFile> {
  const handle = await files.open(candidate.path);
  try {
    const stat = await handle.stat();
    // Some FUSE file systems give an open file another inode number than its path; the path's is used throughout.
    const named = stat.id === candidate.stat.id ? null : await see(files, candidate.path);
    if (named?.kind === 'seen' && named.stat.id === candidate.stat.id) stat.id = named.stat.id;
    const rawHead = await headOf(handle);
    const gz = looksGzipped(rawHead);
    const bytes = gz ? new GzipBytes(handle) : handle;
    return { handle, bytes, stat, gz, head: gz ? await headOf(bytes) : rawHead };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Whether an opened file still has the content that was read as `file`. */
export async function isStill(file: TrackedFile, opened: OpenedFile): Promise<boolean> {
  // Of an empty file nothing is known but its inode, and that may belong to any file by now.
  if (file.headLength === 0 || opened.gz !== file.gz || !file.hasHead(opened.head)) return false;
  return file.done || (await file.marks(opened.bytes)) === 'same';
}

/** Whether a gzip file ended in the middle, as far as it was read: it is half written, or damaged. */
export function isBroken(bytes: Bytes | null): boolean {
  return bytes instanceof GzipBytes && bytes.broken;
}

/** Start of the line that is being written at the end of a file of `size` bytes. */
export async function lineStartBefore(bytes: Bytes, size: number, maxLineBytes: number): Promise<number> {
  const length = Math.min(size, maxLineBytes + windowBytes);
  const buffer = Buffer.allocUnsafe(length);
  const got = await readFully(bytes, buffer, length, size - length);
  const at = buffer.subarray(0, got).lastIndexOf(0x0a);
  if (at >= 0) return size - length + at + 1;
  return length === size ? 0 : size;
}
