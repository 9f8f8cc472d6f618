import type { Delivery } from './delivery.ts';

/**
 * The fresh deliveries in journal order. Its head is what the sink's cursor waits for: everything before it is
 * filtered out, settled, or has a record of its own.
 */
export class Window {
  #items: Delivery[] = [];
  #head = 0;
  #fresh = 0;

  /** Deliveries without a record. */
  get size(): number {
    return this.#fresh;
  }

  push(delivery: Delivery): void {
    this.#items.push(delivery);
    this.#fresh += 1;
  }

  /** `delivery` got a record: it holds the cursor no longer. */
  release(delivery: Delivery): void {
    if (!delivery.fresh) return;
    delivery.fresh = false;
    this.#fresh -= 1;
  }

  /** The oldest delivery without a record. */
  oldest(): Delivery | undefined {
    while (this.#head < this.#items.length && !(this.#items[this.#head] as Delivery).fresh) this.#head += 1;
    if (this.#head > 512 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return this.#items[this.#head];
  }

  /** The cursor, given how far the sink has read. */
  cursor(position: number): number {
    const oldest = this.oldest();
    return oldest === undefined ? position : oldest.seq - 1;
  }
}
