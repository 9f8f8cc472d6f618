import { readFileSync, statSync } from 'node:fs';
import { errnoOf, messageOf } from '../core/errors.ts';

export type FileText = { ok: true; text: string } | { ok: false; reason: string };

/** Far above any config, template or secret; a device or a log named by mistake is not swallowed whole. */
const maxBytes = 4 * 1024 * 1024;

/** Reads the small files a config consists of, each once, and remembers which they were, for watching. */
export class FileReader {
  readonly #read = new Map<string, FileText>();

  /** The text of a file by its absolute path, or why there is none, in words. */
  read(path: string): FileText {
    let found = this.#read.get(path);
    if (found === undefined) this.#read.set(path, (found = readText(path)));
    return found;
  }

  /** Absolute paths of all files that were asked for, missing ones included. */
  get files(): string[] {
    return [...this.#read.keys()];
  }
}

function readText(path: string): FileText {
  try {
    const stats = statSync(path);
    // Reading a pipe or a device would block for ever.
    if (!stats.isFile())
      return { ok: false, reason: stats.isDirectory() ? 'it is a directory' : 'it is no regular file' };
    if (stats.size > maxBytes) return { ok: false, reason: 'it is larger than 4 MiB' };
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    return { ok: true, text };
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  switch (errnoOf(error)) {
    case 'ENOENT':
      return 'there is no such file';
    case 'ENOTDIR':
      return 'a part of the path is no directory';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'it is not valid UTF-8';
    case undefined:
      return messageOf(error);
    default:
      return errnoOf(error) ?? messageOf(error);
  }
}
