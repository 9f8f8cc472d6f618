import { Readable } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';
import type { Bytes, OpenFile } from './files.ts';

const inputBytes = 64 * 1024;

/**
 * The inside of a gzip file, all members of it, readable at growing positions. It keeps only what lies after
 * the last position asked for; asking for an earlier one starts again from the beginning.
 */
export class GzipBytes implements Bytes {
  readonly #file: OpenFile;
  #gunzip: Gunzip | null = null;
  #chunks: AsyncIterator<Buffer> | null = null;
  #window: Buffer[] = [];
  #windowStart = 0;
  #windowEnd = 0;
  #ended = false;
  /** Set once the data stopped in the middle or made no sense: half written, or damaged. */
  broken = false;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  async read(buffer: Buffer, length: number, position: number): Promise<number> {
    if (this.#chunks === null || position < this.#windowStart) this.restart();
    while (!this.#ended && this.#windowEnd < position + length) {
      await this.#pull();
      this.#forgetBefore(position);
    }
    let copied = 0;
    let at = this.#windowStart;
    for (const chunk of this.#window) {
      const from = Math.max(0, position - at);
      const count = Math.min(chunk.length - from, length - copied);
      if (count > 0) copied += chunk.copy(buffer, copied, from, from + count);
      at += chunk.length;
    }
    return copied;
  }

  /** Begins again at the first byte: the file has changed. */
  restart(): void {
    this.#gunzip?.destroy();
    const gunzip = createGunzip();
    const input = Readable.from(this.#input());
    input.on('error', (error: Error) => gunzip.destroy(error));
    gunzip.on('close', () => input.destroy());
    input.pipe(gunzip);
    this.#gunzip = gunzip;
    this.#chunks = gunzip.iterator() as AsyncIterator<Buffer>;
    this.#window = [];
    this.#windowStart = 0;
    this.#windowEnd = 0;
    this.#ended = false;
    this.broken = false;
  }

  async close(): Promise<void> {
    this.#gunzip?.destroy();
    await this.#file.close();
  }

  async #pull(): Promise<void> {
    try {
      const next = await this.#chunks?.next();
      if (next === undefined || next.done === true) {
        this.#ended = true;
        return;
      }
      this.#window.push(next.value);
      this.#windowEnd += next.value.length;
    } catch {
      // Half written or damaged: what came before it counts, and the caller sees `broken`.
      this.#ended = true;
      this.broken = true;
    }
  }

  #forgetBefore(position: number): void {
    for (let first = this.#window[0]; first !== undefined; first = this.#window[0]) {
      if (this.#windowStart + first.length > position) return;
      this.#windowStart += first.length;
      this.#window.shift();
    }
  }

  async *#input(): AsyncGenerator<Buffer> {
    for (let position = 0; ;) {
      const buffer = Buffer.allocUnsafe(inputBytes);
      const count = await this.#file.read(buffer, inputBytes, position);
      if (count === 0) return;
      position += count;
      yield buffer.subarray(0, count);
    }
  }
}

/** Whether a file that begins with `head` is a gzip file (RFC 1952 §2.3.1, with the only method there is). */
export function looksGzipped(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}
