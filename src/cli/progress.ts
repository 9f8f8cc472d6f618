import type { Io } from './io.ts';

/** One line on a terminal that says how far long work has come, and goes when it is done; nothing elsewhere. */
export class Progress {
  readonly #io: Io;
  #shown = false;

  constructor(io: Io) {
    this.#io = io;
  }

  show(text: string): void {
    if (this.#io.stderr.isTTY !== true) return;
    this.#shown = true;
    this.#io.stderr.write(`\r${text}\u001b[K`);
  }

  clear(): void {
    if (this.#shown) this.#io.stderr.write('\r\u001b[K');
    this.#shown = false;
  }
}
