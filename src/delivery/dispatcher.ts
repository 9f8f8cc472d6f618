import type { AttemptResult } from '../core/attempt.ts';
import type { Clock, Rng, Timer } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { AuditEvent } from '../core/event.ts';
import type { DeliveryRecord, Journal, SinkProgress } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Metrics } from '../core/metrics.ts';
import { readPath } from '../core/path.ts';
import type { LiveSinkStatus } from '../core/operations.ts';
import type { DeliveryPolicy } from '../core/policy.ts';
import type { SinkTracer } from '../core/tracing.ts';
import type { OutboundRequest, Transport } from '../core/transport.ts';
import { judge } from '../core/verdict.ts';
import { Backlog, maxWaiting } from './backlog.ts';
import type { Delivery } from './delivery.ts';
import { FailureLog } from './failure-log.ts';
import type { Feed } from './feed.ts';
import { Holds } from './holds.ts';
import { JobGatherer } from './job.ts';
import type { Job } from './job.ts';
import { Outcomes } from './outcomes.ts';
import type { Recordable, Recorder } from './recorder.ts';
import type { RequestMaker } from './request-maker.ts';
import { Settlement } from './settlement.ts';
import { sinkMeters } from './sink-meters.ts';
import type { SinkMeters } from './sink-meters.ts';
import { Spans } from './spans.ts';
import { Stopwatch } from './stopwatch.ts';

export interface DispatcherOptions {
  sink: string;
  policy: DeliveryPolicy;
  wants: (event: AuditEvent) => boolean;
  maker: RequestMaker;
  transport: Transport;
  /** null: tracing is off. */
  tracer: SinkTracer | null;
}

export interface DispatcherDeps {
  feed: Feed;
  journal: Journal;
  recorder: Recorder;
  clock: Clock;
  rng: Rng;
  logger: Logger;
  metrics: Metrics;
  /** The journal is broken for good: nothing can be settled any more. */
  onBroken: (error: unknown) => void;
}

/**
 * Delivers what one sink owes. `#pump` is its whole loop: called whenever something changed, it starts what may
 * be started and sets one timer for what comes next. Modes:
 *
 * | mode | starts attempts | leaves it |
 * |---|---|---|
 * | idle | no | `start` → running |
 * | running | yes, unless held | `drain` → draining |
 * | draining | no; waits for those under way | `stop` → stopped |
 * | stopped | no; results of broken-off requests are not recorded, so they stay owed | – |
 */
export class Dispatcher implements Recordable {
  readonly sink: string;
  readonly #options: DispatcherOptions;
  readonly #deps: DispatcherDeps;
  readonly #meters: SinkMeters;
  readonly #failureLog: FailureLog;
  readonly #holds: Holds;
  readonly #spans: Spans | null;
  /** Requests under way. */
  #inFlight = 0;
  #mode: 'idle' | 'running' | 'draining' | 'stopped' = 'idle';
  #backlog!: Backlog;
  #outcomes!: Outcomes;
  #active!: Stopwatch;
  #gatherer!: JobGatherer;
  #settlement!: Settlement;
  #moreOpen = false;
  #timer: Timer | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #pumping = false;
  #soon: NodeJS.Immediate | null = null;
  readonly #drained = Promise.withResolvers<void>();

  constructor(options: DispatcherOptions, deps: DispatcherDeps) {
    this.sink = options.sink;
    this.#options = options;
    this.#deps = deps;
    this.#meters = sinkMeters(deps.metrics, options.sink);
    this.#failureLog = new FailureLog(deps.logger, options.sink);
    this.#holds = new Holds(options.policy, { ...deps, sink: options.sink, meters: this.#meters });
    this.#spans = options.tracer === null ? null : new Spans(options.tracer);
  }

  /** Takes up the sink where the journal left it; a sink unknown to it begins at `cursorIfNew`. */
  async start(cursorIfNew: number): Promise<void> {
    if (this.#mode !== 'idle') return;
    const { journal, feed, clock } = this.#deps;
    const { policy, wants, maker } = this.#options;
    const record = await journal.openSink(this.sink, cursorIfNew);
    const recorded = await journal.recordedAfter(this.sink, record.cursor);
    const { orderBy } = policy;
    this.#active = new Stopwatch(clock, record.activeMs);
    this.#outcomes = new Outcomes(record.cursor);
    this.#holds.paused = record.paused;
    this.#backlog = new Backlog(feed, record.cursor, recorded, {
      strict: this.#isStrict,
      laneOf: orderBy === null ? null : (event) => JSON.stringify(readPath(event, orderBy)) ?? '',
      wants,
      capacity: policy.concurrency * (policy.batch?.maxEvents ?? 1),
      onFiltered: (count) => {
        this.#meters.filtered.inc(count);
        this.#deps.recorder.touch(this);
      },
      onPruned: (count) => {
        this.#meters.pruned.inc(count);
        this.#deps.logger.error(
          { sink: this.sink, events: count },
          'events were removed by retention before this sink read them',
        );
      },
      onReady: () => this.#pump(),
      onMissing: (delivery) => this.#settlement.missing(delivery),
      onBroken: this.#deps.onBroken,
    });
    this.#settlement = new Settlement({
      ...this.#deps,
      sink: this.sink,
      retry: policy.retry,
      backlog: this.#backlog,
      outcomes: this.#outcomes,
      active: this.#active,
      meters: this.#meters,
      spans: this.#spans,
      onRow: () => this.#deps.recorder.add(this),
      onFailure: () => this.#deps.recorder.touch(this),
      onSettled: () => this.#takeUpMore(),
    });
    this.#gatherer = new JobGatherer(this.#backlog, maker, policy.batch, {
      clock,
      refuse: (delivery, reason) => this.#settlement.refused(delivery, reason),
      // A request that carries its trace is made when it goes.
      signsAhead: this.#spans === null,
    });
    await this.#takeUpOpen();
    this.#meters.pending.read = () => this.#backlog.pending;
    this.#meters.oldestPending.read = () => this.#oldestPendingS();
    this.#mode = 'running';
    feed.join(this.#backlog);
    this.#pump();
  }

  /** Another process, or the admin API, changed this sink in the journal: a pause, or deliveries owed again. */
  async refresh(): Promise<void> {
    if (this.#mode !== 'running') return;
    const record = await this.#deps.journal.openSink(this.sink, 0);
    if (record.paused !== this.#holds.paused) {
      this.#holds.paused = record.paused;
      this.#deps.logger.info({ sink: this.sink }, record.paused ? 'sink paused' : 'sink resumed');
    }
    await this.#deps.recorder.flush();
    await this.#takeUpOpen();
    this.#pump();
  }

  get pending(): number {
    return this.#backlog.pending;
  }

  /** What an operator sees of it beside what is in the journal. */
  status(): LiveSinkStatus {
    return {
      holds: this.#holds.reasons(),
      pending: this.#backlog.pending,
      inFlight: this.#inFlight,
      oldestPendingAt: this.#backlog.oldestAcceptedAt() ?? null,
      isFailing: this.#failureLog.isFailing,
    };
  }

  takeProgress(): SinkProgress | null {
    return this.#outcomes.take(this.sink, this.#backlog.cursor, this.#active.elapsed());
  }

  /** Starts nothing more; resolves when no attempt is under way. */
  drain(): Promise<void> {
    if (this.#mode === 'running') this.#mode = 'draining';
    this.#timer?.clear();
    this.#timer = null;
    if (this.#inFlight === 0) this.#drained.resolve();
    return this.#drained.promise;
  }

  /** Breaks off what is under way, commits what is known, and lets go of the connections. */
  async stop(): Promise<void> {
    if (this.#mode === 'stopped') return;
    const started = this.#mode !== 'idle';
    this.#mode = 'stopped';
    this.#timer?.clear();
    this.#spans?.interrupted();
    if (started) {
      this.#deps.feed.leave(this.#backlog);
      this.#active.run(false);
      this.#deps.recorder.touch(this);
      await this.#deps.recorder.flush();
    }
    await this.#options.transport.close();
    this.#drained.resolve();
  }

  #pump(): void {
    if (this.#soon !== null) clearImmediate(this.#soon);
    this.#soon = null;
    if (this.#mode !== 'running' || this.#pumping) return;
    this.#pumping = true;
    try {
      this.#backlog.refill();
      this.#active.run(this.#holds.look());
      const moment = { now: this.#deps.clock.now(), active: this.#active.elapsed() };
      while (this.#freeRequests > 0 && this.#holds.mayStart()) {
        const job = this.#gatherer.next(this.#freeRequests);
        if (job === null) break;
        this.#send(job, moment);
        this.#backlog.refill();
      }
      this.#setTimer();
    } finally {
      this.#pumping = false;
    }
  }

  /** One after the other, in the order of the journal. */
  get #isStrict(): boolean {
    const { concurrency, orderBy } = this.#options.policy;
    return concurrency === 1 && orderBy === null;
  }

  get #freeRequests(): number {
    return this.#options.policy.concurrency - this.#inFlight;
  }

  #send(job: Job, { now, active }: { now: number; active: number }): void {
    const { deliveries } = job;
    for (const delivery of deliveries) {
      if (delivery.firstAttemptAt === null) {
        delivery.firstAttemptAt = now;
        delivery.startedActiveMs = active;
      }
      delivery.attempts += 1;
    }
    this.#holds.began();
    const traceparent = this.#spans === null ? null : this.#spans.began(deliveries);
    const request = this.#requestOf(job, traceparent);
    if (request === null) return;
    this.#inFlight += 1;
    this.#options.transport.send(request, (result) => {
      this.#inFlight -= 1;
      if (this.#mode !== 'stopped') this.#ended(deliveries, result);
    });
  }

  /** null when a signature scheme refuses what it is given: then nothing is sent. */
  #requestOf(
    { deliveries, events, bodies, request }: Job,
    traceparent: string | null,
  ): OutboundRequest | null {
    if (request !== null && traceparent === null) return request;
    try {
      return this.#options.maker.request(events, bodies, traceparent);
    } catch (error) {
      for (const delivery of deliveries)
        this.#settlement.refused(delivery, `cannot be signed: ${messageOf(error)}`);
      return null;
    }
  }

  /**
   * An attempt is over. In strict order a delivered one is followed at once by the next, which is ready, and written
   * down while that is on its way.
   */
  #ended(job: readonly Delivery[], result: AttemptResult): void {
    const now = this.#deps.clock.now();
    this.#meters.attempt(result);
    const verdict = judge(result, this.#options.policy, now);
    this.#holds.learn(verdict);
    if (verdict.kind === 'delivered') this.#failureLog.succeeded();
    else this.#failureLog.failed(verdict.reason);
    const others = this.#inFlight > 0;
    const goesOn = verdict.kind === 'delivered' && this.#isStrict;
    if (goesOn) this.#pump();
    // With others still under way the next ones start at the end of this turn, so that one look serves them all.
    else if (others) this.#soon ??= setImmediate(() => this.#pump());
    this.#settlement.attempted(job, result, verdict, now);
    if (this.#inFlight === 0) {
      if (this.#mode === 'draining') this.#drained.resolve();
      else this.#pump(); // What was just settled may have made room.
    }
    if (goesOn) this.#gatherer.prepare();
  }

  /** Reads the deliveries that wait in the journal, at most so many at a time. */
  async #takeUpOpen(): Promise<void> {
    const { journal, clock } = this.#deps;
    const records = await journal.openDeliveries(this.sink, maxWaiting);
    this.#moreOpen = records.length === maxWaiting;
    const unknown = records.filter(({ seq }) => !this.#outcomes.has(seq));
    const [now, nowMono] = [clock.now(), clock.monotonic()];
    await this.#backlog.takeUp(unknown.map((record) => ({ record, due: nowMono + waitLeft(record, now) })));
  }

  /** A replay may owe more than is taken up at once. */
  #takeUpMore(): void {
    if (!this.#moreOpen || this.#backlog.openCount > maxWaiting / 2) return;
    this.#moreOpen = false;
    this.refresh().catch(this.#deps.onBroken);
  }

  #oldestPendingS(): number {
    const oldest = this.#backlog.oldestAcceptedAt();
    return oldest === undefined ? 0 : Math.max(0, (this.#deps.clock.now() - oldest) / 1000);
  }

  /** One timer for whatever comes first: something due, a batch, or the end of what holds the sink back. */
  #setTimer(): void {
    const { clock } = this.#deps;
    const now = clock.monotonic();
    let at = Number.POSITIVE_INFINITY;
    if (this.#freeRequests > 0) {
      at = Math.min(this.#backlog.nextDue() ?? at, this.#gatherer.dueAt ?? at);
      if (this.#backlog.available > 0 && this.#gatherer.dueAt === null) at = now;
      // What holds the sink back moves the moment, whatever is due before it.
      at = Math.max(at, now + this.#holds.waitMs());
    }
    at = Math.min(at, now + this.#holds.changesInMs());
    if (at === this.#timerAt && this.#timer !== null) return;
    this.#timer?.clear();
    this.#timer = null;
    this.#timerAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    this.#timer = clock.after(at - now, () => {
      this.#timer = null;
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#pump();
    });
  }
}

/**
 * Ms that a recorded delivery still has to wait: never longer than was planned, however the wall clock was set
 * meanwhile.
 */
function waitLeft({ nextAttemptAt, updatedAt }: DeliveryRecord, now: number): number {
  if (nextAttemptAt === null) return 0;
  return Math.min(Math.max(0, nextAttemptAt - now), Math.max(0, nextAttemptAt - updatedAt));
}
