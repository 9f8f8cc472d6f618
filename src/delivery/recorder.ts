import type { Clock, Timer } from '../core/clock.ts';
import type { Journal, SinkProgress } from '../core/journal.ts';

/** One transaction per this many rows, or per this time, while there is load. */
const batchRows = 500;
const batchMs = 50;
/**
 * Up to this many rows per `batchMs` are committed at once: below 5000 outcomes a second a crash repeats no more
 * than what was in flight, and the small transactions cost a few per cent of a core at most.
 */
const eagerRows = 250;

/** A sink's outcomes that wait for the journal. */
export interface Recordable {
  /** What came up since the last call, or null; what it returns is committed together. */
  takeProgress(): SinkProgress | null;
}

/**
 * Gathers the outcomes of all sinks into few transactions: at once while it is quiet, every 500 rows or 50 ms
 * under load. While the journal cannot be written they wait here, and the sinks start nothing new.
 */
export class Recorder {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #onBroken: (error: unknown) => void;
  readonly #dirty = new Set<Recordable>();
  #rows = 0;
  #windowStart = 0;
  #windowRows = 0;
  /** In the window before. */
  #rowsBefore = 0;
  #timer: Timer | null = null;
  #immediate: NodeJS.Immediate | null = null;
  #writing: Promise<void> | null = null;

  constructor(deps: { journal: Journal; clock: Clock; onBroken: (error: unknown) => void }) {
    this.#journal = deps.journal;
    this.#clock = deps.clock;
    this.#onBroken = deps.onBroken;
  }

  /** `recordable` has one more row to commit. */
  add(recordable: Recordable): void {
    this.#dirty.add(recordable);
    this.#rows += 1;
    if (this.#writing !== null || this.#immediate !== null) return;
    if (this.#rows >= batchRows) {
      void this.flush();
    } else if (this.#timer === null) {
      const now = this.#clock.monotonic();
      this.#turnWindow(now);
      // Under load the first rows of a window wait like the others.
      if (this.#rowsBefore < eagerRows && this.#windowRows < eagerRows) {
        this.#immediate = setImmediate(() => {
          this.#immediate = null;
          void this.flush();
        });
      } else {
        this.#timer = this.#clock.after(this.#windowStart + batchMs - now, () => void this.flush());
      }
    }
  }

  /** Begins a new window when the last one is over. */
  #turnWindow(now: number): void {
    const passed = now - this.#windowStart;
    if (passed < batchMs) return;
    this.#rowsBefore = passed < 2 * batchMs ? this.#windowRows : 0;
    this.#windowRows = 0;
    this.#windowStart = now;
  }

  /** Something without a row changed (a cursor moved over filtered events): goes along soon. */
  touch(recordable: Recordable): void {
    this.#dirty.add(recordable);
    this.#timer ??= this.#clock.after(batchMs, () => void this.flush());
  }

  /** Commits everything that waits; resolves when it is committed. */
  async flush(): Promise<void> {
    this.#timer?.clear();
    this.#timer = null;
    while (this.#writing !== null) await this.#writing;
    if (this.#dirty.size === 0) return;
    this.#writing = this.#write();
    await this.#writing;
  }

  async #write(): Promise<void> {
    const progress: SinkProgress[] = [];
    for (const one of this.#dirty) {
      const taken = one.takeProgress();
      if (taken !== null) progress.push(taken);
    }
    this.#dirty.clear();
    this.#turnWindow(this.#clock.monotonic());
    this.#windowRows += this.#rows;
    this.#rows = 0;
    try {
      await this.#journal.record(progress);
    } catch (error) {
      this.#onBroken(error);
    } finally {
      this.#writing = null;
      if (this.#rows > 0) this.#timer ??= this.#clock.after(0, () => void this.flush());
    }
  }
}
