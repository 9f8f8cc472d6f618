/**
 * Something a user wrote wrong in the config or in a template. Problems are collected and shown all
 * together, never thrown one by one.
 */
export interface Problem {
  severity: 'error' | 'warning';
  /** Stable machine name, e.g. `unknown_key`, `template_syntax`. */
  code: string;
  /** Path of the file as the user named it. */
  file: string;
  /** 1-based; 0 when the problem has no place, such as a missing file. */
  line: number;
  /** 1-based, in characters; 0 when the problem has no place. */
  column: number;
  /** What is wrong, in one line, without any secret. */
  message: string;
  /** What to do about it. */
  hint?: string;
  /** The offending line's text; absent where showing it could show a secret. */
  excerpt?: string;
  /** Number of characters to underline from `column`; 1 when absent. */
  length?: number;
}

/** `file:line:col: error: message`, the line, a caret and the remedy. */
export function formatProblem(problem: Problem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  const lines = [`${place}: ${problem.severity}: ${problem.message}`];
  if (problem.excerpt !== undefined && problem.line > 0) {
    const gutter = `${problem.line} | `;
    const before = problem.excerpt.slice(0, problem.column - 1).replace(/[^\t]/g, ' ');
    lines.push(`  ${gutter}${problem.excerpt}`);
    lines.push(`  ${' '.repeat(gutter.length)}${before}${'^'.repeat(Math.max(1, problem.length ?? 1))}`);
  }
  if (problem.hint !== undefined) lines.push(`  help: ${problem.hint}`);
  return lines.join('\n');
}
