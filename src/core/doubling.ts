/** Counts what happens, and picks the first and each doubling to be told: ten thousand equal lines hide what they say. */
export class Doubling {
  #count = 0;
  #nextAt = 1;

  get count(): number {
    return this.#count;
  }

  /** Counts one more; true when it is one to tell. */
  next(): boolean {
    this.#count += 1;
    if (this.#count < this.#nextAt) return false;
    this.#nextAt = this.#count * 2;
    return true;
  }

  reset(): void {
    this.#count = 0;
    this.#nextAt = 1;
  }
}
