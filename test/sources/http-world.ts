import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { maxTimerMs, type Clock, type Timer } from '../../src/core/clock.ts';
import type { IncomingEvent } from '../../src/core/event.ts';
import { createDecoder } from '../../src/core/formats/decoder.ts';
import type { Logger } from '../../src/core/logger.ts';
import type { FormatSetting } from '../../src/core/policy.ts';
import type { Intake, Reject, SourceBatch } from '../../src/core/source.ts';
import type { VerifySetting } from '../../src/sources/http/authorise.ts';
import {
  createHttpListeners,
  type HttpListeners,
  type ListenerLimits,
} from '../../src/sources/http/listener.ts';
import { createHttpSource, type HttpSource } from '../../src/sources/http/source.ts';

/** Time that stands still until it is told to move. */
export class HeldClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #timers: Array<{ at: number; run: () => void }> = [];

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = { at: this.#now + Math.min(delayMs, maxTimerMs), run };
    this.#timers.push(timer);
    return { clear: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  get timers(): number {
    return this.#timers.length;
  }

  advance(ms: number): void {
    this.#now += ms;
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter(({ at }) => at > this.#now);
    for (const { run } of due) run();
  }
}

/** A journal in memory that can be made to wait. */
export class HeldIntake implements Intake {
  readonly batches: SourceBatch[] = [];
  /** Ids in the journal, each once. */
  readonly events = new Map<string, IncomingEvent>();
  #gate: PromiseWithResolvers<void> | undefined;
  #broken: Error | undefined;

  hold(): void {
    this.#gate ??= Promise.withResolvers();
  }

  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  /** What `accept` rejects with once its source is being aborted. */
  abort(error: Error): void {
    this.#broken = error;
  }

  checkpoints(): Promise<Map<string, string>> {
    return Promise.resolve(new Map());
  }

  async accept(batch: SourceBatch): Promise<void> {
    this.batches.push(batch);
    await this.#gate?.promise;
    if (this.#broken !== undefined) throw this.#broken;
    for (const incoming of batch.events) {
      if (!this.events.has(incoming.event.id)) this.events.set(incoming.event.id, incoming);
    }
  }

  get texts(): string[] {
    return [...this.events.values()].map(({ text }) => text);
  }

  get rejects(): Reject[] {
    return this.batches.flatMap(({ rejects }) => rejects);
  }
}

export interface Line {
  level: string;
  fields: Record<string, unknown>;
  msg: string;
}

export interface World {
  source: HttpSource;
  clock: HeldClock;
  intake: HeldIntake;
  listeners: HttpListeners;
  lines: Line[];
  port: number;
}

export interface WorldOptions {
  name?: string;
  path?: string;
  port?: number;
  format?: FormatSetting;
  maxBodyBytes?: number;
  verify?: VerifySetting;
  limits?: Partial<ListenerLimits>;
  /** Parts of an earlier world to go on with. */
  from?: Pick<World, 'clock' | 'intake' | 'listeners'>;
}

/** A source that listens on a free port, stopped when the test ends. */
export async function startWorld(t: TestContext, options: WorldOptions = {}): Promise<World> {
  const {
    name = 'hooks',
    path = '/hook',
    port = 0,
    format = 'auto',
    maxBodyBytes = 100_000,
    verify = null,
  } = options;
  const clock = options.from?.clock ?? new HeldClock();
  const intake = options.from?.intake ?? new HeldIntake();
  const lines: Line[] = [];
  const log =
    (level: string) =>
    (fields: Record<string, unknown>, msg: string): void =>
      void lines.push({ level, fields, msg });
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const listeners = options.from?.listeners ?? createHttpListeners({ clock, logger }, options.limits);
  const source = createHttpSource(
    { name, host: '127.0.0.1', port, path, maxBodyBytes, verify },
    { decode: createDecoder(name, format), listeners, clock, logger },
  );
  t.after(async () => {
    intake.release();
    let stopped = false;
    const stopping = source.stop().finally(() => (stopped = true));
    // A test that failed may have left a sender hanging.
    await eventually(() => (clock.advance(1000), stopped), 'the source stops');
    await stopping;
  });
  await source.start(intake);
  return { source, clock, intake, listeners, lines, port: source.port };
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface PostOptions {
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  agent?: Agent;
}

export async function post(
  port: number,
  body: string | Uint8Array,
  options: PostOptions = {},
): Promise<Answer> {
  const { path = '/hook', method = 'POST', headers = {}, agent } = options;
  const sent = request({
    host: '127.0.0.1',
    port,
    path,
    method,
    agent,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString(),
  };
}

/** A bare connection, for what no client would send. */
export class Wire {
  readonly socket: Socket;
  received = '';
  closed = false;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => void (this.received += chunk.toString('latin1')));
    this.socket.on('error', () => void (this.closed = true));
    this.socket.on('close', () => void (this.closed = true));
  }

  send(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  get statuses(): number[] {
    return [...this.received.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
  }

  async until(holds: (wire: Wire) => boolean, what: string): Promise<void> {
    await eventually(() => holds(this), `${what}; received: ${this.received.slice(0, 300)}`);
  }
}

const deadlineMs = 20_000;

/** Waits for a condition of the real world. */
export async function eventually(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!holds()) {
    assert.ok(performance.now() < end, `never happened: ${what}`);
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}
