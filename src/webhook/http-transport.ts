import { EnvHttpProxyAgent, ProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import type { AttemptResult } from '../core/attempt.ts';
import type { Clock } from '../core/clock.ts';
import { AuditsinkError } from '../core/errors.ts';
import { parseProxyUrl } from '../core/proxy-url.ts';
import { secretMask } from '../core/secret-mask.ts';
import type { OutboundRequest, Sending, Transport } from '../core/transport.ts';
import { Attempt } from './attempt.ts';
import { Connection } from './connection.ts';
import { Deadlines } from './deadlines.ts';

export interface HttpTransportOptions {
  url: string;
  method: 'POST' | 'PUT' | 'PATCH';
  /** For the whole attempt, connecting included. */
  timeoutMs: number;
  /** PEM texts. */
  tls: { ca: string | null; cert: string | null; key: string | null };
  /** Proxy URL; null: what the *_PROXY variables say. */
  proxy: string | null;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  /** Hidden in replies, which are kept when an attempt failed. */
  secrets: readonly string[];
}

/** For requests through a proxy. */
const connectionOptions = {
  // The attempt's own timer bounds the whole; undici's would only bound its parts, to the half second.
  headersTimeout: 0,
  bodyTimeout: 0,
  // How long an idle connection is kept, unless the receiver's Keep-Alive header says less.
  keepAliveTimeout: 30_000,
  keepAliveMaxTimeout: 30_000,
};

/**
 * Requests to one URL over connections of our own, each with one request at a time; through a proxy by undici's
 * agents. Redirects are not followed.
 */
export class HttpTransport implements Transport {
  readonly #options: HttpTransportOptions;
  readonly #origin: URL;
  readonly #path: string;
  readonly #authorization: string[];
  /** Connections without a request, the one used last on top, so that few are kept warm under little load. */
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  readonly #proxied: Dispatcher | null;
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
    this.#origin = new URL(url.origin);
    this.#deadlines = new Deadlines(options.clock, options.timeoutMs);
    this.#path = url.pathname + url.search;
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    this.#authorization =
      url.username === '' && url.password === ''
        ? []
        : ['authorization', `Basic ${Buffer.from(credentials).toString('base64')}`];
    this.#proxied = this.#makeProxied(url);
  }

  send(request: OutboundRequest, done: (result: AttemptResult) => void): Sending {
    const connection = this.#proxied === null ? (this.#idle.pop() ?? this.#connect()) : null;
    const { clock, timeoutMs, method } = this.#options;
    const attempt = new Attempt(clock, timeoutMs, this.#deadlines, (result, isReusable) => {
      if (connection !== null) this.#release(connection, isReusable);
      if (result.kind === 'response') result.reply = this.#mask(result.reply);
      done(result);
    });
    const headers =
      this.#authorization.length === 0 ? request.headers : request.headers.concat(this.#authorization);
    try {
      const { body } = request;
      if (connection !== null) connection.dispatch({ path: this.#path, method, headers, body }, attempt);
      else
        this.#proxied?.dispatch(
          { origin: this.#origin.origin, path: this.#path, method, headers, body },
          attempt,
        );
    } catch (error) {
      // The request itself is refused, such as a malformed header.
      attempt.refused(error);
    }
    return attempt;
  }

  async close(): Promise<void> {
    const closing = [...this.#all, ...(this.#proxied === null ? [] : [this.#proxied])];
    this.#all.clear();
    this.#idle.length = 0;
    await Promise.all(closing.map((connection) => connection.destroy()));
    this.#deadlines.close();
  }

  #connect(): Connection {
    const connection = new Connection(this.#origin, this.#connectOptions());
    this.#all.add(connection);
    return connection;
  }

  #connectOptions(): { timeout: number; ca?: string; cert?: string; key?: string } {
    const { tls, timeoutMs } = this.#options;
    return {
      timeout: timeoutMs,
      ...(tls.ca === null ? {} : { ca: tls.ca }),
      ...(tls.cert === null ? {} : { cert: tls.cert }),
      ...(tls.key === null ? {} : { key: tls.key }),
    };
  }

  #release(connection: Connection, isReusable: boolean): void {
    if (!this.#all.has(connection)) return;
    if (isReusable) {
      this.#idle.push(connection);
    } else {
      this.#all.delete(connection);
      connection.destroy().catch(() => {
        // It is thrown away; how it takes that is of no interest.
      });
    }
  }

  #makeProxied(url: URL): Dispatcher | null {
    const { proxy, env } = this.#options;
    const options = { ...connectionOptions, requestTls: this.#connectOptions() };
    if (proxy !== null) return new ProxyAgent({ ...options, uri: proxyUrl(proxy, 'the setting `proxy`') });
    const lower = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
    const variable = env[lower] === undefined ? lower.toUpperCase() : lower;
    const written = env[variable] ?? '';
    if (written.trim() === '') return null;
    const fromEnv = proxyUrl(written, `the environment variable ${variable}`);
    // The agent goes without the proxy for what NO_PROXY names.
    const noProxy = env['no_proxy'] ?? env['NO_PROXY'];
    return new EnvHttpProxyAgent({
      ...options,
      httpProxy: fromEnv,
      httpsProxy: fromEnv,
      ...(noProxy === undefined ? {} : { noProxy }),
    });
  }
}

/** `source` is named when it is unusable; the text itself may hold a password. */
function proxyUrl(written: string, source: string): string {
  const url = parseProxyUrl(written);
  if (url !== undefined) return url.href;
  throw new AuditsinkError('config', `${source} is no proxy: write it as http://host:port`);
}
