import type { Clock } from '../core/clock.ts';
import type { AuditEvent, JournaledEvent } from '../core/event.ts';
import type { Journal, StoredEvent } from '../core/journal.ts';

/** Events kept for readers that are not far behind; what all of them have read is let go at once. */
const recentEvents = 2048;
const recentBytes = 8 * 2 ** 20;
const loadBytes = 2 * 2 ** 20;
/**
 * A source is held back while the leading reader has this much before it, so that what it reads lies in memory; but
 * not for long, since what is not in the journal yet can be deleted under us: a slow sink is worth reading the
 * journal for, not waiting for.
 */
const leadEvents = 96;
const leadMs = 50;
/**
 * And while another reader is about to fall out of what lies in memory: for a moment only, so that it is waited for
 * where the sinks share one processor, and not where its receiver is slow.
 */
const lagEvents = 1024;
const lagMs = 5;

/** Turns a stored event into its normal form again. */
export type Redecode = (stored: StoredEvent) => AuditEvent;

interface Waiter {
  isOver: () => boolean;
  resolve: () => void;
}

/** A sink's place in the feed. */
export interface Reader {
  readonly position: number;
  /** New events are there. */
  wake(): void;
}

/**
 * The accepted events in order, as the sinks read them. The newest that some sink near the end has yet to read lie
 * parsed in memory, shared by all, so that an event is parsed once and a sink that keeps up never reads the journal;
 * whoever is behind reads from it.
 */
export class Feed {
  readonly #journal: Journal;
  readonly #redecode: Redecode;
  readonly #clock: Clock;
  readonly #slots: Array<JournaledEvent | undefined> = Array.from({ length: recentEvents }, () => undefined);
  readonly #readers = new Set<Reader>();
  #oldest: number;
  #last: number;
  #bytes = 0;
  #waiters: Waiter[] = [];

  constructor(deps: { journal: Journal; redecode: Redecode; clock: Clock }) {
    this.#journal = deps.journal;
    this.#redecode = deps.redecode;
    this.#clock = deps.clock;
    this.#last = deps.journal.lastSeq();
    this.#oldest = this.#last + 1;
  }

  get lastSeq(): number {
    return this.#last;
  }

  /** The oldest event that need not be loaded. */
  get oldestInMemory(): number {
    return this.#oldest;
  }

  join(reader: Reader): void {
    this.#readers.add(reader);
  }

  leave(reader: Reader): void {
    this.#readers.delete(reader);
    this.advanced();
  }

  /**
   * Makes committed events readable and wakes the readers. Batches may arrive in another order than they were
   * committed in; what does not follow on is left to be loaded.
   */
  append(events: readonly JournaledEvent[]): void {
    for (const event of events) {
      if (event.seq !== this.#last + 1) {
        this.#forgetAll(Math.max(this.#last, event.seq));
        continue;
      }
      while (this.#oldest <= this.#last && this.#isFullFor(event.text.length)) this.#forgetOldest();
      this.#slots[event.seq % recentEvents] = event;
      this.#last = event.seq;
      this.#bytes += event.text.length;
    }
    // With nobody to read them they are only a burden.
    if (this.#readers.size === 0) this.#forgetAll(this.#last);
    for (const reader of this.#readers) reader.wake();
  }

  /** Events after `seq` if they lie in memory; null when they have to be loaded. */
  recent(seq: number, limit: number): JournaledEvent[] | null {
    if (seq + 1 < this.#oldest) return null;
    const events: JournaledEvent[] = [];
    for (let next = seq + 1; next <= this.#last && events.length < limit; next += 1) {
      events.push(this.#slots[next % recentEvents] as JournaledEvent);
    }
    return events;
  }

  async load(seq: number, limit: number): Promise<JournaledEvent[]> {
    const stored = await this.#journal.readAfter(seq, limit, loadBytes);
    return stored.map((one) => this.#journaled(one));
  }

  /** The events of these seqs that still exist, in no particular order. */
  async loadSeqs(seqs: readonly number[]): Promise<JournaledEvent[]> {
    const found: JournaledEvent[] = [];
    const missing: number[] = [];
    for (const seq of seqs) {
      const event = seq >= this.#oldest && seq <= this.#last ? this.#slots[seq % recentEvents] : undefined;
      if (event === undefined) missing.push(seq);
      else found.push(event);
    }
    if (missing.length === 0) return found;
    const stored = await this.#journal.readSeqs(missing);
    return found.concat(stored.map((one) => this.#journaled(one)));
  }

  /** Resolves when the readers are near enough, or after a moment; undefined while they are. */
  room(): Promise<void> | undefined {
    return this.#leaderIsNear() && this.#othersAreNear() ? undefined : this.#pace();
  }

  /** A reader moved on. */
  advanced(): void {
    let first = this.#last;
    for (const { position } of this.#readers)
      if (position + 1 >= this.#oldest) first = Math.min(first, position);
    while (this.#oldest <= first) this.#forgetOldest();
    for (const waiter of this.#waiters) if (waiter.isOver()) waiter.resolve();
  }

  async #pace(): Promise<void> {
    await this.#until(() => this.#leaderIsNear(), leadMs);
    await this.#until(() => this.#othersAreNear(), lagMs);
  }

  #until(isOver: () => boolean, ms: number): Promise<void> | undefined {
    if (isOver()) return undefined;
    return new Promise((done) => {
      const resolve = (): void => {
        timer.clear();
        this.#waiters = this.#waiters.filter((one) => one !== waiter);
        done();
      };
      const timer = this.#clock.after(ms, resolve);
      const waiter = { isOver, resolve };
      this.#waiters.push(waiter);
    });
  }

  #leaderIsNear(): boolean {
    if (this.#readers.size === 0) return true;
    let lead = 0;
    for (const { position } of this.#readers) lead = Math.max(lead, position);
    return this.#last - lead < leadEvents;
  }

  #othersAreNear(): boolean {
    for (const { position } of this.#readers)
      if (position + 1 >= this.#oldest && this.#last - position > lagEvents) return false;
    return true;
  }

  #isFullFor(bytes: number): boolean {
    return this.#last - this.#oldest + 1 >= recentEvents || this.#bytes + bytes > recentBytes;
  }

  #forgetAll(last: number): void {
    while (this.#oldest <= this.#last) this.#forgetOldest();
    this.#last = last;
    this.#oldest = last + 1;
  }

  #forgetOldest(): void {
    const at = this.#oldest % recentEvents;
    this.#bytes -= this.#slots[at]?.text.length ?? 0;
    this.#slots[at] = undefined;
    this.#oldest += 1;
  }

  #journaled(stored: StoredEvent): JournaledEvent {
    return {
      event: this.#redecode(stored),
      format: stored.format,
      text: stored.text,
      seq: stored.seq,
      acceptedAt: stored.acceptedAt,
    };
  }
}
