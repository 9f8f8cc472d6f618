import type { DeliveryRecord, FailedAttempt, SinkProgress } from '../core/journal.ts';

/** A sink's results that are not in the journal yet; the last one of a delivery counts. */
export class Outcomes {
  #deliveries = new Map<number, DeliveryRecord>();
  #failures: FailedAttempt[] = [];
  #cursor: number;

  constructor(cursor: number) {
    this.#cursor = cursor;
  }

  put(record: DeliveryRecord): void {
    this.#deliveries.set(record.seq, record);
  }

  failed(attempt: FailedAttempt): void {
    this.#failures.push(attempt);
  }

  has(seq: number): boolean {
    return this.#deliveries.has(seq);
  }

  /** Hands everything over for one commit; null when nothing changed. */
  take(sink: string, cursor: number, activeMs: number): SinkProgress | null {
    if (this.#deliveries.size === 0 && this.#failures.length === 0 && cursor === this.#cursor) return null;
    const progress = {
      sink,
      cursor,
      activeMs,
      deliveries: [...this.#deliveries.values()],
      failedAttempts: this.#failures,
    };
    this.#deliveries = new Map();
    this.#failures = [];
    this.#cursor = cursor;
    return progress;
  }
}
