import type { Clock, Timer } from '../core/clock.ts';
import { AuditsinkError } from '../core/errors.ts';
import type { Journal, PruneResult } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';

/** Events per step: a few milliseconds, so that delivery never feels it. */
const stepEvents = 500;
const idleMs = 5000;
/** Between two steps while there is more to remove. */
const busyMs = 20;

const stoppedError = (): AuditsinkError =>
  new AuditsinkError('journal_io', 'stopped while the journal was full');

export interface RetentionLimits {
  retentionMs: number;
  maxBytes: number;
  /** Sinks whose unsettled deliveries must not go. */
  holdingSinks: readonly string[];
}

/**
 * Keeps the journal within its age and size by removing settled events, oldest first, in small steps. Above its
 * size settled events go whatever their age; when that does not help, sources are held back until it does.
 */
export class Retention {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: () => RetentionLimits;
  #timer: Timer | null = null;
  #full: PromiseWithResolvers<void> | null = null;
  #stopped = true;

  constructor(deps: { journal: Journal; clock: Clock; logger: Logger; limits: () => RetentionLimits }) {
    this.#journal = deps.journal;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#limits = deps.limits;
  }

  start(): void {
    this.#stopped = false;
    this.#schedule(idleMs);
  }

  /** Ends it; whoever waits for room is rejected. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.clear();
    this.#full?.reject(stoppedError());
  }

  /** What a source waits for before it hands over more; undefined while there is room. Rejects at `stop`. */
  room(): Promise<void> | undefined {
    if (!this.#isFull()) return undefined;
    if (this.#stopped) return Promise.reject(stoppedError());
    if (this.#full === null) {
      this.#full = Promise.withResolvers();
      this.#schedule(0);
    }
    return this.#full.promise;
  }

  /** One step; public so that tests need not wait. */
  async tick(): Promise<PruneResult> {
    const { retentionMs, maxBytes, holdingSinks } = this.#limits();
    const tooLarge = this.#journal.usedBytes() > maxBytes * 0.9;
    const now = this.#clock.now();
    const result = await this.#journal.prune({
      acceptedBefore: tooLarge ? now + 1 : now - retentionMs,
      holdingSinks,
      limit: stepEvents,
    });
    if (this.#full !== null) {
      if (!this.#isFull()) {
        this.#logger.info({ bytes: this.#journal.usedBytes() }, 'journal has room again');
        this.#full.resolve();
        this.#full = null;
      } else if (result.removed === 0 && !result.more) {
        this.#warnFull(maxBytes);
      }
    }
    return result;
  }

  #warned = 0;

  #warnFull(maxBytes: number): void {
    const now = this.#clock.monotonic();
    if (this.#warned !== 0 && now - this.#warned < 60_000) return;
    this.#warned = now;
    this.#logger.error(
      { bytes: this.#journal.usedBytes(), maxBytes },
      'journal is full of undelivered events: sources wait; mend the sinks or raise journal.max_bytes',
    );
  }

  #isFull(): boolean {
    return this.#journal.usedBytes() >= this.#limits().maxBytes;
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer?.clear();
    this.#timer = this.#clock.after(delayMs, () => {
      this.tick().then(
        ({ more }) => this.#schedule(more ? busyMs : this.#full === null ? idleMs : 250),
        (error: unknown) => {
          this.#logger.error({ err: error }, 'journal retention failed');
          this.#schedule(idleMs);
        },
      );
    });
  }
}
