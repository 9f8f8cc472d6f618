import type { Problem } from '../core/problem.ts';
import { Excerpts } from './excerpt.ts';
import type { Range } from './excerpt.ts';

export interface Finding {
  code: string;
  message: string;
  hint?: string | undefined;
  severity?: Problem['severity'];
}

/** Collects the problems of one file, each with its place, its line and a caret. */
export class Report {
  readonly file: string;
  readonly excerpts: Excerpts;
  readonly #found: Problem[] = [];

  /** `file` is the name the user gave it. */
  constructor(file: string, text: string) {
    this.file = file;
    this.excerpts = new Excerpts(text);
  }

  /** Adds a problem at a stretch of the file; without one it concerns the file as a whole. */
  add(range: Range | null, finding: Finding, options: { excerpt?: boolean } = {}): void {
    const problem: Problem = {
      severity: finding.severity ?? 'error',
      code: finding.code,
      file: this.file,
      line: 0,
      column: 0,
      message: finding.message,
    };
    if (finding.hint !== undefined) problem.hint = finding.hint;
    if (range !== null) {
      const { line, column } = this.excerpts.position(range[0]);
      problem.line = line;
      problem.column = column;
      const excerpt = options.excerpt === false ? undefined : this.excerpts.show(line, column);
      if (excerpt !== undefined && excerpt.length >= column - 1) {
        problem.excerpt = excerpt;
        const length = Math.min(range[1] - range[0], excerpt.trimEnd().length - column + 1);
        if (length > 1) problem.length = length;
      }
    }
    this.#found.push(problem);
  }

  get hasErrors(): boolean {
    return this.#found.some((problem) => problem.severity === 'error');
  }

  /** All problems in the order of the file, each once. */
  problems(): Problem[] {
    const seen = new Set<string>();
    return this.#found
      .filter(({ line, column, message }) => {
        const key = `${line}:${column}:${message}`;
        return !seen.has(key) && seen.add(key);
      })
      .sort((a, b) => a.line - b.line || a.column - b.column);
  }
}
