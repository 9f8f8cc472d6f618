import { constants, type FSWatcher, type BigIntStats, watch } from 'node:fs';
import { type FileHandle, glob, open, readdir, realpath, stat } from 'node:fs/promises';

/** What the file system says of one file. */
export interface FileStat {
  /** `device:inode`. */
  id: string;
  size: number;
  mtimeNs: bigint;
  /** 0 once nothing names the file any more. */
  links: number;
  kind: 'file' | 'directory' | 'other';
}

/** Something that can be read at a position: an open file, or what is inside a gzip file. */
export interface Bytes {
  /** Reads up to `length` bytes at `position` into the start of `buffer`; 0 at the end. */
  read(buffer: Buffer, length: number, position: number): Promise<number>;
  close(): Promise<void>;
}

export interface OpenFile extends Bytes {
  stat(): Promise<FileStat>;
}

/**
 * The few calls the file source makes. A port only because an EIO or an EMFILE cannot be had from a real disk
 * in a test.
 *
 * All of them are asynchronous although a synchronous read of the page cache is some 80 µs cheaper: that is a
 * tenth of a microsecond per line, and a network file system that hangs then holds one thread of the pool and
 * not the whole daemon.
 */
export interface Files {
  open(path: string): Promise<OpenFile>;
  stat(path: string): Promise<FileStat>;
  list(directory: string): Promise<string[]>;
  realpath(path: string): Promise<string>;
  glob(pattern: string): Promise<string[]>;
  watch(directory: string, onEvent: (kind: string, name: string | null) => void): FSWatcher;
}

class NodeFile implements OpenFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async read(buffer: Buffer, length: number, position: number): Promise<number> {
    const { bytesRead } = await this.#handle.read(buffer, 0, length, position);
    return bytesRead;
  }

  async stat(): Promise<FileStat> {
    return toFileStat(await this.#handle.stat({ bigint: true }));
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

export const nodeFiles: Files = {
  async open(path) {
    // O_NONBLOCK: opening a FIFO that took the file's place must not wait for its writer.
    return new NodeFile(await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY));
  },
  async stat(path) {
    return toFileStat(await stat(path, { bigint: true }));
  },
  list: (directory) => readdir(directory),
  realpath: (path) => realpath(path),
  async glob(pattern) {
    const found: string[] = [];
    for await (const path of glob(pattern)) found.push(path);
    return found;
  },
  watch: (directory, onEvent) => watch(directory, { persistent: true }, onEvent),
};

function toFileStat(stats: BigIntStats): FileStat {
  return {
    id: `${stats.dev}:${stats.ino}`,
    size: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    links: Number(stats.nlink),
    kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other',
  };
}

/** Reads until `length` bytes are there or the end is reached; returns how many there are. */
export async function readFully(
  bytes: Bytes,
  buffer: Buffer,
  length: number,
  position: number,
): Promise<number> {
  let got = 0;
  while (got < length) {
    const count = await bytes.read(buffer.subarray(got), length - got, position + got);
    if (count === 0) break;
    got += count;
  }
  return got;
}
