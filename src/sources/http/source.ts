import { Buffer, isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import {
  maxRejectHeadBytes,
  type Decoder,
  type Intake,
  type RejectReason,
  type Source,
} from '../../core/source.ts';
import { createAuthoriser, type Authoriser, type VerifySetting } from './authorise.ts';
import { inflate, readBody } from './body.ts';
import { Budget } from './budget.ts';
import { GroupCommit } from './group-commit.ts';
import type { HttpListeners, Route } from './listener.ts';
import { Refusals } from './refusals.ts';
import { RepeatIds } from './repeats.ts';

export interface HttpSourceOptions {
  name: string;
  host: string;
  port: number;
  path: string;
  maxBodyBytes: number;
  verify: VerifySetting;
}

export interface HttpSourceDeps {
  decode: Decoder;
  listeners: HttpListeners;
  clock: Clock;
  logger: Logger;
}

export interface HttpSource extends Source {
  /** The port it listens on; 0 while it does not. */
  readonly port: number;
}

/** Flagsmith and Unleash give up after 10 s: the answer must come before that. */
const maxWaitMs = 5000;
const maxItemsPerCommit = 1000;
/** Bytes of bodies held at one time, from their arrival to their answer. */
const maxHeldBytes = 16 * 1024 * 1024;
/** What a sender is told to wait: long enough for a full disk not to be hammered, short enough to be kept. */
const retryAfterS = 5;

/** An answer that takes nothing in. */
interface Refusal {
  status: number;
  reason: string;
  headers?: Record<string, string>;
}

const busy: Refusal = {
  status: 503,
  reason: 'the journal cannot take events at the moment',
  headers: { 'retry-after': String(retryAfterS) },
};

/**
 * Takes events by HTTP. 202 means that the event is on the disk; 503 that the sender must come again; any 4xx
 * that this request will never be taken. Throws AuditsinkError('config') for a secret that cannot be used;
 * `start` rejects with AuditsinkError('listen') when the address cannot be listened on.
 *
 * stopped ─start─▶ listening ─stop─▶ draining (requests in flight are answered) ─▶ stopped
 */
export function createHttpSource(options: HttpSourceOptions, deps: HttpSourceDeps): HttpSource {
  return new HttpIntakeSource(options, deps);
}

class HttpIntakeSource implements HttpSource {
  readonly name: string;
  readonly ended: Promise<void>;
  readonly #options: HttpSourceOptions;
  readonly #deps: HttpSourceDeps;
  readonly #authoriser: Authoriser;
  readonly #repeats: RepeatIds;
  readonly #refusals: Refusals;
  readonly #budget: Budget;
  #route: Promise<Route> | undefined;
  #port = 0;
  #commits: GroupCommit | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: HttpSourceOptions, deps: HttpSourceDeps) {
    this.name = options.name;
    this.ended = Promise.withResolvers<void>().promise; // a listener has no end of its own
    this.#options = options;
    this.#deps = deps;
    this.#authoriser = createAuthoriser(options.verify);
    this.#repeats = new RepeatIds(options.name, deps.clock);
    this.#budget = new Budget(Math.max(maxHeldBytes, 2 * options.maxBodyBytes));
    this.#refusals = new Refusals(options.name, deps.clock, deps.logger);
  }

  get port(): number {
    return this.#port;
  }

  async start(intake: Intake): Promise<void> {
    if (this.#route === undefined) {
      const { host, port, path } = this.#options;
      this.#stopping = undefined;
      this.#commits = new GroupCommit(intake, this.#deps.clock, {
        maxItems: maxItemsPerCommit,
        maxWaitMs,
        onRefused: (error) => {
          if (this.#stopping !== undefined) return;
          const fields = { source: this.name, error: messageOf(error) };
          this.#deps.logger.error(fields, 'the journal refused a batch');
        },
      });
      const handle = (request: IncomingMessage, response: ServerResponse): Promise<void> =>
        this.#handle(request, response);
      this.#route = this.#deps.listeners.open(host, port, path, handle);
    }
    try {
      this.#port = (await this.#route).port;
    } catch (error) {
      this.#route = undefined;
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.#route === undefined) return;
    this.#stopping ??= this.#drain(this.#route);
    await this.#stopping;
  }

  async #drain(route: Promise<Route>): Promise<void> {
    await (await route).close();
    await this.#commits?.drained();
    this.#commits = undefined;
    this.#port = 0;
    this.#route = undefined;
  }

  health(): { reading: boolean; detail: string; lagBytes: number } {
    const { host } = this.#options;
    if (this.#port === 0) return { reading: false, detail: 'not listening', lagBytes: 0 };
    if (this.#commits?.stuck === true)
      return { reading: false, detail: busy.reason, lagBytes: this.#budget.usedBytes };
    return { reading: true, detail: `listening on ${host}:${this.#port}`, lagBytes: this.#budget.usedBytes };
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refuseByHeaders(request) ?? this.#refuseSender(request) ?? this.#refuseSize(request);
    if (request.headers.expect !== undefined) {
      if (refusal !== undefined) return this.#refuse(response, refusal);
      response.writeContinue();
    }
    const body = await readBody(
      request,
      refusal === undefined ? this.#options.maxBodyBytes : 0,
      this.#budget,
    );
    if (body.kind === 'gone') return undefined;
    if (refusal !== undefined) return this.#refuse(response, refusal);
    if (body.kind !== 'whole') return this.#refuse(response, body.kind === 'busy' ? busy : this.#tooLarge());
    const outcome = await this.#take(request, body.bytes).finally(() => this.#budget.give(body.bytes.length));
    if (outcome !== undefined) return this.#refuse(response, outcome);
    this.#closeIfStopping(response);
    response.writeHead(202, { 'content-length': '0' });
    response.end();
    return undefined;
  }

  /** Checks, decodes and commits a body; undefined when it is on the disk. */
  async #take(request: IncomingMessage, received: Buffer): Promise<Refusal | undefined> {
    const nowS = this.#deps.clock.now() / 1000;
    let verdict = this.#authoriser.body(request.headers, received, nowS);
    let body = received;
    if (isCompressed(request)) {
      const inflated = inflate(received, this.#options.maxBodyBytes);
      if (inflated.kind === 'invalid') return { status: 400, reason: 'the body is not valid gzip' };
      if (inflated.kind === 'too_large') return this.#tooLarge();
      body = inflated.bytes;
      // Whether the signature is over the packed or the plain bytes depends on who packed them.
      if (!verdict.ok) verdict = this.#authoriser.body(request.headers, body, nowS);
    }
    if (!verdict.ok) return this.#unauthorised(verdict.reason);
    if (!isUtf8(body)) return this.#reject(request, body, 'invalid_utf8');
    const decoded = this.#deps.decode(body.toString('utf8'), () => '');
    if (decoded.kind === 'skipped') return this.#reject(request, body, 'not_an_event');
    if (decoded.kind === 'rejected') return this.#reject(request, body, decoded.reason);
    const { incoming } = decoded;
    incoming.event.id = this.#repeats.idOf(incoming, webhookId(request));
    return (await this.#commits?.add(incoming)) === 'committed' ? undefined : busy;
  }

  async #reject(request: IncomingMessage, body: Buffer, reason: RejectReason): Promise<Refusal> {
    const position = `POST ${this.#options.path} from ${request.socket.remoteAddress ?? 'unknown'}`;
    const head = Buffer.from(body.subarray(0, maxRejectHeadBytes));
    await this.#commits?.reject({ reason, position, head, sizeBytes: body.length });
    return { status: 400, reason: rejectWords[reason] };
  }

  #refuseSender(request: IncomingMessage): Refusal | undefined {
    const verdict = this.#authoriser.headers(request.headers);
    return verdict.ok ? undefined : this.#unauthorised(verdict.reason);
  }

  #refuseSize(request: IncomingMessage): Refusal | undefined {
    const declared = Number(request.headers['content-length'] ?? 0);
    return declared > this.#options.maxBodyBytes ? this.#tooLarge() : undefined;
  }

  #unauthorised(reason: string): Refusal {
    // RFC 9110 wants a challenge; a signature has no registered scheme.
    const challenge = this.#options.verify?.scheme === 'bearer' ? 'Bearer' : 'Signature';
    return { status: 401, reason, headers: { 'www-authenticate': challenge } };
  }

  #tooLarge(): Refusal {
    return { status: 413, reason: `the body is larger than ${this.#options.maxBodyBytes} bytes` };
  }

  #refuse(response: ServerResponse, { status, reason, headers }: Refusal): void {
    this.#refusals.note(status, reason);
    const body = `${JSON.stringify({ error: reason })}\n`;
    // Whatever is left of the request is not worth reading to keep the connection.
    if (!response.req.complete) response.shouldKeepAlive = false;
    this.#closeIfStopping(response);
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      ...headers,
    });
    response.end(body);
  }

  #closeIfStopping(response: ServerResponse): void {
    if (this.#stopping !== undefined) response.shouldKeepAlive = false;
  }
}

const rejectWords: Record<RejectReason, string> = {
  too_long: 'the body is too long',
  invalid_utf8: 'the body is not valid UTF-8',
  invalid_json: 'the body is not valid JSON',
  not_an_event: 'the body is no event of the format this source expects',
  truncated: 'the body is cut off',
};

function refuseByHeaders(request: IncomingMessage): Refusal | undefined {
  if (request.method !== 'POST')
    return { status: 405, reason: 'only POST is taken', headers: { allow: 'POST' } };
  const { 'content-type': contentType, 'content-encoding': encoding } = request.headers;
  if (contentType !== undefined && !/^\s*application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType)) {
    return { status: 415, reason: 'only JSON is taken: send Content-Type: application/json' };
  }
  if (encoding !== undefined && !/^\s*(?:identity|gzip|x-gzip)?\s*$/i.test(encoding)) {
    return {
      status: 415,
      reason: 'of the content encodings only gzip is taken',
      headers: { 'accept-encoding': 'gzip' },
    };
  }
  return undefined;
}

function isCompressed(request: IncomingMessage): boolean {
  return /gzip/i.test(request.headers['content-encoding'] ?? '');
}

/** The id of Standard Webhooks; other systems use a header of this name for other things. */
function webhookId(request: IncomingMessage): string | undefined {
  const { 'webhook-id': id, 'webhook-signature': signature } = request.headers;
  return typeof id === 'string' && id !== '' && signature !== undefined ? id : undefined;
}
