/** A pending timer; `clear` is idempotent. */
export interface Timer {
  clear(): void;
}

/** The only source of time, so that tests can hold it in their hand. */
export interface Clock {
  /** Wall time in ms since the epoch: for what is written down and for HTTP dates. */
  now(): number;
  /** Monotonic ms with a fraction: for budgets, waits and durations. */
  monotonic(): number;
  /** Calls `run` once after `delayMs`; delays beyond 2^31-1 ms are cut to it, so re-check on waking. */
  after(delayMs: number, run: () => void): Timer;
}

/** A number in [0, 1), as `Math.random`. */
export type Rng = () => number;

/** Longest delay Node's timers take; a longer one would fire at once. */
export const maxTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    const handle = setTimeout(run, Math.min(Math.max(0, delayMs), maxTimerMs));
    return { clear: () => clearTimeout(handle) };
  },
};
