import type { AuditEvent } from '../core/event.ts';
import type { Rendered } from '../core/render.ts';
import type { Compiled } from './compile.ts';
import type { BodyFormat } from './content-type.ts';
import { formText } from './escape.ts';
import { failureProblem, reasonOf } from './failure.ts';
import type { TemplateFunction } from './handlebars.ts';
import { pathUses } from './path-uses.ts';
import type { PathUse } from './path-uses.ts';
import type { TemplateProblem } from './problem.ts';
import type { Inspected, TemplateRenderer } from './renderer.ts';
import type { TemplateSet } from './template-set.ts';

/** One node of the tree, ready to be rendered. */
type Part = (event: AuditEvent, options: object) => unknown;

/** A string of the tree that failed, so that the problem can name it. */
class PartFailure extends Error {
  readonly problem: TemplateProblem;
  constructor(problem: TemplateProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** Compiles every string of a tree with the templates of `set`, which must not escape; see `compileTree`. */
export function compileTreeBody(tree: unknown, set: TemplateSet, format: BodyFormat): Compiled {
  const unfit = unfitFor(format, tree);
  if (unfit !== undefined) return { ok: false, problems: [unfit] };
  const problems: TemplateProblem[] = [];
  const uses: PathUse[] = [];
  const part = compile(tree, '');
  if (problems.length > 0) return { ok: false, problems };
  for (const { program } of set.variants.values()) uses.push(...pathUses(program));
  return { ok: true, renderer: new TreeRenderer(set, part, format, uses), usesPrevious: set.usesPrevious };

  function compile(node: unknown, pointer: string): Part {
    if (typeof node === 'string') return compileString(node, pointer);
    if (typeof node !== 'object' || node === null) return () => node;
    if (Array.isArray(node)) {
      const parts = node.map((item, index) => compile(item, `${pointer}/${index}`));
      return (event, options) => parts.map((item) => item(event, options));
    }
    const entries = Object.entries(node).map(([key, value]) => {
      // JSON pointer (RFC 6901).
      const step = key.replaceAll('~', '~0').replaceAll('/', '~1');
      return [key, compile(value, `${pointer}/${step}`)] as const;
    });
    return (event, options) =>
      Object.fromEntries(entries.map(([key, value]) => [key, value(event, options)]));
  }

  function compileString(text: string, pointer: string): Part {
    if (!text.includes('{{')) return () => text;
    const unit = set.add(text);
    const found = set.problems.splice(0);
    problems.push(
      ...found.map((problem) => (problem.file === undefined ? { ...problem, pointer } : problem)),
    );
    if (unit === undefined || found.length > 0) return () => text;
    uses.push(...pathUses(unit.program));
    const isJson = isToJson(unit.program);
    // Only once every string is parsed is it known whether data frames are needed.
    let render: TemplateFunction | undefined;
    return (event, options) => {
      try {
        render ??= set.function(unit);
        const rendered = render(event, options);
        // A string that is nothing but {{toJson x}} stands for the value itself, not for its text.
        return isJson ? (JSON.parse(rendered) as unknown) : rendered.toWellFormed();
      } catch (error) {
        throw new PartFailure({ ...failureProblem(error), pointer });
      }
    };
  }
}

function unfitFor(format: BodyFormat, tree: unknown): TemplateProblem | undefined {
  const problem = { severity: 'error', code: 'tree_content_type', line: 0, column: 0, pointer: '' } as const;
  if (format === 'markup' || format === 'text') {
    const message =
      'a body written as a tree is sent as JSON or as a form, which the Content-Type does not say';
    return { ...problem, message, hint: 'set Content-Type to application/json, or write the body as text' };
  }
  if (format === 'form' && (typeof tree !== 'object' || tree === null || Array.isArray(tree))) {
    return { ...problem, message: 'the body of a form must be a map of its fields' };
  }
  return undefined;
}

function isToJson(program: hbs.AST.Program): boolean {
  const [only, ...others] = program.body;
  if (only === undefined || others.length > 0 || only.type !== 'MustacheStatement') return false;
  const { path, params } = only as hbs.AST.MustacheStatement;
  if (path.type !== 'PathExpression' || params.length !== 1) return false;
  return (path as hbs.AST.PathExpression).original === 'toJson';
}

class TreeRenderer implements TemplateRenderer {
  readonly set: TemplateSet;
  readonly uses: readonly PathUse[];
  /** The whole is encoded after its strings are rendered. */
  readonly raw = [];
  readonly isJson: boolean;
  readonly #part: Part;
  readonly #options: object | undefined;

  constructor(set: TemplateSet, part: Part, format: BodyFormat, uses: readonly PathUse[]) {
    this.set = set;
    this.uses = uses;
    this.isJson = format === 'json';
    this.#part = part;
    this.#options = set.usesData ? undefined : set.callOptions(undefined);
  }

  render(event: AuditEvent): Rendered {
    const result = this.inspect(event);
    return result.ok ? result : { ok: false, reason: reasonOf(result.problem) };
  }

  inspect(event: AuditEvent): Inspected {
    try {
      const value = this.#part(event, this.#options ?? this.set.callOptions(event));
      return { ok: true, body: this.isJson ? JSON.stringify(value) : formBody(value as object) };
    } catch (error) {
      return { ok: false, problem: error instanceof PartFailure ? error.problem : failureProblem(error) };
    }
  }
}

function formBody(fields: object): string {
  return Object.entries(fields)
    .map(([name, value]) => `${formText(name)}=${formText(value)}`)
    .join('&');
}
