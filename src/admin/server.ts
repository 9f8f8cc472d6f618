import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { Doubling } from '../core/doubling.ts';
import { AuditsinkError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Metrics } from '../core/metrics.ts';
import type { Operations } from '../core/operations.ts';
import { createExposition } from './exposition.ts';
import { hostAllowed, isLoopback, tokenCheck, type TokenCheck } from './guard.ts';
import { processMetrics } from './process-metrics.ts';
import { readJson } from './read-json.ts';
import { problem, send, type Reply } from './reply.ts';
import { matchRoute, type Route, type RouteDeps } from './routes.ts';

export interface AdminServer {
  /** Listens; resolves with the port in use. Rejects with AuditsinkError('listen') when it cannot. */
  start(): Promise<{ host: string; port: number }>;
  /** Answers what is in flight, then closes. */
  stop(): Promise<void>;
}

export interface AdminDeps {
  operations: Operations;
  metrics: Metrics;
  logger: Logger;
  clock: Clock;
}

/** What a client may take; the rest is cut by Node itself with 408, 431 or a closed connection. */
const limits = {
  connections: 128,
  headerBytes: 16 * 1024,
  headersMs: 10_000,
  requestMs: 15_000,
  /** Nothing sent or read for so long; more than a test event may take at its sink. */
  idleMs: 120_000,
  checkMs: 1000,
  /** How long requests in flight may take once we stop. */
  drainMs: 2000,
};

/** The admin endpoint: probes, metrics and the API. `start` and `stop` are idempotent; it starts once only. */
export function createAdminServer(
  options: { host: string; port: number; token: string | null },
  deps: AdminDeps,
  overrides: Partial<typeof limits> = {},
): AdminServer {
  return new Admin(options, deps, { ...limits, ...overrides });
}

class Admin implements AdminServer {
  readonly #host: string;
  readonly #port: number;
  readonly #tokenOk: TokenCheck | null;
  readonly #deps: RouteDeps;
  readonly #logger: Logger;
  readonly #drainMs: number;
  readonly #server: Server;
  readonly #refusals = new Doubling();
  #started: Promise<{ host: string; port: number }> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(
    options: { host: string; port: number; token: string | null },
    deps: AdminDeps,
    bounds: typeof limits,
  ) {
    this.#host = options.host;
    this.#port = options.port;
    this.#tokenOk = options.token === null ? null : tokenCheck(options.token);
    this.#logger = deps.logger;
    this.#drainMs = bounds.drainMs;
    this.#deps = {
      operations: deps.operations,
      exposition: createExposition(deps.metrics, processMetrics()),
      clock: deps.clock,
    };
    this.#server = createServer(
      {
        maxHeaderSize: bounds.headerBytes,
        headersTimeout: bounds.headersMs,
        requestTimeout: bounds.requestMs,
        connectionsCheckingInterval: bounds.checkMs,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = bounds.connections;
    this.#server.setTimeout(bounds.idleMs);
  }

  start(): Promise<{ host: string; port: number }> {
    this.#started ??= this.#listen();
    return this.#started;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#close();
    return this.#stopped;
  }

  get #address(): string {
    return this.#host.includes(':') ? `[${this.#host}]:${this.#port}` : `${this.#host}:${this.#port}`;
  }

  #listen(): Promise<{ host: string; port: number }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ host: string; port: number }>();
    if (this.#tokenOk === null && !isLoopback(this.#host)) {
      reject(
        new AuditsinkError(
          'listen',
          `will not listen on ${this.#address} without a token: set "admin.token"`,
        ),
      );
      return promise;
    }
    const fail = (error: Error): void => {
      const message = `cannot listen on ${this.#address}: ${messageOf(error)}; free the port or change "admin.listen"`;
      reject(new AuditsinkError('listen', message, { cause: error }));
    };
    this.#server.once('error', fail);
    this.#server.listen(this.#port, this.#host, () => {
      this.#server.off('error', fail);
      this.#server.on('error', (error) =>
        this.#logger.error({ address: this.#address, err: error }, 'admin listener failed'),
      );
      const bound = this.#server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : this.#port;
      resolve({ host: this.#host, port });
    });
    return promise;
  }

  async #close(): Promise<void> {
    if (this.#started === undefined) return;
    // A failed start has nothing to close and was told to whoever started it.
    if (!this.#server.listening && !(await settledWell(this.#started))) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    const cut = this.#deps.clock.after(this.#drainMs, () => this.#server.closeAllConnections());
    await promise;
    cut.clear();
  }

  /** Never rejects. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let reply: Reply;
    try {
      reply = await this.#answer(request);
    } catch (error) {
      // Nobody to answer: the client went away, or was cut off for being slow.
      if (response.destroyed || request.socket.destroyed) return;
      this.#logger.error({ method: request.method, err: error }, 'admin request failed');
      reply = failure(error);
    }
    if (response.destroyed) return;
    // A connection kept alive would hold up the stop.
    if (this.#stopped !== undefined) response.shouldKeepAlive = false;
    send(response, reply);
  }

  async #answer(request: IncomingMessage): Promise<Reply> {
    const target = request.url ?? '';
    const [path = '', ...search] = target.split('?');
    if (!hostAllowed(request.headers.host, this.#host)) {
      this.#refused(request, 'host');
      return problem(421, 'the Host header names another site; ask for localhost or 127.0.0.1');
    }
    const match = matchRoute(request.method ?? '', path);
    switch (match.kind) {
      case 'none':
        return problem(404, 'there is nothing at this path');
      case 'wrong_method':
        return problem(405, `use ${match.allow}`, { headers: { allow: match.allow } });
      case 'route':
        break;
    }
    if (!this.#mayUse(match.route, request.headers.authorization)) {
      this.#refused(request, 'token');
      return problem(401, 'send the configured token as Authorization: Bearer', {
        headers: { 'www-authenticate': 'Bearer realm="auditsink"' },
      });
    }
    let body: unknown;
    if (match.route.method === 'POST') {
      const read = await readJson(request);
      if (!read.ok) return read.reply;
      body = read.value;
    }
    const query = new URLSearchParams(search.join('?'));
    const reply = await match.route.handle({ params: match.params, query, body }, this.#deps);
    if (reply.done !== undefined) {
      const from = request.socket.remoteAddress;
      this.#logger.info({ path: match.route.path, ...reply.done, from }, 'admin request carried out');
    }
    return reply;
  }

  #mayUse(route: Route, authorization: string | undefined): boolean {
    if (this.#tokenOk === null || route.access === 'anyone') return true;
    if (route.access === 'scraper' && isLoopback(this.#host)) return true;
    return this.#tokenOk(authorization);
  }

  /** Logged at the first and at each doubling, so that whoever guesses tokens cannot fill the log. */
  #refused(request: IncomingMessage, reason: 'host' | 'token'): void {
    if (!this.#refusals.next()) return;
    const from = request.socket.remoteAddress;
    this.#logger.warn({ reason, from, refusals: this.#refusals.count }, 'admin request refused');
  }
}

async function settledWell(started: Promise<unknown>): Promise<boolean> {
  try {
    await started;
    return true;
  } catch {
    // The caller of start has the error.
    return false;
  }
}

/** What an operator can act on is told; a bug is in the log. */
function failure(error: unknown): Reply {
  if (error instanceof AuditsinkError) return problem(503, error.message);
  return problem(500, 'an internal error; the log has the details');
}
