import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { suggest } from '../core/suggest.ts';
import type { BodyFormat } from './content-type.ts';
import { escapersFor } from './escape.ts';
import type { Position } from './escape.ts';
import { generate } from './generate.ts';
import type { Positions } from './generate.ts';
import { callOptions } from './handlebars.ts';
import type { TemplateFunction } from './handlebars.ts';
import { createRuntime } from './runtime.ts';
import type { Runtime } from './runtime.ts';
import { isTrue } from './helpers/logic.ts';
import { blockFunctions, boundHelpers } from './helpers/table.ts';
import { inlinePartials } from './inline.ts';
import { jsonPositions } from './json-positions.ts';
import { isAlwaysJson } from './json-proof.ts';
import { parseTemplate } from './parse.ts';
import { loadPartials } from './partials.ts';
import type { Partial } from './partials.ts';
import { placeOf } from './problem.ts';
import type { TemplateProblem } from './problem.ts';
import { validate } from './validate.ts';

/** One parsed and checked text, ready to be turned into code. */
export interface Unit {
  text: string;
  program: hbs.AST.Program;
}

interface SetOptions {
  partialsDir: string | null;
  format: BodyFormat;
  slack: boolean;
  clock: Clock;
}

/**
 * The templates of one body: the text or the strings of a tree, and the partials they use. A partial is
 * compiled once for each position it is used in, since its values are escaped by where it stands.
 */
export class TemplateSet {
  readonly format: BodyFormat;
  /** The receiver reads Slack markup. */
  readonly slack: boolean;
  readonly problems: TemplateProblem[] = [];
  /** Parsed variants of partials by the name under which they are called. */
  readonly variants = new Map<string, Unit & { end: Position }>();
  readonly runtime: Runtime;
  /** Of every unit, since partials are put into the programs that call them. */
  readonly #positions: Positions = new WeakMap();
  usesPrevious = false;
  usesData = false;
  /** A partial must not see the block parameters of its caller. */
  #usesBlockParams = false;
  readonly #options: SetOptions;
  #partials: Map<string, Partial> | undefined;
  #functions: Record<string, TemplateFunction> | undefined;

  constructor(options: SetOptions) {
    this.#options = options;
    this.format = options.format;
    this.slack = options.slack;
    this.runtime = createRuntime({
      helpers: boundHelpers(options.clock),
      blocks: blockFunctions(),
      isTrue,
      escapers: escapersFor(options.format, options.slack),
    });
  }

  /** Whether the body of this unit is JSON whatever the values are. */
  isAlwaysJson({ program }: Unit): boolean {
    return isAlwaysJson(program, this.#positions);
  }

  /** Parses and checks one text; undefined when that found problems. */
  add(text: string): Unit | undefined {
    return this.#unit(text, undefined, 'value');
  }

  /** Code for a unit of this set; `change` may rewrite the program before. */
  function(unit: Unit, change = (program: hbs.AST.Program) => program): TemplateFunction {
    const program = this.#usesBlockParams ? unit.program : inlinePartials(unit.program, this.variants);
    return generate(change(program), this.runtime, this.#positions, this.usesData);
  }

  /** Options of every call into the code of this set; to be kept, unless @-variables are used. */
  callOptions(root: unknown): object {
    this.#functions ??= this.partialFunctions();
    return callOptions(this.runtime, this.#functions, this.usesData ? { root } : undefined);
  }

  /** The partials by name, each compiled when it is first called; most are put in place of their calls. */
  partialFunctions(change?: (program: hbs.AST.Program) => hbs.AST.Program): Record<string, TemplateFunction> {
    const functions: Record<string, TemplateFunction> = {};
    for (const [name, unit] of this.variants) {
      let compiled: TemplateFunction | undefined;
      const get = (): TemplateFunction => (compiled ??= this.function(unit, change));
      Object.defineProperty(functions, name, { get });
    }
    return functions;
  }

  #unit(text: string, file: string | undefined, start: Position): (Unit & { end: Position }) | undefined {
    const parsed = parseTemplate(text, file);
    if (!parsed.ok) {
      this.#report(parsed.problem);
      return undefined;
    }
    const { program } = parsed;
    const { references, problems } = validate(program);
    for (const problem of problems) this.#report(problem);
    this.usesPrevious ||= references.usesPrevious;
    this.usesData ||= references.usesData;
    this.#usesBlockParams ||= references.usesBlockParams;
    let end = start;
    if (this.format === 'json') {
      const enter = (call: hbs.AST.PartialStatement, at: Position) => this.#enter(call, at);
      const json = jsonPositions(program, start, this.#positions, { enter });
      for (const problem of json.problems) this.#report(problem);
      end = json.end;
    } else {
      for (const call of references.partials) this.#enter(call, start);
    }
    return problems.length > 0 ? undefined : { text, program, end };
  }

  /** Prepares the variant of a partial for a position, points the call to it, and says where it ends. */
  #enter(call: hbs.AST.PartialStatement, start: Position): Position {
    if (call.name.type === 'SubExpression') return start;
    const name = call.name.original;
    const partial = this.#loadPartials().get(name);
    if (partial === undefined) {
      this.#report({ ...this.#missing(name), ...placeOf(call.name.loc) });
      return start;
    }
    const variant = `${name}\u0000${start}`;
    call.name.original = variant;
    const known = this.variants.get(variant);
    if (known !== undefined) return known.end;
    // Held before it is parsed, so that a partial that calls itself comes to an end here.
    const empty = parseTemplate('', undefined);
    if (!empty.ok) return start;
    const held = { text: partial.text, program: empty.program, end: start };
    this.variants.set(variant, held);
    const unit = this.#unit(partial.text, partial.file, start);
    if (unit === undefined) return start;
    this.variants.set(variant, unit);
    return unit.end;
  }

  #missing(name: string): Pick<TemplateProblem, 'severity' | 'code' | 'message' | 'hint'> {
    const problem = {
      severity: 'error',
      code: 'unknown_partial',
      message: `unknown partial ${JSON.stringify(name)}`,
    } as const;
    const { partialsDir } = this.#options;
    if (partialsDir === null) return { ...problem, hint: 'no folder of partials is configured' };
    const names = [...this.#loadPartials().keys()];
    const meant = suggest(name, names);
    if (meant !== undefined) return { ...problem, hint: `did you mean ${meant}?` };
    return { ...problem, hint: `it would be ${name}.hbs in ${partialsDir}` };
  }

  #loadPartials(): Map<string, Partial> {
    if (this.#partials !== undefined) return this.#partials;
    this.#partials = new Map();
    const { partialsDir } = this.#options;
    if (partialsDir === null) return this.#partials;
    try {
      this.#partials = loadPartials(partialsDir);
    } catch (error) {
      const message = `cannot read the partials: ${messageOf(error)}`;
      this.#report({ severity: 'error', code: 'partials_unreadable', message, line: 0, column: 0 });
    }
    return this.#partials;
  }

  /** A partial used twice in one position is checked once, but one used in two would be reported twice. */
  #report(problem: TemplateProblem): void {
    const same = (other: TemplateProblem): boolean =>
      other.code === problem.code &&
      other.file === problem.file &&
      other.line === problem.line &&
      other.column === problem.column;
    if (!this.problems.some(same)) this.problems.push(problem);
  }
}
