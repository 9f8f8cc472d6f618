import type { FSWatcher } from 'node:fs';
import { errnoOf, messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Files } from './files.ts';
import { see } from './survey.ts';

/**
 * Watches folders for hints that something happened: never for the truth, which is looked up. Where a folder
 * cannot be watched (limits exhausted, a file system without events) that is said once, and the poll serves.
 *
 * Folders are watched rather than files, since a watch on a file follows its inode and goes deaf when that is
 * renamed. A folder that was deleted and made again is noticed by its inode, at `update`.
 */
export class Watcher {
  readonly #files: Files;
  readonly #logger: Logger;
  readonly #onEvent: (kind: string, name: string | null) => void;
  readonly #watched = new Map<string, { id: string; watch: FSWatcher }>();
  #warned = false;

  constructor(files: Files, logger: Logger, onEvent: (kind: string, name: string | null) => void) {
    this.#files = files;
    this.#logger = logger;
    this.#onEvent = onEvent;
  }

  /** Watches these folders and no others; true if a watch was begun. */
  async update(directories: ReadonlySet<string>): Promise<boolean> {
    const before = new Set([...this.#watched.values()].map(({ watch }) => watch));
    for (const [directory, { id }] of this.#watched) {
      const seen = directories.has(directory) ? await see(this.#files, directory) : undefined;
      if (seen?.kind === 'unseen' || (seen?.kind === 'seen' && seen.stat.id === id)) continue;
      this.#drop(directory);
    }
    for (const directory of directories) {
      if (!this.#watched.has(directory)) await this.#watch(directory);
    }
    return [...this.#watched.values()].some(({ watch }) => !before.has(watch));
  }

  close(): void {
    for (const directory of this.#watched.keys()) this.#drop(directory);
  }

  async #watch(directory: string): Promise<void> {
    const seen = await see(this.#files, directory);
    if (seen.kind !== 'seen' || seen.stat.kind !== 'directory') return;
    try {
      const watch = this.#files.watch(directory, this.#onEvent);
      watch.on('error', (error) => {
        this.#warn(directory, error);
        this.#drop(directory);
      });
      this.#watched.set(directory, { id: seen.stat.id, watch });
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') this.#warn(directory, error);
    }
  }

  #drop(directory: string): void {
    this.#watched.get(directory)?.watch.close();
    this.#watched.delete(directory);
  }

  #warn(directory: string, error: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#logger.warn({ directory, error: messageOf(error) }, 'cannot watch the folder, polling instead');
  }
}
