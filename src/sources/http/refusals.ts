import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';

const quietMs = 60_000;

/** Logs refused requests without letting a sender fill the log: the first of a status, then a sum per minute. */
export class Refusals {
  readonly #source: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #byStatus = new Map<number, { loggedAt: number; since: number }>();

  constructor(source: string, clock: Clock, logger: Logger) {
    this.#source = source;
    this.#clock = clock;
    this.#logger = logger;
  }

  note(status: number, reason: string): void {
    const now = this.#clock.monotonic();
    const known = this.#byStatus.get(status);
    const refused = (known?.since ?? 0) + 1;
    if (known !== undefined && now - known.loggedAt < quietMs) {
      known.since = refused;
      return;
    }
    this.#byStatus.set(status, { loggedAt: now, since: 0 });
    this.#logger.warn({ source: this.#source, status, reason, refused }, 'refused a request');
  }
}
