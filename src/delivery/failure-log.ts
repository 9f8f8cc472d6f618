import { Doubling } from '../core/doubling.ts';
import type { Logger } from '../core/logger.ts';

/** Logs a failing sink at its first failure, at each doubling, and at recovery with the count. */
export class FailureLog {
  readonly #logger: Logger;
  readonly #sink: string;
  readonly #inARow = new Doubling();

  constructor(logger: Logger, sink: string) {
    this.#logger = logger;
    this.#sink = sink;
  }

  get isFailing(): boolean {
    return this.#inARow.count > 0;
  }

  failed(reason: string): void {
    if (!this.#inARow.next()) return;
    this.#logger.warn({ sink: this.#sink, failures: this.#inARow.count, reason }, 'sink failing');
  }

  succeeded(): void {
    if (!this.isFailing) return;
    this.#logger.info({ sink: this.#sink, failures: this.#inARow.count }, 'sink recovered');
    this.#inARow.reset();
  }
}
