import { Worker } from 'node:worker_threads';

/** The journal grew by so much in a second: a checkpoint of SQLite's own, which holds everything up, would be near. */
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
 * load, and begin the log anew, which only the writer can (https://www.sqlite.org/wal.html#ckpt).
 */
export class Checkpointer {
  readonly #path: string;
  #grown = 0;
  #windowEnd = 0;
  #worker: Worker | null = null;
  #isBusy = false;
  #idle: NodeJS.Timeout | null = null;

  constructor(journalPath: string) {
    this.#path = journalPath;
  }

  /** A commit made the journal larger by so many bytes. */
  grew(bytes: number): void {
    const now = performance.now();
    if (now > this.#windowEnd) {
      this.#grown = 0;
      this.#windowEnd = now + windowMs;
    }
    this.#grown += bytes;
    if (this.#grown < loadBytes || this.#isBusy) return;
    this.#grown = 0;
    this.#isBusy = true;
    this.#worker ??= this.#start();
    this.#worker.postMessage('checkpoint');
    this.#idle?.refresh();
    this.#idle ??= setTimeout(() => void this.close(), idleMs).unref();
  }

  /** Ends the thread, once what it is at is done. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    this.#isBusy = false;
    clearTimeout(this.#idle ?? undefined);
    this.#idle = null;
    await worker?.terminate();
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
      this.#grown = 0;
    });
    // It cannot be had, or open the journal: it stays marked as busy, and SQLite's own checkpoints do the work.
    worker.on('error', () => {});
    return worker;
  }
}
