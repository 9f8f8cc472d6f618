import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AuditsinkError, messageOf } from '../../core/errors.ts';
import type { SignatureSetting } from '../../core/policy.ts';
import type { Verdict } from '../../core/signature/scheme.ts';
import { signatureScheme } from '../../core/signature/schemes.ts';

/** Larger bodies are read and thrown away, so that nobody can fill the memory. */
const maxBodyBytes = 16 * 1024 * 1024;

/** One request as it arrived. */
export interface Received {
  /** 1 for the first request of this receiver. */
  number: number;
  /** Wall ms. */
  at: number;
  method: string;
  path: string;
  /** Names in lower case; repeated ones joined as HTTP joins them. */
  headers: ReadonlyMap<string, string>;
  body: Buffer;
  /** The whole body in bytes; more than `body` holds where it was too large to keep. */
  sizeBytes: number;
  /** Whether the signature is right; null where none is asked for. */
  signature: Verdict | null;
}

/** What a receiver does with a request. `hang`, `reset` and `endless` are for testing senders. */
export type Answer =
  | { kind: 'reply'; status: number; body: string; headers: ReadonlyArray<readonly [string, string]> }
  | { kind: 'hang' }
  | { kind: 'reset' }
  /** 200 with a body that does not end. */
  | { kind: 'endless' };

export interface ReceiverOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** How the requests to a path are signed; null: not looked at. */
  signatureOf: (path: string) => SignatureSetting | null;
  /** How far a signed timestamp may be off, in ms; the scheme's own rule when absent. */
  toleranceMs?: number;
  answer: (received: Received) => Answer;
  /** Wait before each answer. */
  delayMs: number;
  /** Called once the answer has left, or was withheld. */
  onRequest: (received: Received, answer: Answer) => void;
}

/** A webhook receiver for people and tests. `start` and `stop` once each. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #server: Server;
  readonly #delays = new Set<NodeJS.Timeout>();
  #count = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#receive(request, response).catch(() => response.destroy());
    });
  }

  /** Resolves to the origin in use, `http://127.0.0.1:9480`. Throws AuditsinkError('listen'). */
  async start(): Promise<string> {
    const { host, port } = this.#options;
    this.#server.listen(port, host);
    try {
      await once(this.#server, 'listening');
    } catch (error) {
      throw new AuditsinkError(
        'listen',
        `cannot listen on ${host}:${port}: ${messageOf(error)}; choose another with --port, 0 takes a free one`,
        { cause: error },
      );
    }
    const { address, port: used, family } = this.#server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${used}`;
  }

  async stop(): Promise<void> {
    for (const timer of this.#delays) clearTimeout(timer);
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes <= maxBodyBytes) chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    const path = request.url ?? '/';
    const headers = headersOf(request);
    const received: Received = {
      number: (this.#count += 1),
      at: Date.now(),
      method: request.method ?? '',
      path,
      headers,
      body,
      sizeBytes,
      signature: this.#verify(path, headers, body),
    };
    const answer = this.#options.answer(received);
    if (this.#options.delayMs > 0) await this.#delay();
    await give(answer, request, response);
    this.#options.onRequest(received, answer);
  }

  #verify(path: string, headers: ReadonlyMap<string, string>, body: Buffer): Verdict | null {
    const setting = this.#options.signatureOf(path);
    if (setting === null) return null;
    const { toleranceMs } = this.#options;
    return signatureScheme(setting).verify({
      headers: (name) => headers.get(name),
      body,
      secrets: setting.secrets,
      nowS: Date.now() / 1000,
      ...(toleranceMs === undefined ? {} : { toleranceS: toleranceMs / 1000 }),
    });
  }

  #delay(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#delays.delete(timer);
        resolve();
      }, this.#options.delayMs);
      this.#delays.add(timer);
    });
  }
}

function headersOf(request: IncomingMessage): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

async function give(answer: Answer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (answer.kind) {
    case 'reply':
      for (const [name, value] of answer.headers) response.appendHeader(name, value);
      if (!response.hasHeader('content-type'))
        response.setHeader('content-type', 'text/plain; charset=utf-8');
      response.statusCode = answer.status;
      response.end(answer.body);
      // Also when the sender went away before it could be told.
      if (!response.closed) await once(response, 'close');
      return;
    case 'hang':
      return;
    case 'reset':
      request.socket.resetAndDestroy();
      return;
    case 'endless': {
      const piece = Buffer.alloc(64 * 1024, '.');
      const pour = (): void => {
        while (!response.destroyed && response.write(piece));
      };
      response.on('drain', pour);
      pour();
    }
  }
}
