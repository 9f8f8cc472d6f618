import { connect, isIP } from 'node:net';
import type { OnReadOpts, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';

/** PEM texts; null: Node's own roots, no client certificate. */
export interface TlsSettings {
  ca: string | null;
  cert: string | null;
  key: string | null;
}

/** Those that are given, as Node takes them. */
export function pemOptions({ ca, cert, key }: TlsSettings): Pick<ConnectionOptions, 'ca' | 'cert' | 'key'> {
  return {
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
  };
}

/** TCP keep-alive, so that a connection that died in the network is noticed while it is idle. */
const keepAliveMs = 60_000;

/** Opens the sockets of one origin: plain, or TLS with HTTP/1.1, whose session the next one takes up. */
export class Connector {
  readonly #host: string;
  readonly #port: number;
  readonly #tls: ConnectionOptions | null;
  #session: Buffer | undefined;

  /** `origin` is http or https. */
  constructor(origin: URL, tls: TlsSettings) {
    const isSecure = origin.protocol === 'https:';
    this.#host = origin.hostname.replace(/^\[(.*)\]$/, '$1');
    this.#port = origin.port === '' ? (isSecure ? 443 : 80) : Number(origin.port);
    this.#tls = isSecure
      ? {
          ALPNProtocols: ['http/1.1'],
          // RFC 6066 allows no address as a server name.
          ...(isIP(this.#host) === 0 ? { servername: this.#host } : {}),
          ...pemOptions(tls),
        }
      : null;
  }

  get isSecure(): boolean {
    return this.#tls !== null;
  }

  /** The socket is ready at `onReady`; what goes wrong before that is its `error`. Throws for a certificate that is none. */
  open(onread: OnReadOpts, onReady: () => void): Socket {
    const options = {
      host: this.#host,
      port: this.#port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
      onread,
    };
    if (this.#tls === null) return connect(options, onReady);
    const session = this.#session === undefined ? {} : { session: this.#session };
    const socket = connectTls({ ...options, ...this.#tls, ...session }, onReady);
    socket.on('session', (next) => {
      this.#session = next;
    });
    return socket;
  }
}
