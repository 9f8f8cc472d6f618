import type { Clock } from '../core/clock.ts';

/**
 * A sink's active time: monotonic, standing still while the sink is held or the daemon is down. Elapsed bounds
 * are measured on it, so that neither a pause nor a `Retry-After`, a restart or a clock jump uses one up.
 */
export class Stopwatch {
  readonly #clock: Clock;
  #gathered: number;
  #runningSince: number | null = null;

  constructor(clock: Clock, startMs: number) {
    this.#clock = clock;
    this.#gathered = startMs;
  }

  elapsed(): number {
    return this.#runningSince === null
      ? this.#gathered
      : this.#gathered + this.#clock.monotonic() - this.#runningSince;
  }

  run(running: boolean): void {
    if (running === (this.#runningSince !== null)) return;
    if (running) {
      this.#runningSince = this.#clock.monotonic();
    } else {
      this.#gathered = this.elapsed();
      this.#runningSince = null;
    }
  }
}
