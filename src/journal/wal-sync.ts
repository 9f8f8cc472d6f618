import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/**
 * Brings what is committed onto the disk. With `synchronous=NORMAL` SQLite leaves the WAL to the operating system;
 * syncing it after the commit is all that `FULL` adds (https://www.sqlite.org/pragma.html#pragma_synchronous).
 * Done here it runs beside the event loop, and commits that arrive meanwhile share the next sync.
 *
 * The handle is our own and stays open: SQLite's locks lie on other files, so that it disturbs none of them.
 */
export class WalSync {
  readonly #path: string;
  #handle: FileHandle | null = null;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(journalPath: string) {
    this.#path = `${journalPath}-wal`;
  }

  /** Resolves when everything committed before the call is on the disk; rejects when the disk refuses. */
  sync(): Promise<void> {
    if (this.#running === null) return this.#start();
    // What runs now may have begun before our commit: only the next one is sure to hold it.
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#next = null;
        return this.#start();
      });
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#running?.catch(() => {});
    await this.#handle?.close();
    this.#handle = null;
  }

  #start(): Promise<void> {
    this.#running = this.#sync().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #sync(): Promise<void> {
    this.#handle ??= await open(this.#path, 'r+');
    await this.#handle.datasync();
  }
}
