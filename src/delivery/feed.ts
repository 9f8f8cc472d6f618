import type { Clock } from '../core/clock.ts';
import type { AuditEvent, JournaledEvent } from '../core/event.ts';
import type { Journal, StoredEvent } from '../core/journal.ts';

const recentEvents = 512;
const recentBytes = 8 * 2 ** 20;
const loadBytes = 2 * 2 ** 20;
/**
 * How long a batch of a source is held back for readers that are behind. Short, since what is not in the journal
 * yet can be deleted under us: a slow sink is worth reading the journal for, not waiting for.
 */
const pacingMs = 50;

/** Turns a stored event into its normal form again. */
export type Redecode = (stored: StoredEvent) => AuditEvent;

/** A sink's place in the feed. */
export interface Reader {
  readonly position: number;
  /** New events are there. */
  wake(): void;
}

/**
 * The accepted events in order, as the sinks read them. The newest lie parsed in memory, shared by all sinks, so
 * that an event is parsed once and a sink that keeps up never reads the journal; whoever is behind reads from it.
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
  #waiters: Array<() => void> = [];

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

  /**
   * Resolves when the leading reader is near, or after a moment: what lies in memory when it is delivered need not
   * be read back from the journal. Undefined while there is room.
   */
  room(): Promise<void> | undefined {
    if (this.#hasRoom()) return undefined;
    return new Promise((resolve) => {
      const timer = this.#clock.after(pacingMs, resolve);
      this.#waiters.push(() => {
        timer.clear();
        resolve();
      });
    });
  }

  /** A reader moved on. */
  advanced(): void {
    if (this.#waiters.length === 0 || !this.#hasRoom()) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  #hasRoom(): boolean {
    if (this.#readers.size === 0) return true;
    let lead = 0;
    for (const reader of this.#readers) lead = Math.max(lead, reader.position);
    return this.#last - lead < recentEvents / 2;
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
