import { hash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { JournaledEvent } from '../core/event.ts';
import type { BatchPolicy } from '../core/policy.ts';
import type { BodyRenderer, Rendered } from '../core/render.ts';
import type { OutboundRequest } from '../core/transport.ts';

/** What signs one request; see the signature schemes in `core`. */
export interface RequestSigner {
  headers(input: { id: string; timestampS: number; body: string }): Array<[name: string, value: string]>;
}

export interface RequestMakerOptions {
  /** Static headers by name; always with a content-type. */
  headers: Readonly<Record<string, string>>;
  /** null: the event as it came. */
  renderer: BodyRenderer | null;
  /** The event as it came, in the form its own system would send. */
  original: (event: JournaledEvent) => string;
  signer: RequestSigner | null;
  batch: BatchPolicy | null;
  userAgent: string;
}

/** Renders events into a request and signs it, anew for each attempt, so that timestamps are fresh. */
export class RequestMaker {
  readonly #options: RequestMakerOptions;
  readonly #clock: Clock;
  readonly #static: string[];
  readonly #hasTraceparent: boolean;

  constructor(options: RequestMakerOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    const headers = Object.entries(options.headers);
    if (!headers.some(([name]) => name.toLowerCase() === 'user-agent'))
      headers.push(['user-agent', options.userAgent]);
    this.#static = headers.flat();
    this.#hasTraceparent = headers.some(([name]) => name.toLowerCase() === 'traceparent');
  }

  /** One event's body, or its part of a batch. Never throws. */
  render(event: JournaledEvent): Rendered {
    const { renderer, original } = this.#options;
    return renderer === null ? { ok: true, body: original(event) } : renderer.render(event.event);
  }

  /** The request for one rendered event; null where it cannot be signed. */
  tryRequest(event: JournaledEvent, body: string): OutboundRequest | null {
    try {
      return this.request([event], [body]);
    } catch {
      return null; // said when it is its turn
    }
  }

  /**
   * The request for these rendered events: one alone, or several as a batch. `traceparent` is left out where the
   * config has a header of that name.
   */
  request(
    events: readonly JournaledEvent[],
    bodies: readonly string[],
    traceparent: string | null = null,
  ): OutboundRequest {
    const { batch, signer } = this.#options;
    const first = events[0] as JournaledEvent;
    const body = batch === null ? (bodies[0] as string) : joined(batch, bodies);
    const id = batch === null ? first.event.id : batchId(events);
    const headers = this.#static.concat('idempotency-key', id);
    if (traceparent !== null && !this.#hasTraceparent) headers.push('traceparent', traceparent);
    if (signer !== null) {
      const timestampS = Math.floor(this.#clock.now() / 1000);
      for (const [name, value] of signer.headers({ id, timestampS, body })) headers.push(name, value);
    }
    return { headers, body };
  }
}

function joined(batch: BatchPolicy, bodies: readonly string[]): string {
  return batch.format === 'json_array' ? `[${bodies.join(',')}]` : `${bodies.map(oneLine).join('\n')}\n`;
}

/** Line breaks in JSON stand only between its tokens, where a space does as well. */
function oneLine(body: string): string {
  const text = body.trim();
  return text.includes('\n') || text.includes('\r') ? text.replaceAll(/\s*[\r\n]+\s*/g, ' ') : text;
}

/** The same for the same events, so that a repeated batch is recognised as one. */
function batchId(events: readonly JournaledEvent[]): string {
  return `batch-${hash('sha256', events.map(({ event }) => event.id).join('\n')).slice(0, 32)}`;
}
