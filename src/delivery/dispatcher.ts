import type { AttemptResult } from '../core/attempt.ts';
import type { Clock, Rng, Timer } from '../core/clock.ts';
import type { AuditEvent, JournaledEvent } from '../core/event.ts';
import type { DeliveryState, Journal, SinkProgress } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Metrics } from '../core/metrics.ts';
import { readPath } from '../core/path.ts';
import type { HoldReason } from '../core/operations.ts';
import type { DeliveryPolicy } from '../core/policy.ts';
import { planRetry } from '../core/retry.ts';
import type { SinkTracer } from '../core/tracing.ts';
import type { Sending, Transport } from '../core/transport.ts';
import { judge } from '../core/verdict.ts';
import type { Verdict } from '../core/verdict.ts';
import { Backlog, maxWaiting } from './backlog.ts';
import { Circuit } from './circuit.ts';
import type { Delivery } from './delivery.ts';
import { FailureLog } from './failure-log.ts';
import type { Feed } from './feed.ts';
import { Outcomes } from './outcomes.ts';
import type { Recordable, Recorder } from './recorder.ts';
import type { RequestMaker } from './request-maker.ts';
import { sinkMeters } from './sink-meters.ts';
import type { SinkMeters } from './sink-meters.ts';
import { Spans } from './spans.ts';
import { Stopwatch } from './stopwatch.ts';
import { TokenBucket } from './token-bucket.ts';

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
  readonly #bucket: TokenBucket | null;
  readonly #circuit: Circuit | null;
  readonly #spans: Spans | null;
  readonly #sending = new Set<Sending>();
  #mode: 'idle' | 'running' | 'draining' | 'stopped' = 'idle';
  #backlog!: Backlog;
  #outcomes!: Outcomes;
  #active!: Stopwatch;
  #paused = false;
  #moreOpen = false;
  #holdUntil = 0;
  /** When the batch being gathered must go, monotonic ms. */
  #batchDue: number | null = null;
  #timer: Timer | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #pumping = false;
  #onDrained: (() => void) | null = null;

  constructor(options: DispatcherOptions, deps: DispatcherDeps) {
    this.sink = options.sink;
    this.#options = options;
    this.#deps = deps;
    this.#meters = sinkMeters(deps.metrics, options.sink);
    this.#failureLog = new FailureLog(deps.logger, options.sink);
    this.#bucket =
      options.policy.rateLimit === null ? null : new TokenBucket(deps.clock, options.policy.rateLimit);
    this.#circuit =
      options.policy.circuitBreaker === null ? null : new Circuit(deps.clock, options.policy.circuitBreaker);
    this.#spans = options.tracer === null ? null : new Spans(options.tracer);
  }

  /** Takes up the sink where the journal left it; a sink unknown to it begins at `cursorIfNew`. */
  async start(cursorIfNew: number): Promise<void> {
    if (this.#mode !== 'idle') return;
    const { journal, feed, clock } = this.#deps;
    const { policy, wants } = this.#options;
    const record = await journal.openSink(this.sink, cursorIfNew);
    const recorded = await journal.recordedAfter(this.sink, record.cursor);
    const { orderBy } = policy;
    this.#active = new Stopwatch(clock, record.activeMs);
    this.#outcomes = new Outcomes(record.cursor);
    this.#paused = record.paused;
    this.#backlog = new Backlog(feed, record.cursor, recorded, {
      strict: policy.concurrency === 1 && orderBy === null,
      laneOf: orderBy === null ? null : (event) => JSON.stringify(readPath(event, orderBy)) ?? '',
      wants,
      capacity: policy.concurrency * (policy.batch?.maxEvents ?? 1),
      onFiltered: (count) => {
        this.#meters.filtered.inc(count);
        this.#deps.recorder.touch(this);
      },
      onReady: () => this.#pump(),
      onMissing: (delivery) =>
        this.#settle(delivery, 'dead', null, 'the event is no longer in the journal', null),
      onBroken: this.#deps.onBroken,
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
    if (record.paused !== this.#paused) {
      this.#paused = record.paused;
      this.#deps.logger.info({ sink: this.sink }, record.paused ? 'sink paused' : 'sink resumed');
    }
    await this.#deps.recorder.flush();
    await this.#takeUpOpen();
    this.#pump();
  }

  #holds(): HoldReason[] {
    const holds: HoldReason[] = [];
    if (this.#paused) holds.push('manual');
    if (this.#holdUntil > this.#deps.clock.monotonic()) holds.push('retry_after');
    if (this.#circuit !== null && !this.#circuit.isClosed) holds.push('circuit_open');
    if (this.#deps.journal.stalled() !== null) holds.push('journal');
    return holds;
  }

  get pending(): number {
    return this.#backlog.pending;
  }

  /** What an operator sees of it beside what is in the journal. */
  status(): {
    holds: HoldReason[];
    pending: number;
    inFlight: number;
    oldestPendingAt: number | null;
    isFailing: boolean;
  } {
    return {
      holds: this.#holds(),
      pending: this.#backlog.pending,
      inFlight: this.#sending.size,
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
    if (this.#sending.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
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
    for (const sending of this.#sending) sending.abort();
    await this.#options.transport.close();
    this.#onDrained?.();
  }

  #pump(): void {
    if (this.#mode !== 'running' || this.#pumping) return;
    this.#pumping = true;
    try {
      this.#backlog.refill();
      const held = this.#isHeld();
      this.#active.run(!held || this.#mayProbe());
      while (this.#mayStart() && this.#startNext()) this.#backlog.refill();
      this.#setTimer();
    } finally {
      this.#pumping = false;
    }
  }

  #isHeld(): boolean {
    const waiting = this.#holdUntil > 0 && this.#holdUntil > this.#deps.clock.monotonic();
    const open = this.#circuit !== null && !this.#circuit.isClosed;
    this.#meters.pausedManually.set(this.#paused ? 1 : 0);
    this.#meters.pausedByReceiver.set(waiting ? 1 : 0);
    this.#meters.pausedByCircuit.set(open ? 1 : 0);
    const stalled = this.#deps.journal.stalled() !== null;
    this.#meters.pausedByJournal.set(stalled ? 1 : 0);
    return this.#paused || waiting || open || stalled;
  }

  #mayProbe(): boolean {
    return this.#circuit !== null && !this.#circuit.isClosed && this.#circuit.waitMs() === 0;
  }

  #mayStart(): boolean {
    const { clock, journal } = this.#deps;
    if (this.#sending.size >= this.#options.policy.concurrency || this.#paused) return false;
    if (this.#holdUntil > 0 && this.#holdUntil > clock.monotonic()) return false;
    if (this.#circuit !== null && this.#circuit.waitMs() > 0) return false;
    if (this.#bucket !== null && this.#bucket.waitMs() > 0) return false;
    return journal.stalled() === null;
  }

  /** Starts one request; false when there is nothing to start. */
  #startNext(): boolean {
    const { batch, concurrency } = this.#options.policy;
    const maxEvents = batch?.maxEvents ?? 1;
    if (batch !== null && !this.#batchIsDue(maxEvents, batch.maxWaitMs)) return false;
    const now = this.#deps.clock.monotonic();
    const free = (concurrency - this.#sending.size) * maxEvents;
    const job: Delivery[] = [];
    const events: JournaledEvent[] = [];
    const bodies: string[] = [];
    let bytes = 0;
    let refused = false;
    while (job.length < maxEvents) {
      const delivery = this.#backlog.next(now, free);
      if (delivery === undefined) break;
      const event = delivery.event as JournaledEvent;
      const rendered = this.#options.maker.render(event);
      if (!rendered.ok) {
        this.#refuse(delivery, rendered.reason);
        refused = true;
        continue;
      }
      if (batch !== null) {
        bytes += Buffer.byteLength(rendered.body) + 1;
        if (job.length > 0 && (delivery.alone || bytes > batch.maxBytes)) {
          this.#backlog.putBack(delivery);
          break;
        }
      }
      job.push(delivery);
      events.push(event);
      bodies.push(rendered.body);
      if (delivery.alone) break;
    }
    this.#batchDue = null;
    if (job.length === 0) return refused;
    this.#send(job, events, bodies);
    return true;
  }

  #batchIsDue(maxEvents: number, maxWaitMs: number): boolean {
    const now = this.#deps.clock.monotonic();
    const due = this.#backlog.nextDue();
    if (due !== undefined && due <= now) return true;
    const { available } = this.#backlog;
    if (available === 0) return false;
    this.#batchDue ??= now + maxWaitMs;
    return available >= maxEvents || this.#batchDue <= now;
  }

  #send(job: Delivery[], events: JournaledEvent[], bodies: string[]): void {
    const now = this.#deps.clock.now();
    for (const delivery of job) {
      if (delivery.firstAttemptAt === null) {
        delivery.firstAttemptAt = now;
        delivery.startedActiveMs = this.#active.elapsed();
      }
      delivery.attempts += 1;
    }
    this.#bucket?.take();
    this.#circuit?.began();
    const traceparent = this.#spans === null ? null : this.#spans.began(job);
    const request = this.#options.maker.request(events, bodies, traceparent);
    const sending = this.#options.transport.send(request, (result) => {
      this.#sending.delete(sending);
      if (this.#mode === 'stopped') return;
      this.#finish(job, result);
      if (this.#mode === 'running') this.#pump();
      else if (this.#sending.size === 0) this.#onDrained?.();
    });
    this.#sending.add(sending);
  }

  #finish(job: Delivery[], result: AttemptResult): void {
    const { clock, recorder } = this.#deps;
    this.#meters.attempt(result);
    const verdict = judge(result, this.#options.policy, clock.now());
    this.#learn(verdict);
    const status = result.kind === 'response' ? result.status : null;
    this.#spans?.attempted(job, result, verdict.kind === 'delivered' ? null : verdict.reason);
    if (verdict.kind === 'delivered') {
      for (const delivery of job) this.#settle(delivery, 'delivered', status, null, result.durationMs);
      return;
    }
    // One draw for the whole job, so that a batch that failed together is tried again together.
    const luck = this.#deps.rng();
    for (const delivery of job) {
      this.#outcomes.failed({
        seq: delivery.seq,
        at: clock.now(),
        durationMs: result.durationMs,
        status,
        errorClass: result.kind === 'response' ? 'status' : result.class,
        reason: verdict.reason,
        reply: result.kind === 'response' ? result.reply : '',
      });
      if (verdict.kind === 'retryable')
        this.#retry(delivery, verdict.reason, status, result.durationMs, luck);
      else if (job.length === 1) this.#settle(delivery, 'dead', status, verdict.reason, result.durationMs);
      else {
        // Which of them the receiver refused is not known: each is tried by itself.
        delivery.alone = true;
        this.#backlog.again(delivery);
        recorder.touch(this);
      }
    }
  }

  /** What a verdict means for the sink as a whole. */
  #learn(verdict: Verdict): void {
    const { logger, clock } = this.#deps;
    if (verdict.kind === 'delivered') {
      this.#failureLog.succeeded();
    } else {
      this.#failureLog.failed(verdict.reason);
      if (verdict.holdMs !== undefined && verdict.holdMs > 0) {
        this.#holdUntil = Math.max(this.#holdUntil, clock.monotonic() + verdict.holdMs);
        logger.warn({ sink: this.sink, waitMs: Math.round(verdict.holdMs) }, 'sink held by Retry-After');
      }
    }
    if (this.#circuit === null) return;
    if (verdict.kind === 'retryable') {
      if (this.#circuit.failed()) logger.warn({ sink: this.sink, reason: verdict.reason }, 'circuit opened');
    } else if (this.#circuit.succeeded()) {
      logger.info({ sink: this.sink }, 'circuit closed');
    }
  }

  #retry(delivery: Delivery, reason: string, status: number | null, durationMs: number, luck: number): void {
    const { clock, logger } = this.#deps;
    const elapsed = this.#active.elapsed() - delivery.startedActiveMs;
    const plan = planRetry(this.#options.policy.retry, delivery.attempts, elapsed, () => luck);
    if (plan.kind === 'exhausted') {
      this.#settle(delivery, 'dead', status, `${reason}; ${plan.reason}`, durationMs);
      return;
    }
    logger.debug(
      { sink: this.sink, event: delivery.event?.event.id, attempts: delivery.attempts, reason },
      'delivery retrying',
    );
    delivery.due = clock.monotonic() + plan.ms;
    delivery.alone = false;
    this.#put(delivery, 'retrying', status, reason, durationMs, clock.now() + Math.round(plan.ms));
    this.#backlog.wait(delivery);
  }

  /** Our own failure to make the request: nothing was sent, and trying again would fail the same way. */
  #refuse(delivery: Delivery, reason: string): void {
    this.#spans?.began([delivery]);
    this.#outcomes.failed({
      seq: delivery.seq,
      at: this.#deps.clock.now(),
      durationMs: 0,
      status: null,
      errorClass: 'ours',
      reason,
      reply: '',
    });
    this.#settle(delivery, 'dead', null, reason, null);
  }

  #settle(
    delivery: Delivery,
    state: 'delivered' | 'dead',
    status: number | null,
    reason: string | null,
    durationMs: number | null,
  ): void {
    const { clock, logger } = this.#deps;
    const event = delivery.event?.event.id;
    this.#put(delivery, state, status, reason, durationMs, null);
    this.#spans?.settled(delivery, state, reason);
    if (state === 'delivered') {
      this.#meters.delivered.inc();
      this.#meters.latency.observe((clock.now() - delivery.acceptedAt) / 1000);
      logger.debug({ sink: this.sink, event, status, attempts: delivery.attempts }, 'delivered');
    } else {
      this.#meters.dead.inc();
      logger.error(
        { sink: this.sink, event, seq: delivery.seq, attempts: delivery.attempts, reason },
        'delivery dead',
      );
    }
    this.#backlog.settle(delivery);
    this.#takeUpMore();
  }

  #put(
    delivery: Delivery,
    state: DeliveryState,
    status: number | null,
    reason: string | null,
    durationMs: number | null,
    nextAttemptAt: number | null,
  ): void {
    this.#outcomes.put({
      seq: delivery.seq,
      state,
      attempts: delivery.attempts,
      firstAttemptAt: delivery.firstAttemptAt,
      updatedAt: this.#deps.clock.now(),
      nextAttemptAt,
      startedActiveMs: delivery.startedActiveMs,
      status,
      reason,
      durationMs,
    });
    this.#deps.recorder.add(this);
  }

  /** Reads the deliveries that wait in the journal, at most so many at a time. */
  async #takeUpOpen(): Promise<void> {
    const { journal, clock } = this.#deps;
    const records = await journal.openDeliveries(this.sink, maxWaiting);
    this.#moreOpen = records.length === maxWaiting;
    const wall = clock.now();
    const mono = clock.monotonic();
    const due = records
      .filter(({ seq }) => !this.#outcomes.has(seq))
      .map((record) => {
        // Never longer than the wait that was planned, however the wall clock was set meanwhile.
        const planned = Math.max(0, (record.nextAttemptAt ?? wall) - record.updatedAt);
        const left = (record.nextAttemptAt ?? wall) - wall;
        return { record, due: mono + Math.min(Math.max(0, left), planned) };
      });
    await this.#backlog.takeUp(due);
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

  /** One timer for whatever comes first: something due, the end of a hold, a probe, a token, a batch. */
  #setTimer(): void {
    const { clock, journal } = this.#deps;
    const now = clock.monotonic();
    let at = Number.POSITIVE_INFINITY;
    if (journal.stalled() !== null) {
      at = now + 100;
    } else if (!this.#paused && this.#sending.size < this.#options.policy.concurrency) {
      at = Math.min(this.#backlog.nextDue() ?? at, this.#batchDue ?? at);
      if (this.#backlog.available > 0 && this.#batchDue === null) at = now;
      // What holds the sink back moves the moment, whatever is due before it.
      const wait = Math.max(this.#holdUntil - now, this.#circuit?.waitMs() ?? 0, this.#bucket?.waitMs() ?? 0);
      at = Math.max(at, now + wait);
    }
    if (this.#holdUntil > now) at = Math.min(at, this.#holdUntil); // To show the end of the hold in the metrics.
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
