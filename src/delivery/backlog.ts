import type { AuditEvent, JournaledEvent } from '../core/event.ts';
import type { DeliveryRecord } from '../core/journal.ts';
import { freshDelivery, recordedDelivery } from './delivery.ts';
import type { Delivery } from './delivery.ts';
import type { Feed, Reader } from './feed.ts';
import { Fifo } from './fifo.ts';
import { Heap } from './heap.ts';
import { Lanes } from './lanes.ts';
import { Window } from './window.ts';

/**
 * Deliveries that may wait for a retry before nothing fresh is started: a receiver that fails this many is down,
 * and starting more would only begin their elapsed bounds.
 */
export const maxWaiting = 10_000;
/**
 * Events read beyond those that may be under way, twice: the window is refilled at half, and what is under way lies
 * in it too. No more than that, since what lives long is dear to collect.
 */
const readAhead = 128;
/** With lanes more is read ahead, to find values that are not busy. */
const laneWindow = 4096;

export interface BacklogOptions {
  /** One at a time, in order: nothing may overtake what waits for a retry. */
  strict: boolean;
  /** The value whose order is kept; null: no lanes. */
  laneOf: ((event: AuditEvent) => string) | null;
  wants: (event: AuditEvent) => boolean;
  /** How many deliveries may be under way at once, in all requests. */
  capacity: number;
  /** A read event that the sink does not want. */
  onFiltered: (count: number) => void;
  /** So many events were removed from the journal before the sink read them. */
  onPruned: (count: number) => void;
  /** Something can be started that could not before. */
  onReady: () => void;
  /** The event of this delivery is gone from the journal. */
  onMissing: (delivery: Delivery) => void;
  onBroken: (error: unknown) => void;
}

/** What a sink owes, in the order it is owed: fresh events read from the feed, and deliveries that wait. */
export class Backlog implements Reader {
  readonly #feed: Feed;
  readonly #options: BacklogOptions;
  readonly #lanes: Lanes | null;
  readonly #window = new Window();
  readonly #ready = new Fifo<Delivery>();
  /** Go before what is fresh, their events at hand. */
  readonly #loaded = new Heap<Delivery>(isEarlier);
  /** In strict order the first decides, whatever the others wait for. */
  readonly #waiting: Heap<Delivery>;
  /** Unsettled deliveries with a record, so that a replay is not taken up twice. */
  readonly #open = new Map<number, Delivery>();
  readonly #windowLimit: number;
  readonly #recorded: Set<number>;
  #position: number;
  #filling = false;
  #loading = 0;

  constructor(feed: Feed, cursor: number, recorded: Set<number>, options: BacklogOptions) {
    this.#feed = feed;
    this.#options = options;
    this.#position = cursor;
    this.#recorded = recorded;
    this.#waiting = new Heap(options.strict ? isEarlier : isDueEarlier);
    this.#lanes = options.laneOf === null ? null : new Lanes();
    this.#windowLimit = this.#lanes === null ? 2 * options.capacity + readAhead : laneWindow;
  }

  /** The last event this sink has looked at. */
  get position(): number {
    return this.#position;
  }

  /** Everything up to here is filtered out or has a record. */
  get cursor(): number {
    return this.#window.cursor(this.#position);
  }

  /** Unsettled deliveries, and events not yet looked at. */
  get pending(): number {
    return this.#window.size + this.#open.size + this.#feed.lastSeq - this.#position;
  }

  /** Deliveries that could start now, as far as they are in memory. */
  get available(): number {
    const loaded = this.#mayStartLoaded() ? this.#loaded.size : 0;
    return loaded + (this.#mayStartFresh() ? this.#ready.length : 0);
  }

  wake(): void {
    this.#options.onReady();
  }

  /** Wall time at which the oldest unsettled delivery was accepted; undefined when nothing is owed. */
  oldestAcceptedAt(): number | undefined {
    let oldest = this.#window.oldest()?.acceptedAt;
    for (const delivery of this.#open.values())
      oldest = Math.min(oldest ?? delivery.acceptedAt, delivery.acceptedAt);
    return oldest;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Takes up deliveries the journal holds as retrying, or as owed by a replay. */
  async takeUp(records: ReadonlyArray<{ record: DeliveryRecord; due: number }>): Promise<void> {
    const fresh = records.filter(({ record }) => !this.#open.has(record.seq));
    // With lanes the event says which lane it is; without, only when it was accepted.
    const events = await this.#feed.loadSeqs(fresh.map(({ record }) => record.seq));
    const bySeq = new Map(events.map((event) => [event.seq, event]));
    for (const { record, due } of fresh) {
      const event = bySeq.get(record.seq);
      const delivery = recordedDelivery(record, event?.acceptedAt ?? record.updatedAt, due);
      this.#open.set(delivery.seq, delivery);
      if (this.#enter(delivery, event)) this.#waiting.push(delivery);
    }
  }

  /** Reads on in the feed once there is room for a good few, so that each reading costs little per event. */
  refill(): void {
    while (
      this.#position < this.#feed.lastSeq &&
      this.#window.size <= this.#windowLimit / 2 &&
      !this.#filling
    ) {
      const limit = this.#windowLimit - this.#window.size;
      const events = this.#feed.recent(this.#position, limit);
      if (events === null) {
        this.#fill(limit).catch(this.#options.onBroken);
        return;
      }
      this.#admit(events);
    }
  }

  /** The next delivery to start, its event at hand; undefined when there is none for now. */
  next(nowMono: number, free: number): Delivery | undefined {
    const loaded = this.#mayStartLoaded() ? this.#loaded.pop() : undefined;
    if (loaded !== undefined) return loaded;
    this.#loadDue(nowMono, free);
    return this.#mayStartFresh() ? this.#ready.shift() : undefined;
  }

  /** What `next` would give, as far as it is fresh and in memory; it stays where it is. */
  upcoming(): Delivery | undefined {
    return this.#loaded.size === 0 && this.#mayStartFresh() ? this.#ready.peek() : undefined;
  }

  /** Monotonic time at which something waiting falls due. */
  nextDue(): number | undefined {
    return this.#waiting.peek()?.due;
  }

  /** `delivery` failed and waits until `delivery.due`; its record is on its way to the journal. */
  wait(delivery: Delivery): void {
    delivery.event = null;
    this.#window.release(delivery);
    this.#open.set(delivery.seq, delivery);
    this.#waiting.push(delivery);
  }

  /** `delivery` was taken but did not fit. */
  putBack(delivery: Delivery): void {
    this.#loaded.push(delivery);
  }

  /** `delivery` goes on at once, before everything that is not under way. */
  again(delivery: Delivery): void {
    this.#loaded.push(delivery);
  }

  settle(delivery: Delivery): void {
    delivery.event = null;
    if (delivery.fresh) this.#window.release(delivery);
    else this.#open.delete(delivery.seq);
    const next = this.#lanes?.leave(delivery);
    if (next === undefined) return;
    if (next.event === null) this.#waiting.push(next);
    else this.#ready.push(next);
  }

  #admit(events: readonly JournaledEvent[]): void {
    let filtered = 0;
    for (const journaled of events) {
      this.#position = journaled.seq;
      if (this.#recorded.size > 0 && this.#recorded.delete(journaled.seq)) continue;
      if (!this.#options.wants(journaled.event)) {
        filtered += 1;
        continue;
      }
      const delivery = freshDelivery(journaled);
      this.#window.push(delivery);
      if (this.#enter(delivery, journaled)) this.#ready.push(delivery);
    }
    if (filtered > 0) this.#options.onFiltered(filtered);
    this.#feed.advanced();
  }

  /** False when the delivery has to stand behind others of its lane. */
  #enter(delivery: Delivery, journaled: JournaledEvent | undefined): boolean {
    const { laneOf } = this.#options;
    if (this.#lanes === null || laneOf === null || journaled === undefined) return true;
    return this.#lanes.enter(this.#lanes.of(laneOf(journaled.event)), delivery);
  }

  /** In strict order nothing overtakes what waits for a retry. */
  #mayStartLoaded(): boolean {
    if (!this.#options.strict) return true;
    const [first, waiting] = [this.#loaded.peek(), this.#waiting.peek()];
    return this.#loading === 0 && (first === undefined || waiting === undefined || first.seq < waiting.seq);
  }

  #mayStartFresh(): boolean {
    const waiting = this.#waiting.size + this.#loading;
    return this.#options.strict ? waiting === 0 : waiting < maxWaiting;
  }

  #loadDue(nowMono: number, free: number): void {
    const due: Delivery[] = [];
    while (this.#loading + due.length < free) {
      const first = this.#waiting.peek();
      // In strict order what follows the first goes with it, so that a batch stays one.
      const follows = this.#options.strict && due.length > 0;
      if (first === undefined || (first.due > nowMono && !follows)) break;
      due.push(this.#waiting.pop() as Delivery);
    }
    if (due.length === 0) return;
    this.#bringIn(due).catch(this.#options.onBroken);
  }

  async #fill(limit: number): Promise<void> {
    this.#filling = true;
    const loaded = await this.#feed.load(this.#position, limit);
    this.#filling = false;
    // Seqs have no gaps but those that retention leaves; without a row the next events lie in memory.
    const next = loaded[0]?.seq ?? this.#feed.oldestInMemory;
    if (next > this.#position + 1) {
      // A sink that begins at the beginning never owed what was gone by then.
      if (this.#position > 0) this.#options.onPruned(next - this.#position - 1);
      this.#position = next - 1;
    }
    this.#admit(loaded);
    this.#options.onReady();
  }

  async #bringIn(due: Delivery[]): Promise<void> {
    this.#loading += due.length;
    const events = await this.#feed.loadSeqs(due.map(({ seq }) => seq));
    this.#loading -= due.length;
    const bySeq = new Map(events.map((event) => [event.seq, event]));
    for (const delivery of due) {
      delivery.event = bySeq.get(delivery.seq) ?? null;
      if (delivery.event === null) this.#options.onMissing(delivery);
      else this.#loaded.push(delivery);
    }
    this.#options.onReady();
  }
}

function isEarlier(a: Delivery, b: Delivery): boolean {
  return a.seq < b.seq;
}

function isDueEarlier(a: Delivery, b: Delivery): boolean {
  return a.due < b.due || (a.due === b.due && a.seq < b.seq);
}
