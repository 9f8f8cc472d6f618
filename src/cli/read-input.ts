import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { AuditsinkError, messageOf } from '../core/errors.ts';
import type { Io } from './io.ts';

/** The bytes of a file, or of standard input for `-`. Throws AuditsinkError('usage') when it cannot be read. */
export async function readInput(io: Io, file: string): Promise<Buffer> {
  try {
    if (file !== '-') return await readFile(file);
    const chunks: Buffer[] = [];
    for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk as Uint8Array | string));
    return Buffer.concat(chunks);
  } catch (error) {
    throw new AuditsinkError('usage', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}
