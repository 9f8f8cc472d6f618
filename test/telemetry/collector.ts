import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { spansOf } from './otlp.ts';
import type { SpanSeen } from './otlp.ts';

/** An OTLP/HTTP receiver for traces on a port of its own. */
export class Collector {
  readonly spans: SpanSeen[] = [];
  readonly requests: Array<{ path: string; headers: IncomingHttpHeaders; body: Buffer }> = [];
  /** By default every export is accepted. */
  answer: (response: ServerResponse) => void = (response) => response.end();
  readonly #server: Server;

  static async start(t: { after: (fn: () => Promise<void>) => void }): Promise<Collector> {
    const collector = new Collector();
    collector.#server.listen(0, '127.0.0.1');
    await once(collector.#server, 'listening');
    t.after(() => collector.stop());
    return collector;
  }

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => {});
      response.on('error', () => {});
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        this.requests.push({ path: request.url ?? '', headers: request.headers, body });
        response.on('finish', () => {
          if (response.statusCode === 200) this.spans.push(...spansOf(body));
        });
        this.answer(response);
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
