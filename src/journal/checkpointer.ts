import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../core/clock.ts';

/** So much was written in a second: a checkpoint of SQLite's own, which holds everything up, would be near. */
const loadBytes = 2 * 2 ** 20;
const windowMs = 1000;
/** Without load the thread is not worth its 7 MB. */
const idleMs = 10_000;

/** Runs in the thread. As text, so that it needs no file of its own in the bundle and in the executable. */
const program = `
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
  const db = new DatabaseSync(workerData);
  parentPort.on('message', () => {
    try {
      db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch {
      // The daemon's connection meets the same when it makes its own.
    }
    parentPort.postMessage('done');
  });
`;

/**
 * Brings what is committed from SQLite's write-ahead log into its file, under load in a thread beside ours. SQLite's
 * own checkpoints (`wal_autocheckpoint`) stay switched on: they find little left to do, are what there is without
 * load or without the thread, and begin the log anew, which only the writer can (https://www.sqlite.org/wal.html#ckpt).
 */
export class Checkpointer {
  readonly #path: string;
  readonly #clock: Clock;
  #written = 0;
  #windowEnd = 0;
  #worker: Worker | null = null;
  #isBusy = false;
  #isClosed = false;
  #idle: Timer | null = null;
  /** Threads that are ending. */
  #ended: Promise<void> = Promise.resolve();

  constructor(journalPath: string, clock: Clock) {
    this.#path = journalPath;
    this.#clock = clock;
  }

  /** A commit wrote about so many bytes. Never throws. */
  wrote(bytes: number): void {
    const now = this.#clock.monotonic();
    if (now > this.#windowEnd) {
      this.#written = 0;
      this.#windowEnd = now + windowMs;
    }
    this.#written += bytes;
    if (this.#written < loadBytes || this.#isBusy || this.#isClosed) return;
    this.#written = 0;
    // Stays so where the thread cannot be had or cannot open the journal: SQLite does the work, and once idle it is
    // tried again.
    this.#isBusy = true;
    this.#idle?.clear();
    this.#idle = this.#clock.after(idleMs, () => this.#end());
    try {
      this.#worker ??= this.#start();
      this.#worker.postMessage('checkpoint');
    } catch {
      // No more threads are allowed.
    }
  }

  /** Ends the thread, once what it is at is done; no other is started. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#end();
    await this.#ended;
  }

  #end(): void {
    this.#idle?.clear();
    this.#idle = null;
    this.#ended = this.#ending(this.#ended, this.#worker);
    this.#worker = null;
  }

  /** The next is not started beside one that a slow disk still holds. */
  async #ending(before: Promise<void>, worker: Worker | null): Promise<void> {
    await before;
    await worker?.terminate();
    if (this.#worker === null) this.#isBusy = false;
  }

  #start(): Worker {
    const worker = new Worker(program, {
      eval: true,
      workerData: this.#path,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16, stackSizeMb: 1 },
    });
    worker.unref();
    worker.on('message', () => {
      if (worker !== this.#worker) return;
      this.#isBusy = false;
      // Not at once again, however slow the disk: only between two can SQLite make its own and begin the log anew.
      this.#written = 0;
    });
    worker.on('error', () => {}); // as where it cannot be had
    return worker;
  }
}
