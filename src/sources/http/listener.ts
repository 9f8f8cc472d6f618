import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { AuditsinkError, messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';

/** Answers one request; a rejection is a bug and closes the connection. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A path that is listened on; `close` is idempotent and resolves when its last request was answered. */
export interface Route {
  /** The port in use, which differs from the configured one only where that is 0. */
  readonly port: number;
  close(): Promise<void>;
}

/** HTTP servers shared by all sources of one address: each source has its path. */
export interface HttpListeners {
  /**
   * Listens, and sends requests for exactly `path` to `handler`. The newest handler of a path gets its
   * requests, so that a reload opens the new route before it closes the old and no sender is refused in
   * between. Rejects with AuditsinkError('listen') when the address cannot be listened on.
   */
  open(host: string, port: number, path: string, handler: Handler): Promise<Route>;
}

/** What a sender may take; the rest is cut by Node itself with 408, 431 or a closed connection. */
const limits = {
  connections: 1024,
  headerBytes: 16 * 1024,
  headersMs: 10_000,
  requestMs: 30_000,
  /** Longer than the 60 s after which common proxies drop an idle connection. */
  keepAliveMs: 65_000,
  checkMs: 1000,
  /** How long requests in flight may take once the route is closed. */
  drainMs: 7000,
};

export interface ListenerLimits {
  connections: number;
  requestMs: number;
  headersMs: number;
  drainMs: number;
}

export function createHttpListeners(
  deps: { clock: Clock; logger: Logger },
  overrides: Partial<ListenerLimits> = {},
): HttpListeners {
  const byAddress = new Map<string, Listener>();
  return {
    async open(host, port, path, handler) {
      const address = `${host}:${port}`;
      let listener = byAddress.get(address);
      if (listener === undefined) {
        listener = new Listener(host, port, deps, { ...limits, ...overrides });
        // Port 0 is a new port each time it is asked for.
        if (port !== 0) byAddress.set(address, listener);
      }
      const opened = listener;
      const forget = (): void => {
        if (byAddress.get(address) === opened) byAddress.delete(address);
      };
      try {
        return await opened.add(path, handler, forget);
      } catch (error) {
        forget();
        throw error;
      }
    },
  };
}

interface Entry {
  path: string;
  handler: Handler;
  inFlight: number;
  idle: PromiseWithResolvers<void> | undefined;
}

/** One server. It listens from its first route on and is closed with its last. */
class Listener {
  readonly #server: Server;
  readonly #host: string;
  readonly #port: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #drainMs: number;
  #closing = false;
  #listening: Promise<number> | undefined;
  /** Newest last. */
  #entries: Entry[] = [];

  constructor(host: string, port: number, deps: { clock: Clock; logger: Logger }, bounds: typeof limits) {
    this.#host = host;
    this.#port = port;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#drainMs = bounds.drainMs;
    this.#server = createServer(
      {
        maxHeaderSize: bounds.headerBytes,
        headersTimeout: bounds.headersMs,
        requestTimeout: bounds.requestMs,
        keepAliveTimeout: bounds.keepAliveMs,
        connectionsCheckingInterval: bounds.checkMs,
        noDelay: true,
      },
      (request, response) => this.#dispatch(request, response),
    );
    this.#server.maxConnections = bounds.connections;
    // Whoever asks first gets the answer before sending the body, not after.
    this.#server.on('checkContinue', (request, response) => this.#dispatch(request, response));
    this.#server.on('drop', () =>
      this.#logger.warn({ address: this.#address }, 'too many connections; one was refused'),
    );
  }

  get #address(): string {
    return `${this.#host}:${this.#port}`;
  }

  async add(path: string, handler: Handler, onLast: () => void): Promise<Route> {
    const entry: Entry = { path, handler, inFlight: 0, idle: undefined };
    this.#entries.push(entry);
    this.#listening ??= this.#listen();
    let port: number;
    try {
      port = await this.#listening;
    } catch (error) {
      this.#entries = this.#entries.filter((other) => other !== entry);
      throw error;
    }
    let closed: Promise<void> | undefined;
    return {
      port,
      close: () => {
        closed ??= this.#remove(entry, onLast);
        return closed;
      },
    };
  }

  #listen(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const fail = (error: Error): void => {
      const message = `cannot listen on ${this.#address}: ${messageOf(error)}; free the port or change "listen"`;
      reject(new AuditsinkError('listen', message, { cause: error }));
    };
    this.#server.once('error', fail);
    this.#server.listen(this.#port, this.#host, () => {
      this.#server.off('error', fail);
      this.#server.on('error', (error) => {
        this.#logger.error({ address: this.#address, error: messageOf(error) }, 'the http listener failed');
      });
      const bound = this.#server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : this.#port);
    });
    return promise;
  }

  async #remove(entry: Entry, onLast: () => void): Promise<void> {
    this.#entries = this.#entries.filter((other) => other !== entry);
    const last = this.#entries.length === 0;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    if (last) {
      onLast();
      this.#closing = true;
      this.#server.close(() => resolve());
    }
    // Answers go out as soon as their commit is done; only a sender that dawdles is cut off.
    const cut = this.#clock.after(this.#drainMs, () => {
      if (last) this.#server.closeAllConnections();
      entry.idle?.resolve();
    });
    if (entry.inFlight > 0) {
      entry.idle = Promise.withResolvers<void>();
      await entry.idle.promise;
    }
    if (last) {
      this.#server.closeIdleConnections();
      await closed;
    }
    cut.clear();
  }

  #dispatch(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? '/';
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    const entry = this.#entries.findLast((candidate) => candidate.path === path);
    if (entry === undefined) {
      // On a connection kept alive a request may come in while we stop: it is to be sent again, not given up.
      const [status, error] = this.#closing ? [503, 'stopping'] : [404, 'no source listens on this path'];
      const headers = { 'content-type': 'application/json', connection: 'close' };
      response.writeHead(status, this.#closing ? { ...headers, 'retry-after': '5' } : headers);
      response.end(`${JSON.stringify({ error })}\n`);
      return;
    }
    entry.inFlight += 1;
    entry.handler(request, response).then(
      () => this.#answered(entry),
      (error: unknown) => {
        this.#logger.error({ address: this.#address, error: messageOf(error) }, 'answering a request failed');
        response.destroy();
        this.#answered(entry);
      },
    );
  }

  #answered(entry: Entry): void {
    entry.inFlight -= 1;
    if (entry.inFlight === 0) entry.idle?.resolve();
  }
}
