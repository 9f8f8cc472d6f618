import type { AuditEvent } from '../core/event.ts';
import type { Rendered } from '../core/render.ts';
import type { Compiled } from './compile.ts';
import type { BodyFormat } from './content-type.ts';
import { formText, plainText } from './escape.ts';
import { failureProblem, reasonOf } from './failure.ts';
import { Marked } from './marked.ts';
import type { TemplateProblem } from './problem.ts';
import type { Inspected, TemplateRenderer } from './renderer.ts';
import type { TemplateSet } from './template-set.ts';

type Part = (event: AuditEvent, options: object) => unknown;

/** A string of the tree that failed, so that the problem can name it. */
class PartFailure extends Error {
  readonly problem: TemplateProblem;
  constructor(problem: TemplateProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

export function compileTreeBody(tree: unknown, set: TemplateSet, format: BodyFormat): Compiled {
  if (format === 'markup' || format === 'text') {
    const message =
      'a body written as a tree is sent as JSON or as a form, which the Content-Type does not say';
    const hint = 'set Content-Type to application/json, or write the body as text';
    return {
      ok: false,
      problems: [
        { severity: 'error', code: 'tree_content_type', message, hint, line: 0, column: 0, pointer: '' },
      ],
    };
  }
  if (format === 'form' && (typeof tree !== 'object' || tree === null || Array.isArray(tree))) {
    const message = 'the body of a form must be a map of its fields';
    return {
      ok: false,
      problems: [{ severity: 'error', code: 'tree_content_type', message, line: 0, column: 0, pointer: '' }],
    };
  }
  const problems: TemplateProblem[] = [];
  const part = compilePart(tree, '', set, problems);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, renderer: new TreeRenderer(set, part, format), usesPrevious: set.usesPrevious };
}

function compilePart(node: unknown, pointer: string, set: TemplateSet, problems: TemplateProblem[]): Part {
  if (typeof node === 'string') return compileString(node, pointer, set, problems);
  if (typeof node !== 'object' || node === null) return () => node;
  const step = (key: string | number): string =>
    `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  if (Array.isArray(node)) {
    const parts = node.map((item, index) => compilePart(item, step(index), set, problems));
    return (event, options) => parts.map((part) => part(event, options));
  }
  const entries = Object.entries(node).map(
    ([key, value]) => [key, compilePart(value, step(key), set, problems)] as const,
  );
  return (event, options) => Object.fromEntries(entries.map(([key, part]) => [key, part(event, options)]));
}

function compileString(text: string, pointer: string, set: TemplateSet, problems: TemplateProblem[]): Part {
  if (!text.includes('{{')) return () => text;
  const before = set.problems.length;
  const unit = set.add(text);
  for (const problem of set.problems.splice(before))
    problems.push(problem.file === undefined ? { ...problem, pointer } : problem);
  if (unit === undefined || problems.length > 0) return () => text;
  const render = set.function(unit);
  const isJson = isToJson(unit.program);
  return (event, options) => {
    try {
      const rendered = render(event, options);
      // A string that is nothing but {{toJson x}} stands for the value itself, not for its text.
      return isJson ? (JSON.parse(rendered) as unknown) : rendered.toWellFormed();
    } catch (error) {
      throw new PartFailure({ ...failureProblem(error), pointer });
    }
  };
}

function isToJson(program: hbs.AST.Program): boolean {
  const [only, ...others] = program.body;
  if (only === undefined || others.length > 0 || only.type !== 'MustacheStatement') return false;
  const { path, params } = only as hbs.AST.MustacheStatement;
  return (
    path.type === 'PathExpression' &&
    (path as hbs.AST.PathExpression).original === 'toJson' &&
    params.length === 1
  );
}

class TreeRenderer implements TemplateRenderer {
  readonly set: TemplateSet;
  readonly #part: Part;
  readonly #format: BodyFormat;
  readonly #options: object | undefined;

  constructor(set: TemplateSet, part: Part, format: BodyFormat) {
    this.set = set;
    this.#part = part;
    this.#format = format;
    this.#options = set.usesData ? undefined : set.callOptions(undefined);
  }

  render(event: AuditEvent): Rendered {
    const result = this.inspect(event);
    return result.ok ? result : { ok: false, reason: reasonOf(result.problem) };
  }

  inspect(event: AuditEvent): Inspected {
    try {
      const value = this.#part(event, this.#options ?? this.set.callOptions(event));
      return { ok: true, body: this.#format === 'form' ? formBody(value as object) : JSON.stringify(value) };
    } catch (error) {
      return { ok: false, problem: error instanceof PartFailure ? error.problem : failureProblem(error) };
    }
  }
}

function formBody(fields: object): string {
  return Object.entries(fields)
    .map(
      ([name, value]) => `${formText(name)}=${formText(value instanceof Marked ? value : plainText(value))}`,
    )
    .join('&');
}
