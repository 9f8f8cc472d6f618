import { Doubling } from '../core/doubling.ts';
import type { Logger } from '../core/logger.ts';
import type { Reject, RejectReason } from '../core/source.ts';

/** Logs the lines of one source that were rejected: where they stood, nothing of what they held. */
export class RejectLog {
  readonly #logger: Logger;
  readonly #source: string;
  readonly #byReason = new Map<RejectReason, Doubling>();

  constructor(logger: Logger, source: string) {
    this.#logger = logger;
    this.#source = source;
  }

  rejected({ reason, position }: Reject): void {
    let seen = this.#byReason.get(reason);
    if (seen === undefined) this.#byReason.set(reason, (seen = new Doubling()));
    if (!seen.next()) return;
    this.#logger.warn({ source: this.#source, reason, position, rejected: seen.count }, 'line rejected');
  }
}
