import { basename, dirname, join } from 'node:path';
import { errnoOf, messageOf } from '../../core/errors.ts';
import type { FileStat, Files } from './files.ts';
import { type Aged, familyOf, oldestFirst, rotationOf } from './rotation.ts';

/** A regular file that may be one of ours. */
export interface Candidate extends Aged {
  path: string;
  stat: FileStat;
  /** It is what a configured path names, not a rotated sibling of it. */
  target: boolean;
}

export interface Survey {
  /** Each file once, oldest first. */
  candidates: Candidate[];
  /** Configured paths, with the file each names now: null where there is none. */
  targets: Map<string, string | null>;
  /** Folders to watch. */
  directories: Set<string>;
  /** Names of the configured files, of links and of what they lead to. */
  names: Set<string>;
  /** Something could not be seen, so that a file not found may still be there. */
  blind: boolean;
  problems: string[];
}

/** A file that is tracked without a handle and has to be found by its path, or else by its inode. */
export interface Wanted {
  id: string;
  path: string;
}

export type Seen = { kind: 'seen'; stat: FileStat } | { kind: 'absent' } | { kind: 'unseen'; error: string };

/** What a path names. Only ENOENT and ENOTDIR mean that there is nothing; any other error means not seen. */
export async function see(files: Files, path: string): Promise<Seen> {
  try {
    return { kind: 'seen', stat: await files.stat(path) };
  } catch (error) {
    const code = errnoOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? { kind: 'absent' }
      : { kind: 'unseen', error: messageOf(error) };
  }
}

/** Whether a configured path is a glob; a backslash takes the meaning from the character behind it. */
export function isGlob(path: string): boolean {
  return /(?<!\\)[*?[{]/.test(path);
}

/** The deepest folder of a glob that holds no magic. */
export function globRoot(pattern: string): string {
  let root = pattern;
  while (isGlob(root)) root = dirname(root);
  return root;
}

const attempts = 3;

/**
 * Looks at every file that may be one of ours: the configured paths, their rotated siblings, and the wanted.
 * Where a rotation came in between, so that files may have been missed, it looks again.
 */
export async function survey(files: Files, path: string, wanted: readonly Wanted[]): Promise<Survey> {
  for (let attempt = 1; ; attempt += 1) {
    const surveyor = new Surveyor(files);
    const found = await surveyor.run(path, wanted);
    if (attempt === attempts || (await surveyor.isUpToDate())) return found;
  }
}

class Surveyor {
  readonly #files: Files;
  readonly #listings = new Map<string, string[]>();
  /** Last change of each folder before it was listed. */
  readonly #listedAt = new Map<string, bigint>();
  readonly #looked = new Set<string>();
  readonly #found = new Map<string, Candidate>();
  readonly #survey: Survey = {
    candidates: [],
    targets: new Map(),
    directories: new Set(),
    names: new Set(),
    blind: false,
    problems: [],
  };

  constructor(files: Files) {
    this.#files = files;
  }

  async run(path: string, wanted: readonly Wanted[]): Promise<Survey> {
    const glob = isGlob(path);
    const targets = glob ? await this.#expand(path) : [path];
    if (glob) this.#survey.directories.add(globRoot(path));
    for (const target of targets) await this.#lookAtTarget(target, glob);
    for (const target of targets) await this.#lookForSiblings(target);
    for (const file of wanted) await this.#lookFor(file);
    await this.#lookEverywhereFor(wanted.filter((file) => !this.#found.has(file.id)));
    const all = [...this.#found.values()];
    this.#survey.candidates = glob
      ? [...Map.groupBy(all, (one) => familyOf(one.path)).values()].flatMap((family) => oldestFirst(family))
      : oldestFirst(all);
    return this.#survey;
  }

  /** Whether the folders and what the paths name are as they were when they were looked at. */
  async isUpToDate(): Promise<boolean> {
    for (const [directory, mtimeNs] of this.#listedAt) {
      const seen = await see(this.#files, directory);
      if (seen.kind === 'seen' && seen.stat.mtimeNs !== mtimeNs) return false;
    }
    for (const [path, id] of this.#survey.targets) {
      const seen = await see(this.#files, path);
      if (seen.kind === 'seen' && seen.stat.kind === 'file' && seen.stat.id !== id) return false;
    }
    return true;
  }

  async #expand(pattern: string): Promise<string[]> {
    try {
      return (await this.#files.glob(pattern)).sort();
    } catch (error) {
      this.#cannotSee(messageOf(error));
      return [];
    }
  }

  async #lookAtTarget(path: string, glob: boolean): Promise<void> {
    this.#looked.add(path);
    const seen = await see(this.#files, path);
    if (seen.kind === 'unseen') return this.#cannotSee(seen.error);
    if (seen.kind === 'seen' && seen.stat.kind === 'file') {
      this.#survey.targets.set(path, seen.stat.id);
      const base = glob ? basename(familyOf(path)) : basename(path);
      this.#add(path, seen.stat, true, base);
      return;
    }
    if (!glob) this.#survey.targets.set(path, null);
  }

  async #lookForSiblings(target: string): Promise<void> {
    const places = new Set([target]);
    try {
      places.add(await this.#files.realpath(target));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') this.#survey.blind = true;
    }
    for (const place of places) {
      const directory = dirname(place);
      const base = basename(place);
      this.#survey.names.add(base);
      for (const name of await this.#list(directory)) {
        if (rotationOf(base, name) !== undefined) await this.#look(join(directory, name), base);
      }
    }
  }

  async #lookFor(file: Wanted): Promise<void> {
    if (this.#found.has(file.id) || this.#looked.has(file.path)) return;
    const seen = await see(this.#files, file.path);
    if (seen.kind === 'unseen') this.#cannotSee(seen.error);
    if (seen.kind === 'seen' && seen.stat.id === file.id) this.#add(file.path, seen.stat, false, undefined);
  }

  /** A file renamed to a name that no rotation makes is still found by its inode, in the folders we know. */
  async #lookEverywhereFor(missing: readonly Wanted[]): Promise<void> {
    if (missing.length === 0) return;
    const ids = new Set(missing.map((file) => file.id));
    for (const [directory, names] of this.#listings) {
      for (const name of names) {
        const path = join(directory, name);
        if (this.#looked.has(path)) continue;
        const seen = await see(this.#files, path);
        if (seen.kind === 'seen' && ids.has(seen.stat.id)) this.#add(path, seen.stat, false, undefined);
      }
    }
  }

  async #look(path: string, base: string): Promise<void> {
    if (this.#looked.has(path)) return;
    this.#looked.add(path);
    const seen = await see(this.#files, path);
    if (seen.kind === 'unseen') this.#cannotSee(seen.error);
    if (seen.kind === 'seen') this.#add(path, seen.stat, false, base);
  }

  async #list(directory: string): Promise<string[]> {
    const known = this.#listings.get(directory);
    if (known !== undefined) return known;
    let names: string[] = [];
    const before = await see(this.#files, directory);
    if (before.kind === 'seen') this.#listedAt.set(directory, before.stat.mtimeNs);
    try {
      names = await this.#files.list(directory);
      this.#survey.directories.add(directory);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') this.#cannotSee(messageOf(error));
    }
    this.#listings.set(directory, names);
    return names;
  }

  #add(path: string, stat: FileStat, target: boolean, base: string | undefined): void {
    if (stat.kind !== 'file' || this.#found.has(stat.id)) return;
    const rotation =
      (base === undefined ? undefined : rotationOf(base, basename(path))) ??
      (target ? undefined : { by: 'word' as const });
    this.#found.set(stat.id, { path, stat, target, rotation, mtimeNs: stat.mtimeNs });
  }

  #cannotSee(problem: string): void {
    this.#survey.blind = true;
    this.#survey.problems.push(problem);
  }
}
