import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { watch } from 'chokidar';
import type { FSWatcher } from 'chokidar';
import { systemClock } from '../core/clock.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { fileFingerprint } from './fingerprint.ts';

export interface ConfigWatcher {
  /** Watches other files from now on; what is known of files that stay is kept. */
  setFiles(files: readonly string[]): void;
  close(): Promise<void>;
}

export interface WatchOptions {
  clock?: Clock;
  /** A change is told once the content has been the same for this long: editors write in steps. */
  settleMs?: number;
  /** How often the content is looked at where no hint comes, as on network file systems. */
  pollMs?: number;
}

/**
 * Calls `onChange` when the content of any of the files has changed and then stayed the same for a moment.
 * Files may be missing, be replaced, be folders, or be reached through links that are switched, as Kubernetes
 * does with `..data`: watchers only hint, the content decides.
 */
export function watchConfigFiles(
  files: readonly string[],
  onChange: () => void,
  options: WatchOptions = {},
): ConfigWatcher {
  const watcher = new ContentWatcher(onChange, options);
  watcher.setFiles(files);
  return watcher;
}

/**
 * idle ──hint or poll: content differs──▶ settling ──same content twice──▶ told ──▶ idle
 *                                          │  ▲
 *                                          └──┘ content differs again
 */
class ContentWatcher implements ConfigWatcher {
  readonly #onChange: () => void;
  readonly #clock: Clock;
  readonly #settleMs: number;
  readonly #pollMs: number;
  #known = new Map<string, string>();
  /** The content seen at the last look while settling; null when idle. */
  #candidate: Map<string, string> | null = null;
  #timer: Timer | null = null;
  #hints: FSWatcher | null = null;
  #hintedFolders = '';
  /** Watchers that were replaced and are still closing. */
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  constructor(onChange: () => void, { clock = systemClock, settleMs = 100, pollMs = 5000 }: WatchOptions) {
    this.#onChange = onChange;
    this.#clock = clock;
    this.#settleMs = settleMs;
    this.#pollMs = pollMs;
  }

  setFiles(files: readonly string[]): void {
    if (this.#closed) return;
    this.#known = new Map(files.map((file) => [file, this.#known.get(file) ?? fileFingerprint(file)]));
    this.#candidate = null;
    this.#watchFolders();
    this.#lookIn(this.#pollMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.clear();
    this.#dropHints();
    await Promise.all(this.#closing);
  }

  #lookIn(delayMs: number): void {
    this.#timer?.clear();
    this.#timer = this.#clock.after(delayMs, () => this.#look());
  }

  #hint(): void {
    // While settling the next look is near already.
    if (!this.#closed && this.#candidate === null) this.#lookIn(Math.min(this.#settleMs / 4, this.#pollMs));
  }

  #look(): void {
    const seen = new Map(Array.from(this.#known.keys(), (file) => [file, fileFingerprint(file)]));
    if (isSame(seen, this.#known)) {
      this.#candidate = null;
      this.#lookIn(this.#pollMs);
    } else if (this.#candidate === null || !isSame(seen, this.#candidate)) {
      this.#candidate = seen;
      this.#lookIn(this.#settleMs);
    } else {
      this.#known = seen;
      this.#candidate = null;
      // A switched link leads to another folder.
      this.#watchFolders();
      this.#lookIn(this.#pollMs);
      this.#onChange();
    }
  }

  #watchFolders(): void {
    const { folders, relevant } = watchPlan([...this.#known.keys()]);
    const key = folders.join('\0');
    if (key === this.#hintedFolders) return;
    this.#dropHints();
    this.#hintedFolders = key;
    const inside = new Set(folders);
    this.#hints = watch(folders, {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      // A log that is written beside the config must not cost anything.
      ignored: (path) => !inside.has(path) && !relevant(path),
    });
    this.#hints.on('all', () => this.#hint());
    // Out of watches, or no watching on this file system: the poll stands behind.
    this.#hints.on('error', () => this.#hint());
  }

  #dropHints(): void {
    if (this.#hints === null) return;
    const closing: Promise<void> = this.#hints.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    this.#hints = null;
  }
}

function isSame(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([file, hash]) => b.get(file) === hash);
}

/** The folders to watch, and which of the names in them matter. */
function watchPlan(files: readonly string[]): { folders: string[]; relevant: (path: string) => boolean } {
  const folders = new Set<string>();
  const names = new Set<string>();
  for (const file of files) {
    for (const target of new Set([file, realPath(file)])) {
      let path = target;
      names.add(path);
      // A folder that is not there yet is waited for in the nearest one that is.
      while (!existsSync(dirname(path)) && dirname(path) !== path) names.add((path = dirname(path)));
      folders.add(dirname(path));
    }
    if (isFolder(file)) folders.add(file);
  }
  // Kubernetes switches the link `..data`, and makes folders whose names begin with two dots.
  const relevant = (path: string): boolean =>
    names.has(path) || names.has(dirname(path)) || basename(path).startsWith('..');
  return { folders: [...folders].sort(), relevant };
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file; // Not there, or a broken link: its own path is what can be watched.
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
