import type { Clock, Timer } from '../../src/core/clock.ts';

interface Pending {
  at: number;
  run: () => void;
}

/** Time that stands still until a test moves it; wall and monotonic time can be moved apart. */
export class FakeClock implements Clock {
  #mono = 1000;
  #wall: number;
  readonly #pending = new Set<Pending>();

  constructor(wall = Date.parse('2026-01-15T09:30:00Z')) {
    this.#wall = wall;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#mono;
  }

  after(delayMs: number, run: () => void): Timer {
    const pending = { at: this.#mono + Math.max(0, delayMs), run };
    this.#pending.add(pending);
    return { clear: () => this.#pending.delete(pending) };
  }

  /** Sets the wall clock alone, as an operator or NTP would. */
  jumpWall(ms: number): void {
    this.#wall += ms;
  }

  get timers(): number {
    return this.#pending.size;
  }

  /** Moves on by `ms`, runs what falls due in order, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#mono + ms;
    await settle();
    for (;;) {
      const next = [...this.#pending].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#wall += next.at - this.#mono;
      this.#mono = next.at;
      next.run();
      await settle();
    }
    this.#wall += end - this.#mono;
    this.#mono = end;
    await settle();
  }
}

/** Lets promises and immediates that are ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 6; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
