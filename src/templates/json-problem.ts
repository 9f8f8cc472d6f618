import type { TemplateProblem } from './problem.ts';
import type { TemplateSet, Unit } from './template-set.ts';

/** Why a rendered body is no JSON, at the place in the template that wrote the offending character. */
export function jsonProblem(_set: TemplateSet, _unit: Unit, _event: unknown, _body: string): TemplateProblem {
  return {
    severity: 'error',
    code: 'invalid_json',
    message: 'the rendered body is not valid JSON',
    line: 0,
    column: 0,
  };
}
