import type { Clock } from '../core/clock.ts';
import type { JournaledEvent } from '../core/event.ts';
import type { BatchPolicy } from '../core/policy.ts';
import type { Rendered } from '../core/render.ts';
import type { Backlog } from './backlog.ts';
import type { Delivery } from './delivery.ts';
import type { RequestMaker } from './request-maker.ts';

/** What was rendered longer ago is rendered again: a template may say how long ago something was. */
const aheadMs = 1000;

/** The deliveries of one request, each rendered. */
export interface Job {
  deliveries: Delivery[];
  events: JournaledEvent[];
  bodies: string[];
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
  #ahead: { delivery: Delivery; rendered: Rendered; at: number } | null = null;
  /** When the batch being gathered must go, monotonic ms; null while there is none. */
  dueAt: number | null = null;

  constructor(
    backlog: Backlog,
    maker: RequestMaker,
    batch: BatchPolicy | null,
    deps: { clock: Clock; refuse: (delivery: Delivery, reason: string) => void },
  ) {
    this.#backlog = backlog;
    this.#maker = maker;
    this.#batch = batch;
    this.#clock = deps.clock;
    this.#refuse = deps.refuse;
  }

  /** The next request's job, given how many requests may still start; null when there is none for now. */
  next(freeRequests: number): Job | null {
    const batch = this.#batch;
    const maxEvents = batch?.maxEvents ?? 1;
    const now = this.#clock.monotonic();
    if (batch !== null && !this.#isDue(batch, now)) return null;
    const job: Job = { deliveries: [], events: [], bodies: [] };
    let bytes = 0;
    while (job.deliveries.length < maxEvents) {
      const delivery = this.#backlog.next(now, freeRequests * maxEvents);
      if (delivery === undefined) break;
      const event = delivery.event as JournaledEvent;
      const rendered = this.#rendered(delivery, event, now);
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
      if (delivery.alone) break;
    }
    this.dueAt = null;
    return job.deliveries.length === 0 ? null : job;
  }

  /** Renders what comes next while the request before it is under way, so that it can go the moment it may. */
  prepare(): void {
    const delivery = this.#backlog.upcoming();
    if (delivery?.event == null || delivery === this.#ahead?.delivery) return;
    this.#ahead = { delivery, rendered: this.#maker.render(delivery.event), at: this.#clock.monotonic() };
  }

  #rendered(delivery: Delivery, event: JournaledEvent, now: number): Rendered {
    const ahead = this.#ahead;
    if (ahead === null) return this.#maker.render(event);
    this.#ahead = null;
    const isFresh = ahead.delivery === delivery && now - ahead.at < aheadMs;
    return isFresh ? ahead.rendered : this.#maker.render(event);
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
