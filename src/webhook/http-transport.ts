import type { Dispatcher } from 'undici';
import type { AttemptResult } from '../core/attempt.ts';
import type { Clock } from '../core/clock.ts';
import { secretMask } from '../core/secret-mask.ts';
import type { OutboundRequest, Transport } from '../core/transport.ts';
import { Attempt } from './attempt.ts';
import { Connection } from './connection.ts';
import { Connector } from './connector.ts';
import type { TlsSettings } from './connector.ts';
import { Deadlines } from './deadlines.ts';
import { openProxy, proxyOf } from './proxy.ts';

export interface HttpTransportOptions {
  url: string;
  method: 'POST' | 'PUT' | 'PATCH';
  /** For the whole attempt, connecting included. */
  timeoutMs: number;
  tls: TlsSettings;
  /** Proxy URL; null: what the *_PROXY variables say. */
  proxy: string | null;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  /** Hidden in replies, which are kept when an attempt failed. */
  secrets: readonly string[];
}

/**
 * Requests to one URL over connections of our own, each with one request at a time; through a proxy by undici's
 * agents. Redirects are not followed.
 */
export class HttpTransport implements Transport {
  readonly #options: HttpTransportOptions;
  readonly #origin: string;
  readonly #host: string;
  readonly #path: string;
  readonly #authorization: string[];
  /** Connections without a request, the one used last on top, so that few are kept warm under little load. */
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  readonly #connector: Connector;
  /** null: requests go directly. */
  readonly #proxied: Promise<Dispatcher> | null;
  readonly #deadlines: Deadlines<Attempt>;
  readonly #mask: (reply: string) => string;

  /**
   * `url` is http or https; `user:password@` in it becomes a Basic Authorization header.
   * Throws AuditsinkError('config') for a proxy that cannot be used.
   */
  constructor(options: HttpTransportOptions) {
    const url = new URL(options.url);
    this.#options = options;
    this.#mask = secretMask(options.secrets);
    this.#origin = url.origin;
    this.#host = url.host;
    this.#deadlines = new Deadlines(options.clock, options.timeoutMs);
    this.#path = url.pathname + url.search;
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    this.#authorization =
      url.username === '' && url.password === ''
        ? []
        : ['authorization', `Basic ${Buffer.from(credentials).toString('base64')}`];
    this.#connector = new Connector(url, options.tls);
    const proxy = proxyOf(url, options.proxy, options.env);
    this.#proxied = proxy === null ? null : openProxy(proxy, options.tls, options.timeoutMs);
    this.#proxied?.catch(() => {}); // said at each request
  }

  send(request: OutboundRequest, done: (result: AttemptResult) => void): void {
    const connection = this.#proxied === null ? (this.#idle.pop() ?? this.#connect()) : null;
    const { clock, timeoutMs, method } = this.#options;
    const attempt = new Attempt(clock, timeoutMs, this.#deadlines, (result, isReusable) => {
      if (connection !== null) this.#release(connection, isReusable);
      if (result.kind === 'response') result.reply = this.#mask(result.reply);
      done(result);
    });
    const headers =
      this.#authorization.length === 0 ? request.headers : request.headers.concat(this.#authorization);
    const outgoing = { origin: this.#origin, path: this.#path, method, headers, body: request.body };
    if (connection === null) {
      this.#proxied
        ?.then((agent) => agent.dispatch(outgoing, attempt))
        .catch((error: unknown) => attempt.refused(error));
      return;
    }
    try {
      connection.dispatch(outgoing, attempt);
    } catch (error) {
      // The request itself is refused, such as a malformed header.
      attempt.refused(error);
    }
  }

  async close(): Promise<void> {
    const closing = [...this.#all];
    this.#all.clear();
    this.#idle.length = 0;
    await Promise.all(closing.map((connection) => connection.destroy()));
    await this.#proxied?.then((agent) => agent.destroy()).catch(() => {}); // never opened
    this.#deadlines.close();
  }

  #connect(): Connection {
    const connection = new Connection(this.#host, this.#connector);
    this.#all.add(connection);
    return connection;
  }

  #release(connection: Connection, isReusable: boolean): void {
    if (!this.#all.has(connection)) return;
    if (isReusable) {
      this.#idle.push(connection);
    } else {
      this.#all.delete(connection);
      void connection.destroy();
    }
  }
}
