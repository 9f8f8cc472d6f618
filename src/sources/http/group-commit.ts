import type { Clock, Timer } from '../../core/clock.ts';
import type { IncomingEvent } from '../../core/event.ts';
import type { Intake, Reject } from '../../core/source.ts';

/** `busy`: not taken, or not known to be on the disk in time; the sender must send it again. */
export type Commit = 'committed' | 'busy';

export interface GroupCommitOptions {
  /** Items in one transaction. */
  maxItems: number;
  /** How long a sender is kept waiting. */
  maxWaitMs: number;
  /** Told when a batch was refused, which happens while the source is aborted and is a bug otherwise. */
  onRefused: (error: unknown) => void;
}

interface Waiting {
  event: IncomingEvent | undefined;
  reject: Reject | undefined;
  since: number;
  settle: (commit: Commit) => void;
}

/**
 * Puts the events of requests that arrive together into one durable transaction: while one is being written,
 * the next gathers, so that the disk's speed sets the size of the groups and not the rate.
 *
 * idle ─add─▶ gathering ─end of the tick─▶ writing ─committed─▶ gathering or idle
 *                                             └─maxWaitMs─▶ stuck (takes nothing) ─committed─▶ gathering or idle
 */
export class GroupCommit {
  readonly #intake: Intake;
  readonly #clock: Clock;
  readonly #options: GroupCommitOptions;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #timer: Timer | undefined;
  #writing: Waiting[] = [];
  #stuck = false;

  constructor(intake: Intake, clock: Clock, options: GroupCommitOptions) {
    this.#intake = intake;
    this.#clock = clock;
    this.#options = options;
  }

  /** Resolves once the event is on the disk, or once that took too long. */
  add(event: IncomingEvent): Promise<Commit> {
    return this.#enqueue(event, undefined);
  }

  /** Records a body that is no event, along with the next group. */
  reject(reject: Reject): Promise<Commit> {
    return this.#enqueue(undefined, reject);
  }

  /** Resolves when nothing is waiting any more. */
  async drained(): Promise<void> {
    await this.#running;
  }

  /** Whether the transaction in hand takes so long that senders are turned away at once. */
  get stuck(): boolean {
    return this.#stuck;
  }

  #enqueue(event: IncomingEvent | undefined, reject: Reject | undefined): Promise<Commit> {
    if (this.#stuck) return Promise.resolve('busy');
    const { promise, resolve } = Promise.withResolvers<Commit>();
    this.#waiting.push({ event, reject, since: this.#clock.monotonic(), settle: resolve });
    this.#running ??= this.#run();
    this.#timer ??= this.#clock.after(this.#options.maxWaitMs, () => this.#giveUp());
    return promise;
  }

  async #run(): Promise<void> {
    // The requests that arrived in the same turn of the event loop go into the same transaction.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    while (this.#waiting.length > 0) {
      this.#writing = this.#waiting.splice(0, this.#options.maxItems);
      const commit = await this.#write(this.#writing);
      for (const item of this.#writing) item.settle(commit);
      this.#writing = [];
      this.#stuck = false;
    }
    this.#running = undefined;
    this.#timer?.clear();
    this.#timer = undefined;
  }

  async #write(items: readonly Waiting[]): Promise<Commit> {
    const events: IncomingEvent[] = [];
    const rejects: Reject[] = [];
    for (const { event, reject } of items) {
      if (event !== undefined) events.push(event);
      if (reject !== undefined) rejects.push(reject);
    }
    try {
      await this.#intake.accept({ events, rejects, skipped: 0, checkpoints: [], durable: events.length > 0 });
      return 'committed';
    } catch (error) {
      this.#options.onRefused(error);
      return 'busy'; // the sender keeps the event
    }
  }

  /** Tells senders that waited too long to come again. What is being written may still be committed. */
  #giveUp(): void {
    this.#timer = undefined;
    const tooOld = this.#clock.monotonic() - this.#options.maxWaitMs;
    for (const item of this.#writing) {
      if (item.since > tooOld) continue;
      item.settle('busy');
      this.#stuck = true;
    }
    const kept: Waiting[] = [];
    for (const item of this.#waiting) {
      if (item.since <= tooOld) item.settle('busy');
      else kept.push(item);
    }
    this.#waiting = kept;
    const oldest = [...this.#writing, ...kept].find((item) => item.since > tooOld);
    if (oldest === undefined) return;
    this.#timer = this.#clock.after(oldest.since - tooOld, () => this.#giveUp());
  }
}
