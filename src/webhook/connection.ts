import type { Socket } from 'node:net';
import type { Connector } from './connector.ts';
import { MalformedResponse, ResponseReader } from './response-reader.ts';
import type { ResponseHandler } from './response-reader.ts';

export interface ConnectionRequest {
  method: string;
  /** With its query. */
  path: string;
  /** Name, value, name, value, …; without host, content-length and connection, which are added. */
  headers: readonly string[];
  body: string;
}

/** What becomes of a request: the calls of undici's `Dispatcher.DispatchHandler` that matter here, by the same names. */
export interface ExchangeHandler {
  /** Before anything is sent. */
  onRequestStart(controller: Abortable): void;
  onResponseStart(controller: Abortable, status: number, headers: { 'retry-after'?: string }): void;
  onResponseData(controller: Abortable, part: Buffer): void;
  onResponseEnd(): void;
  /** Once, instead of `onResponseEnd`; also after `abort`. */
  onResponseError(controller: Abortable, error: Error): void;
}

export interface Abortable {
  abort(reason: Error): void;
}

/** A connection without a request is closed after this time, or a second before the receiver would. */
const idleMs = 30_000;
const idleMarginMs = 1000;

/** What arrives is read into this by all connections, one after the other, and never kept: a buffer each costs more. */
const arriving = Buffer.allocUnsafeSlow(64 * 1024);

/** RFC 9110 section 5.5, as undici has it too. */
const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * One HTTP/1.1 connection to one origin, for one request at a time; connects when there is none, and again after it
 * was closed. Written here because it is the dearest part of a delivery: undici's `Client` costs about twice as much.
 */
export class Connection implements ResponseHandler, Abortable {
  readonly #host: string;
  readonly #connector: Connector;
  /** The last value of each header, which need not be checked again. */
  readonly #checked = new Map<string, string>();
  readonly #reader = new ResponseReader();
  #socket: Socket | null = null;
  #error: Error | null = null;
  #idleMs = idleMs;
  #handler: ExchangeHandler | null = null;
  /** Waits for the connection. */
  #waiting: { head: string; body: string } | null = null;

  /** `host` is for the header of that name: with the port where it is not the usual one. */
  constructor(host: string, connector: Connector) {
    this.#host = host;
    this.#connector = connector;
  }

  /** Throws for a header that cannot be sent, before anything of the request is. */
  dispatch(request: ConnectionRequest, handler: ExchangeHandler): void {
    const head = this.#headOf(request);
    this.#handler = handler;
    handler.onRequestStart(this);
    if (this.#handler === null) return; // broken off
    if (this.#socket === null) {
      this.#waiting = { head, body: request.body };
      this.#connect();
    } else {
      write(this.#socket, head, request.body);
    }
  }

  abort(reason: Error): void {
    this.#fail(reason);
  }

  /** Resolves once the socket is closed. */
  destroy(): Promise<void> {
    const socket = this.#socket;
    this.#fail(new Error('the connection was given up'));
    if (socket === null || socket.closed) return Promise.resolve();
    return new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
  }

  onHead(status: number, retryAfter: string | undefined): void {
    this.#handler?.onResponseStart(
      this,
      status,
      retryAfter === undefined ? {} : { 'retry-after': retryAfter },
    );
  }

  onBody(part: Buffer): void {
    this.#handler?.onResponseData(this, part);
  }

  #headOf({ method, path, headers, body }: ConnectionRequest): string {
    let head = `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\nconnection: keep-alive\r\n`;
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i] as string;
      const value = headers[i + 1] as string;
      if (this.#checked.get(name) !== value) this.#check(name, value);
      head += `${name}: ${value}\r\n`;
    }
    return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  }

  #check(name: string, value: string): void {
    if (!headerName.test(name)) throw new Error('invalid header name');
    if (!headerValue.test(value)) throw new Error(`invalid value of the header ${name}`);
    this.#checked.set(name, value);
  }

  #connect(): void {
    this.#error = null;
    this.#idleMs = idleMs;
    this.#reader.reset();
    try {
      this.#socket = this.#open();
    } catch (error) {
      // A certificate that is none.
      queueMicrotask(() => this.#fail(error as Error));
    }
  }

  #open(): Socket {
    const onread = {
      buffer: arriving,
      callback: (bytes: number): boolean => {
        this.#onData(socket, arriving.subarray(0, bytes));
        return true;
      },
    };
    const socket = this.#connector.open(onread, () => {
      const waiting = this.#waiting;
      this.#waiting = null;
      socket.setTimeout(idleMs);
      if (waiting !== null && socket === this.#socket) write(socket, waiting.head, waiting.body);
    });
    socket.on('error', (error: Error) => {
      this.#error = error;
    });
    socket.on('timeout', () => {
      if (this.#handler === null && socket === this.#socket) this.#drop();
    });
    socket.on('end', () => this.#onClose(socket));
    socket.on('close', () => this.#onClose(socket));
    return socket;
  }

  #onData(socket: Socket, piece: Buffer): void {
    if (socket !== this.#socket) return;
    // Nothing was asked: whatever it is, what follows it would be taken for the answer to the next request.
    if (this.#handler === null) return this.#drop();
    let isComplete: boolean;
    try {
      isComplete = this.#reader.read(piece, this);
    } catch (error) {
      if (error instanceof MalformedResponse) return this.#fail(error);
      throw error;
    }
    // Not in the `try`: it may have sent the next request before it throws.
    if (!isComplete || this.#handler === null) return;
    // With TLS the news that the receiver closes comes after its answer: the next request must not go before it.
    if (this.#connector.isSecure) setImmediate(() => socket === this.#socket && this.#finish(socket, true));
    else this.#finish(socket, true);
  }

  #onClose(socket: Socket): void {
    if (socket !== this.#socket) return;
    if (this.#handler === null) return this.#drop();
    const isWhole = this.#reader.isDone || (this.#reader.endedByClose() && this.#error === null);
    if (isWhole) return this.#finish(socket, false);
    const when = this.#reader.hasBegun ? 'in the middle of its answer' : 'without an answer';
    this.#fail(this.#error ?? new Error(`the receiver closed the connection ${when}`));
  }

  #finish(socket: Socket, isOpen: boolean): void {
    const handler = this.#handler;
    if (handler === null) return;
    this.#handler = null;
    const keepFor = Math.min(idleMs, (this.#reader.keptForMs ?? Number.POSITIVE_INFINITY) - idleMarginMs);
    // An answer that came before all of the request was sent leaves the rest of it on the way.
    if (!isOpen || !this.#reader.isKept || keepFor <= 0 || socket.writableLength > 0) {
      this.#drop();
    } else {
      this.#reader.reset();
      if (keepFor !== this.#idleMs) socket.setTimeout(keepFor);
      this.#idleMs = keepFor;
    }
    handler.onResponseEnd();
  }

  #fail(error: Error): void {
    const handler = this.#handler;
    this.#handler = null;
    this.#waiting = null;
    this.#drop();
    handler?.onResponseError(this, error);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.destroy();
  }
}

/** In one write where possible: a header holds no character beyond Latin-1, and most bodies are ASCII. */
function write(socket: Socket, head: string, body: string): void {
  if (Buffer.byteLength(body) === body.length) {
    socket.write(head + body, 'latin1');
    return;
  }
  socket.cork();
  socket.write(head, 'latin1');
  socket.write(body, 'utf8');
  socket.uncork();
}
