import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

export interface Received {
  at: number;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

type Answer = (response: ServerResponse, received: Received, request: IncomingMessage) => void;

/** A real HTTP receiver on a port of its own that keeps what it was sent. */
export class HttpReceiver {
  readonly received: Received[] = [];
  answer: Answer;
  readonly #server: Server;

  static async start(answer: Answer = (response) => response.end('ok')): Promise<HttpReceiver> {
    const receiver = new HttpReceiver(answer);
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  private constructor(answer: Answer) {
    this.answer = answer;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => {});
      response.on('error', () => {});
      request.on('end', () => {
        const received = {
          at: performance.now(),
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        };
        this.received.push(received);
        this.answer(response, received, request);
      });
    });
  }

  /** Hears of CONNECT requests, as a proxy gets them; they are refused. */
  onConnect(listener: () => void): void {
    this.#server.on('connect', (_request, socket) => {
      listener();
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** What arrived, one string per request, by the key of the event in it. */
  get keys(): string[] {
    return this.received.map(({ body }) => /"key":"([^"]+)"/.exec(body)?.[1] ?? body);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
