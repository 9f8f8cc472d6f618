import type { Clock, Timer } from '../core/clock.ts';

/** Something with a deadline; all but `onDeadline` is set by {@link Deadlines}. */
export interface Deadline<T> {
  /** Monotonic ms. */
  deadline: number;
  earlier: T | null;
  later: T | null;
  onDeadline(): void;
}

/**
 * Deadlines that are all the same time away, so that they fall due in the order they were set: one timer for the
 * first of them, where a timer each would be the dearest part of a quick request. A linked list, whose items let go
 * of their neighbours when they leave: the tables that a busy `Set` has outgrown refer to one another, which keeps
 * every request of the last seconds in memory.
 */
export class Deadlines<T extends Deadline<T>> {
  readonly #clock: Clock;
  readonly #afterMs: number;
  #first: T | null = null;
  #last: T | null = null;
  #timer: Timer | null = null;

  constructor(clock: Clock, afterMs: number) {
    this.#clock = clock;
    this.#afterMs = afterMs;
  }

  add(item: T): void {
    item.deadline = this.#clock.monotonic() + this.#afterMs;
    item.earlier = this.#last;
    if (this.#last === null) this.#first = item;
    else this.#last.later = item;
    this.#last = item;
    this.#timer ??= this.#clock.after(this.#afterMs, () => this.#onTimer());
  }

  /** Does nothing with one that is not there. */
  remove(item: T): void {
    const { earlier, later } = item;
    if (earlier === null && item !== this.#first) return;
    if (earlier === null) this.#first = later;
    else earlier.later = later;
    if (later === null) this.#last = earlier;
    else later.earlier = earlier;
    item.earlier = null;
    item.later = null;
  }

  /** Without it an idle transport would keep its process alive until the last timer fires. */
  close(): void {
    this.#timer?.clear();
    this.#timer = null;
  }

  #onTimer(): void {
    const now = this.#clock.monotonic();
    // Timers may fire a millisecond early.
    while (this.#first !== null && this.#first.deadline <= now + 1) {
      const item = this.#first;
      this.remove(item);
      item.onDeadline();
    }
    // Only now: what was added meanwhile falls due later than what is left.
    this.#timer =
      this.#first === null ? null : this.#clock.after(this.#first.deadline - now, () => this.#onTimer());
  }
}
