import type { AttemptResult } from '../../src/core/attempt.ts';
import type { Clock, Timer } from '../../src/core/clock.ts';
import type { AuditEvent, JournaledEvent } from '../../src/core/event.ts';
import { redecode } from '../../src/core/formats/decoder.ts';
import type { Logger } from '../../src/core/logger.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { createMetrics } from '../../src/core/metrics.ts';
import type { DeliveryPolicy, RetryPolicy } from '../../src/core/policy.ts';
import type { SinkTracer } from '../../src/core/tracing.ts';
import type { OutboundRequest, Transport } from '../../src/core/transport.ts';
import { Dispatcher } from '../../src/delivery/dispatcher.ts';
import { Feed } from '../../src/delivery/feed.ts';
import { Recorder } from '../../src/delivery/recorder.ts';
import { RequestMaker } from '../../src/delivery/request-maker.ts';
import { SqliteHistory } from '../../src/journal/sqlite-history.ts';
import { SqliteJournal } from '../../src/journal/sqlite-journal.ts';
import { incoming } from '../support/events.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

export const retry: RetryPolicy = {
  initialIntervalMs: 1000,
  multiplier: 2,
  maxIntervalMs: 60_000,
  jitter: 'none',
  maxAttempts: null,
  scheduleMs: null,
  maxElapsedMs: 15_000,
  on: ['network', 'timeout', 'dns', 408, 429, '5xx'],
};

export const policy: DeliveryPolicy = {
  concurrency: 4,
  orderBy: null,
  rateLimit: null,
  retry,
  circuitBreaker: null,
  batch: null,
  timeoutMs: 10_000,
  success: null,
};

/** A request as the receiver saw it. */
export interface Seen {
  at: number;
  /** Keys of the flags in the body. */
  keys: string[];
  body: string;
  headers: string[];
}

type Answer = number | AttemptResult | 'hang' | { status: number; retryAfter?: string; reply?: string };

/** A receiver that answers as the test says, on the test's clock. */
export class FakeReceiver implements Transport {
  readonly seen: Seen[] = [];
  answer: (seen: Seen) => Answer = () => 200;
  delayMs = 1;
  inFlight = 0;
  mostInFlight = 0;
  readonly #clock: FakeClock;
  readonly #hanging: Array<(result: AttemptResult) => void> = [];

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  send(request: OutboundRequest, done: (result: AttemptResult) => void): void {
    const keys = [...request.body.matchAll(/"key":"([^"]+)"/g)].map((match) => match[1] as string);
    const seen = { at: this.#clock.monotonic(), keys, body: request.body, headers: request.headers };
    this.seen.push(seen);
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    const answer = this.answer(seen);
    const finish = (result: AttemptResult): void => {
      this.inFlight -= 1;
      done(result);
    };
    if (answer === 'hang') {
      this.#hanging.push(finish);
    } else {
      this.#clock.after(this.delayMs, () => finish(resultOf(answer)));
    }
  }

  close(): Promise<void> {
    for (const finish of this.#hanging.splice(0)) {
      finish({ kind: 'error', class: 'network', message: 'broken off', durationMs: 1 });
    }
    return Promise.resolve();
  }

  get keys(): string[] {
    return this.seen.flatMap(({ keys }) => keys);
  }
}

function resultOf(answer: Exclude<Answer, 'hang'>): AttemptResult {
  if (typeof answer === 'number') answer = { status: answer };
  if ('kind' in answer) return answer;
  const { status, retryAfter, reply = '' } = answer;
  return { kind: 'response', status, retryAfter, reply, durationMs: 1 };
}

/** The test's clock as one process sees it: once that is dead its timers do nothing. */
class ProcessClock implements Clock {
  readonly #clock: Clock;
  isAlive = true;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#clock.after(delayMs, () => {
      if (this.isAlive) run();
    });
  }
}

export interface SinkSetup {
  name?: string;
  policy?: Partial<DeliveryPolicy>;
  retry?: Partial<RetryPolicy>;
  wants?: (event: AuditEvent) => boolean;
  cursorIfNew?: number;
  maker?: RequestMaker;
  tracer?: SinkTracer;
}

/** A journal on disk with dispatchers on a clock that the test holds; `restart` drops them all as a crash would. */
export class World {
  readonly clock: FakeClock;
  readonly dir: string;
  readonly logged: Array<{ level: string; msg: string; fields: Record<string, unknown> }> = [];
  metrics = createMetrics();
  journal!: SqliteJournal;
  feed!: Feed;
  recorder!: Recorder;
  #dispatchers: Dispatcher[] = [];
  #life!: ProcessClock;
  rng: () => number = () => 0.5;

  constructor(dir: string, clock = new FakeClock()) {
    this.dir = dir;
    this.clock = clock;
    this.boot();
  }

  boot(): void {
    const clock = new ProcessClock(this.clock);
    this.#life = clock;
    this.metrics = createMetrics();
    this.journal = new SqliteJournal(this.dir, { clock, onStall: () => {} });
    this.feed = new Feed({
      journal: this.journal,
      clock,
      redecode: ({ source, id, format, text }) => redecode(source, id, format, text),
    });
    this.recorder = new Recorder({
      journal: this.journal,
      clock,
      onBroken: (error) => {
        if (clock.isAlive) throw error;
      },
    });
  }

  async sink(receiver: Transport, setup: SinkSetup = {}): Promise<Dispatcher> {
    const { feed, journal, recorder, metrics } = this;
    const clock = this.#life;
    const whole = { ...policy, ...setup.policy, retry: { ...retry, ...setup.retry } };
    const maker =
      setup.maker ??
      new RequestMaker(
        {
          headers: { 'content-type': 'application/json' },
          renderer: null,
          original: ({ text }: JournaledEvent) => text,
          signer: null,
          batch: whole.batch,
          userAgent: 'test',
        },
        clock,
      );
    const dispatcher = new Dispatcher(
      {
        sink: setup.name ?? 'sink',
        policy: whole,
        wants: setup.wants ?? (() => true),
        maker,
        transport: receiver,
        tracer: setup.tracer ?? null,
      },
      {
        feed,
        journal,
        recorder,
        clock,
        rng: () => this.rng(),
        logger: this.#logger(),
        metrics,
        onBroken: (error) => {
          if (clock.isAlive) throw error;
        },
      },
    );
    this.#dispatchers.push(dispatcher);
    await dispatcher.start(setup.cursorIfNew ?? 0);
    return dispatcher;
  }

  async accept(...keys: string[]): Promise<void> {
    const events = keys.map((key) => incoming(key));
    const { seqs, acceptedAt } = await this.journal.append(
      'flipt',
      { events, rejects: [], skipped: 0, checkpoints: [] },
      null,
    );
    this.feed.append(events.map((event, i) => ({ ...event, seq: seqs[i] as number, acceptedAt })));
    await settle();
  }

  /** Drops everything in memory, as SIGKILL would, and starts anew on the same files after `downMs`. */
  async crash(downMs = 0): Promise<void> {
    this.#dispatchers = [];
    this.#life.isAlive = false;
    await this.journal.close();
    await this.clock.advance(downMs);
    this.boot();
  }

  async stop(): Promise<void> {
    for (const dispatcher of this.#dispatchers) await dispatcher.stop();
    await this.journal.close();
  }

  history(): SqliteHistory {
    return new SqliteHistory(this.dir);
  }

  /** State, attempts and reason of every delivery of a sink, by event id. */
  states(sink = 'sink'): Record<string, string> {
    const history = this.history();
    const states: Record<string, string> = {};
    for (const { eventId, state, attempts } of history.list({ sink, limit: 100_000 })) {
      states[eventId.replace('id-', '')] = `${state} ${attempts}`;
    }
    history.close();
    return states;
  }

  #logger(): Logger {
    const at =
      (level: string) =>
      (fields: Record<string, unknown>, msg: string): void => {
        this.logged.push({ level, msg, fields });
      };
    return { ...silentLogger, info: at('info'), warn: at('warn'), error: at('error') };
  }
}
