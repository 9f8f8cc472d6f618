import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { errnoOf } from '../../core/errors.ts';
import type { Budget } from './budget.ts';

/** How much of a refused body is still read, so that the sender gets to read the answer instead of a reset. */
const lingerBytes = 1024 * 1024;

/**
 * `whole` holds its length of the budget until it is given back; `busy`: the budget was used up; `gone`: the
 * sender broke off, so that there is nobody to answer.
 */
export type BodyResult =
  | { kind: 'whole'; bytes: Buffer }
  | { kind: 'too_large' }
  | { kind: 'busy' }
  | { kind: 'gone' };

/** Reads a request's body of at most `maxBytes`; of one that is refused a little more is read and thrown away. */
export function readBody(request: IncomingMessage, maxBytes: number, budget: Budget): Promise<BodyResult> {
  const { promise, resolve } = Promise.withResolvers<BodyResult>();
  let chunks: Buffer[] = [];
  let seen = 0;
  let held = 0;
  let refused: 'too_large' | 'busy' | undefined;
  const drop = (): void => {
    chunks = [];
    budget.give(held);
    held = 0;
  };
  const refuse = (kind: 'too_large' | 'busy'): void => {
    refused = kind;
    drop();
  };
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) refuse('too_large');
  const onData = (chunk: Buffer): void => {
    seen += chunk.length;
    if (refused === undefined) {
      if (seen > maxBytes) refuse('too_large');
      else if (!budget.take(chunk.length)) refuse('busy');
      else {
        held += chunk.length;
        chunks.push(chunk);
      }
    }
    if (refused !== undefined && seen > maxBytes + lingerBytes) {
      request.off('data', onData);
      request.pause();
      resolve({ kind: refused });
    }
  };
  request.on('data', onData);
  request.once('end', () => {
    const [first] = chunks;
    if (refused !== undefined) resolve({ kind: refused });
    else
      resolve({
        kind: 'whole',
        bytes: first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks),
      });
  });
  request.once('error', () => {
    // A reset, or cut off by a timeout; `close` follows.
  });
  request.once('close', () => {
    if (request.complete) return;
    drop();
    resolve({ kind: 'gone' });
  });
  return promise;
}

export type Inflated = { kind: 'whole'; bytes: Buffer } | { kind: 'too_large' } | { kind: 'invalid' };

/**
 * Unpacks gzip to at most `maxBytes`, so that a small bomb cannot take the memory. Synchronous, so that many
 * at a time cannot take it either; a body of 1 MiB holds the loop for a few milliseconds.
 */
export function inflate(bytes: Buffer, maxBytes: number): Inflated {
  try {
    return { kind: 'whole', bytes: gunzipSync(bytes, { maxOutputLength: maxBytes }) };
  } catch (error) {
    return { kind: errnoOf(error) === 'ERR_BUFFER_TOO_LARGE' ? 'too_large' : 'invalid' };
  }
}
