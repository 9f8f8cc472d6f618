import type { Logger } from '../core/logger.ts';

/**
 * Logs a failing sink at its first failure, at each doubling, and at recovery with the count, not once per
 * attempt: ten thousand equal lines hide what they say.
 */
export class FailureLog {
  readonly #logger: Logger;
  readonly #sink: string;
  #inARow = 0;
  #nextAt = 1;

  constructor(logger: Logger, sink: string) {
    this.#logger = logger;
    this.#sink = sink;
  }

  get isFailing(): boolean {
    return this.#inARow > 0;
  }

  failed(reason: string): void {
    this.#inARow += 1;
    if (this.#inARow < this.#nextAt) return;
    this.#nextAt = this.#inARow * 2;
    this.#logger.warn({ sink: this.#sink, failures: this.#inARow, reason }, 'sink failing');
  }

  succeeded(): void {
    if (this.#inARow === 0) return;
    this.#logger.info({ sink: this.#sink, failures: this.#inARow }, 'sink recovered');
    this.#inARow = 0;
    this.#nextAt = 1;
  }
}
