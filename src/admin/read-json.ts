import type { IncomingMessage } from 'node:http';
import { problem, type Reply } from './reply.ts';

/** More than a replay of a thousand ids needs. */
export const maxBodyBytes = 64 * 1024;

export type JsonBody = { ok: true; value: unknown } | { ok: false; reply: Reply };

/**
 * A request's body as JSON; undefined for an empty one. The content type must say so even then: a form or a
 * script of another site cannot set it without asking first (CORS preflight), and nobody here answers that.
 * Rejects when the sender breaks off.
 */
export async function readJson(request: IncomingMessage): Promise<JsonBody> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    return { ok: false, reply: problem(415, 'send content-type: application/json, also without a body') };
  }
  const tooLarge = problem(413, `a request body may have at most ${maxBodyBytes} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return { ok: false, reply: tooLarge };
  const bytes = await readAtMost(request, maxBodyBytes);
  if (bytes === undefined) return { ok: false, reply: tooLarge };
  if (bytes.length === 0) return { ok: true, value: undefined };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    // The parser's message would quote the body.
    return { ok: false, reply: problem(400, 'the request body is not valid JSON') };
  }
}

/** The body, or undefined once it is larger than `maxBytes`; the rest is left to Node to read and drop. */
function readAtMost(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const chunks: Buffer[] = [];
  let size = 0;
  const onData = (chunk: Buffer): void => {
    size += chunk.length;
    if (size <= maxBytes) {
      chunks.push(chunk);
      return;
    }
    request.off('data', onData);
    resolve(undefined);
    request.resume();
  };
  request.on('data', onData);
  request.once('end', () => resolve(Buffer.concat(chunks)));
  request.once('error', reject);
  request.once('close', () => reject(new Error('the sender broke off')));
  return promise;
}
