import { dirname, isAbsolute, join, resolve } from 'node:path';
import { quotable } from './excerpt.ts';
import type { FileReader, FileText } from './files.ts';
import type { Path } from './pointer.ts';
import type { Finding, Report } from './report.ts';
import type { Tree } from './tree.ts';
import { unresolved } from './tree.ts';

/** A config under examination: its values with their places, its report, and the files it names. */
export class Checked {
  readonly tree: Tree;
  readonly report: Report;
  readonly files: FileReader;

  constructor(tree: Tree, report: Report, files: FileReader) {
    this.tree = tree;
    this.report = report;
    this.files = files;
  }

  /** Adds a problem at the value of a path, or at its key. */
  add(path: Path, finding: Finding, at: 'key' | 'value' = 'value'): void {
    const place = this.tree.place(path);
    const value = this.tree.at(path);
    // Sections and empty values are best shown by their key.
    const isScalar = value !== undefined && (typeof value !== 'object' || value === null);
    const range = at === 'value' && isScalar ? place?.value : (place?.key ?? place?.value);
    this.report.add(range ?? null, finding);
  }

  /** The text at a path; undefined when there is none or its variable is missing. */
  text(path: Path): string | undefined {
    const value = this.tree.at(path);
    return typeof value === 'string' ? value : undefined;
  }

  /** The value at a path between backquotes, or words for it where it must not be repeated. */
  shown(path: Path): string {
    const value = this.tree.at(path);
    if (this.tree.place(path)?.replaced === true || typeof value !== 'string') return 'this value';
    return `\`${quotable(value)}\``;
  }

  /** True when the key is there with a value, even one whose variable is missing. */
  isGiven(path: Path): boolean {
    return this.tree.at(path) !== undefined;
  }

  /** The texts of a list, or of a single text written in its place, each with its path. */
  texts(path: Path): Array<{ text: string; path: Path }> {
    const value = this.tree.at(path);
    if (typeof value === 'string') return [{ text: value, path }];
    if (!Array.isArray(value)) return [];
    return value.flatMap((text: unknown, i) =>
      typeof text === 'string' ? [{ text, path: [...path, i] }] : [],
    );
  }

  /** Number of entries of a list at a path. */
  length(path: Path): number {
    const value = this.tree.at(path);
    return Array.isArray(value) ? value.length : 0;
  }

  /** Whether a list is written at a path, with nothing in it. */
  isEmptyList(path: Path): boolean {
    return Array.isArray(this.tree.at(path)) && this.length(path) === 0;
  }

  /** The keys of a map at a path. */
  keys(path: Path): string[] {
    const value = this.tree.at(path);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  }

  /** Reads a file that a setting names, relative to the config file; a failure is reported at the setting. */
  readNamed(path: Path): { file: string; text: string } | undefined {
    const named = this.tree.at(path);
    if (named === undefined || named === unresolved || typeof named !== 'string' || named.trim() === '')
      return undefined;
    const read: FileText = this.files.read(resolve(dirname(this.report.file), named));
    if (read.ok) return { file: shownPath(this.report.file, named), text: read.text };
    const isShown = this.tree.place(path)?.replaced !== true;
    this.add(path, {
      code: 'unreadable_file',
      message: `cannot read ${isShown ? `\`${quotable(named)}\`` : `the file of \`${String(path.at(-1))}\``}: ${read.reason}`,
      hint: 'the path is relative to the config file',
    });
    return undefined;
  }
}

/** A path beside the config file, as somebody would write it who named the config file so. */
function shownPath(configFile: string, named: string): string {
  return isAbsolute(named) ? named : join(dirname(configFile), named);
}
