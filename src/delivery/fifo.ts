/**
 * A queue in a ring, which grows and never shrinks. What is taken leaves no trace: a spent array that still named its
 * items would keep all of them from being collected young.
 */
export class Fifo<T> {
  #slots: Array<T | undefined> = [undefined];
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length += 1;
  }

  peek(): T | undefined {
    return this.#slots[this.#head];
  }

  shift(): T | undefined {
    const item = this.#slots[this.#head];
    if (this.#length === 0) return undefined;
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length -= 1;
    return item;
  }

  /** To twice the size: a power of two, so that a mask finds the place. */
  #grow(): void {
    const { length } = this.#slots;
    const ordered = [...this.#slots.slice(this.#head), ...this.#slots.slice(0, this.#head)];
    this.#slots = ordered.concat(Array.from({ length }, () => undefined));
    this.#head = 0;
  }
}
