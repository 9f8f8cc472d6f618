import { messageOf } from '../core/errors.ts';
import { placeOf, TemplateError } from './problem.ts';
import type { TemplateProblem } from './problem.ts';

/** What was thrown while rendering, as a problem at its place. */
export function failureProblem(error: unknown): TemplateProblem {
  const problem = { severity: 'error', code: 'template_failed' } as const;
  if (error instanceof TemplateError) {
    const place = error.loc === undefined ? { line: 0, column: 0 } : placeOf(error.loc);
    return { ...problem, message: error.message, ...place };
  }
  // A partial that calls itself without end; anything else here is a bug, and no value is in its message.
  const message =
    error instanceof RangeError
      ? 'the template calls itself too often, or its output is too large'
      : messageOf(error);
  return { ...problem, message, line: 0, column: 0 };
}

/** One line for logs and the delivery history: place and cause, never a value. */
export function reasonOf(problem: TemplateProblem): string {
  const file = problem.file === undefined ? 'template' : problem.file;
  const pointer = problem.pointer === undefined ? '' : ` ${problem.pointer}`;
  const place = problem.line > 0 ? ` line ${problem.line}, column ${problem.column}` : '';
  return `${file}${pointer}${place}: ${problem.message}`;
}
