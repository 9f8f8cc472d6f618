import type { Delivery } from './delivery.ts';
import { Fifo } from './fifo.ts';

/**
 * The fresh deliveries in journal order. Its head is what the sink's cursor waits for: everything before it is
 * filtered out, settled, or has a record of its own.
 */
export class Window {
  readonly #deliveries = new Fifo<Delivery>();
  #fresh = 0;

  /** Deliveries without a record. */
  get size(): number {
    return this.#fresh;
  }

  push(delivery: Delivery): void {
    this.#deliveries.push(delivery);
    this.#fresh += 1;
  }

  /** `delivery` got a record: it holds the cursor no longer. */
  release(delivery: Delivery): void {
    if (!delivery.fresh) return;
    delivery.fresh = false;
    this.#fresh -= 1;
    this.oldest(); // lets go of what is done with at once
  }

  /** The oldest delivery without a record. */
  oldest(): Delivery | undefined {
    let first = this.#deliveries.peek();
    while (first !== undefined && !first.fresh) {
      this.#deliveries.shift();
      first = this.#deliveries.peek();
    }
    return first;
  }

  /** The cursor, given how far the sink has read. */
  cursor(position: number): number {
    const oldest = this.oldest();
    return oldest === undefined ? position : oldest.seq - 1;
  }
}
