import type { Clock, Timer } from '../core/clock.ts';

/** Something with a deadline. */
export interface Deadline {
  /** Monotonic ms; set by {@link Deadlines}. */
  deadline: number;
  onDeadline(): void;
}

/**
 * Deadlines that are all the same time away, so that they fall due in the order they were set: one timer for the
 * first of them, where a timer each would be the dearest part of a quick request.
 */
export class Deadlines<T extends Deadline> {
  readonly #clock: Clock;
  readonly #afterMs: number;
  /** In the order of their deadlines. */
  readonly #pending = new Set<T>();
  #timer: Timer | null = null;

  constructor(clock: Clock, afterMs: number) {
    this.#clock = clock;
    this.#afterMs = afterMs;
  }

  add(item: T): void {
    item.deadline = this.#clock.monotonic() + this.#afterMs;
    this.#pending.add(item);
    this.#timer ??= this.#clock.after(this.#afterMs, () => this.#onTimer());
  }

  remove(item: T): void {
    this.#pending.delete(item);
  }

  /** Without it an idle transport would keep its process alive until the last timer fires. */
  close(): void {
    this.#timer?.clear();
    this.#timer = null;
    this.#pending.clear();
  }

  #onTimer(): void {
    this.#timer = null;
    const now = this.#clock.monotonic();
    for (const item of this.#pending) {
      // Timers may fire a millisecond early.
      if (item.deadline > now + 1) {
        this.#timer = this.#clock.after(item.deadline - now, () => this.#onTimer());
        return;
      }
      this.#pending.delete(item);
      item.onDeadline();
    }
  }
}
