import { findJsonError } from './json-error.ts';
import { placeOf } from './problem.ts';
import type { TemplateProblem } from './problem.ts';
import type { Traced } from './trace.ts';

/** Why a rendered body is no JSON, at the place in the template that wrote the offending character. */
export function jsonProblem(body: string, trace: () => Traced): TemplateProblem {
  const error = findJsonError(body) ?? { offset: 0, message: 'it cannot be parsed' };
  const problem = {
    severity: 'error',
    code: 'invalid_json',
    message: `the rendered body is not valid JSON: ${error.message} (character ${error.offset + 1} of the body)`,
  } as const;
  try {
    const traced = trace();
    const loc = traced.body === body ? traced.locate(error.offset) : undefined;
    if (loc !== undefined) return { ...problem, ...placeOf(loc) };
  } catch {
    // The body itself was rendered, so this can only be a lack of memory or stack; the reason stands without its place.
  }
  return { ...problem, line: 0, column: 0 };
}
