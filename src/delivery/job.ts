import type { Clock } from '../core/clock.ts';
import type { JournaledEvent } from '../core/event.ts';
import type { BatchPolicy } from '../core/policy.ts';
import type { Rendered } from '../core/render.ts';
import type { OutboundRequest } from '../core/transport.ts';
import type { Backlog } from './backlog.ts';
import type { Delivery } from './delivery.ts';
import type { RequestMaker } from './request-maker.ts';

/** What was made longer ago is made again: a template may say how long ago something was, a signature when it was made. */
const aheadMs = 1000;

/** The deliveries of one request, each rendered. */
export interface Job {
  deliveries: Delivery[];
  events: JournaledEvent[];
  bodies: string[];
  /** Made ahead; null: still to be made. */
  request: OutboundRequest | null;
}

/** What was made ready while the request before it was under way. */
interface Ahead {
  delivery: Delivery;
  rendered: Rendered;
  request: OutboundRequest | null;
  /** Monotonic ms. */
  at: number;
}

/**
 * Takes deliveries from the backlog for one request: one, or as many as the batch policy allows. What cannot be
 * rendered is handed to `refuse` and left out.
 */
export class JobGatherer {
  readonly #backlog: Backlog;
  readonly #maker: RequestMaker;
  readonly #batch: BatchPolicy | null;
  readonly #clock: Clock;
  readonly #refuse: (delivery: Delivery, reason: string) => void;
  readonly #signsAhead: boolean;
  #ahead: Ahead | null = null;
  /** When the batch being gathered must go, monotonic ms; null while there is none. */
  dueAt: number | null = null;

  constructor(
    backlog: Backlog,
    maker: RequestMaker,
    batch: BatchPolicy | null,
    deps: { clock: Clock; refuse: (delivery: Delivery, reason: string) => void; signsAhead: boolean },
  ) {
    this.#backlog = backlog;
    this.#maker = maker;
    this.#batch = batch;
    this.#clock = deps.clock;
    this.#refuse = deps.refuse;
    this.#signsAhead = deps.signsAhead && batch === null;
  }

  /** The next request's job, given how many requests may still start; null when there is none for now. */
  next(freeRequests: number): Job | null {
    const batch = this.#batch;
    const maxEvents = batch?.maxEvents ?? 1;
    const now = this.#clock.monotonic();
    if (batch !== null && !this.#isDue(batch, now)) return null;
    const job: Job = { deliveries: [], events: [], bodies: [], request: null };
    let bytes = 0;
    while (job.deliveries.length < maxEvents) {
      const delivery = this.#backlog.next(now, freeRequests * maxEvents);
      if (delivery === undefined) break;
      const event = delivery.event as JournaledEvent;
      const ahead = this.#takeAhead(delivery, now);
      const rendered = ahead?.rendered ?? this.#maker.render(event);
      if (!rendered.ok) {
        this.#refuse(delivery, rendered.reason);
        continue;
      }
      if (batch !== null) {
        bytes += Buffer.byteLength(rendered.body) + 1;
        const isFirst = job.deliveries.length === 0;
        if (!isFirst && (delivery.alone || bytes > batch.maxBytes)) {
          this.#backlog.putBack(delivery);
          break;
        }
      }
      job.deliveries.push(delivery);
      job.events.push(event);
      job.bodies.push(rendered.body);
      job.request = ahead?.request ?? null;
      if (delivery.alone) break;
    }
    this.dueAt = null;
    return job.deliveries.length === 0 ? null : job;
  }

  /** Renders, and where it can signs, what comes next while the request before it is under way, so that it can go at once. */
  prepare(): void {
    const delivery = this.#backlog.upcoming();
    if (delivery === undefined || delivery === this.#ahead?.delivery) return;
    const event = delivery.event as JournaledEvent;
    const rendered = this.#maker.render(event);
    const request = rendered.ok && this.#signsAhead ? this.#maker.tryRequest(event, rendered.body) : null;
    this.#ahead = { delivery, rendered, request, at: this.#clock.monotonic() };
  }

  #takeAhead(delivery: Delivery, now: number): Ahead | null {
    const ahead = this.#ahead;
    this.#ahead = null;
    return ahead !== null && ahead.delivery === delivery && now - ahead.at < aheadMs ? ahead : null;
  }

  #isDue(batch: BatchPolicy, now: number): boolean {
    const waiting = this.#backlog.nextDue();
    if (waiting !== undefined && waiting <= now) return true;
    const { available } = this.#backlog;
    if (available === 0) return false;
    this.dueAt ??= now + batch.maxWaitMs;
    return available >= batch.maxEvents || this.dueAt <= now;
  }
}
