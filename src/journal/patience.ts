import { backOff } from 'exponential-backoff';
import { isTransient, journalError } from './sqlite-error.ts';

/**
 * Runs journal work and waits out what may heal by itself (disk full, read-only, I/O error): the work is tried
 * again until it succeeds, with growing waits, and `onStall` hears the reason once and `null` when it is over.
 * Everything else is thrown at once as AuditsinkError.
 */
export class Patience {
  readonly #path: string;
  readonly #onStall: (reason: string | null) => void;
  #stalled: string | null = null;
  /** Work that failed and is tried again. */
  #waiting = 0;
  #gaveUp = false;

  constructor(path: string, onStall: (reason: string | null) => void) {
    this.#path = path;
    this.#onStall = onStall;
  }

  get stalled(): string | null {
    return this.#stalled;
  }

  /** From now on nothing is waited out: work is tried once, and whoever waits is rejected at its next try. */
  giveUp(): void {
    this.#gaveUp = true;
  }

  async run<T>(work: () => T): Promise<T> {
    try {
      // The ordinary case, without the library's promises and closures.
      return this.#attempt(work);
    } catch (error) {
      if (!this.#mayHeal(error)) throw journalError(error, this.#path);
      this.#setStalled(journalError(error, this.#path).message);
    }
    this.#waiting += 1;
    return backOff(async () => this.#attempt(work, 1), {
      numOfAttempts: Number.POSITIVE_INFINITY,
      startingDelay: 100,
      maxDelay: 2000,
      jitter: 'full',
      retry: (error) => this.#mayHeal(error),
    })
      .catch((error: unknown) => {
        throw journalError(error, this.#path);
      })
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  /** It is over once nothing else waits: what only reads, or changes nothing, succeeds on a full disk as well. */
  #attempt<T>(work: () => T, waiting = 0): T {
    const result = work();
    if (this.#waiting === waiting) this.#setStalled(null);
    return result;
  }

  #mayHeal(error: unknown): boolean {
    return !this.#gaveUp && isTransient(error);
  }

  #setStalled(reason: string | null): void {
    if (reason === this.#stalled) return;
    this.#stalled = reason;
    this.#onStall(reason);
  }
}
