import type { AuditEvent } from '../core/event.ts';
import type { Rendered } from '../core/render.ts';
import { failureProblem, reasonOf } from './failure.ts';
import { jsonProblem } from './json-problem.ts';
import type { TemplateFunction } from './handlebars.ts';
import { pathUses, rawUses } from './path-uses.ts';
import type { PathUse } from './path-uses.ts';
import type { Inspected, TemplateRenderer } from './renderer.ts';
import type { TemplateSet, Unit } from './template-set.ts';
import { createTracer } from './trace.ts';

/** Renders a template text; a JSON body is parsed to be sure that it is one, unless its template proves it. */
export class TextRenderer implements TemplateRenderer {
  readonly set: TemplateSet;
  readonly #unit: Unit;
  /** Compiled when it is first needed, so that a reload of many sinks is quick. */
  #render: TemplateFunction | undefined;
  readonly #options: object | undefined;
  #isProven: boolean | undefined;
  #tracer: ReturnType<typeof createTracer> | undefined;

  constructor(set: TemplateSet, unit: Unit) {
    this.set = set;
    this.#unit = unit;
    this.#options = set.usesData ? undefined : set.callOptions(undefined);
  }

  get isJson(): boolean {
    return this.set.format === 'json';
  }

  /** The body is JSON whatever the values are, and need not be parsed to know. */
  get isProvenJson(): boolean {
    this.#isProven ??= this.isJson && this.set.isAlwaysJson(this.#unit);
    return this.#isProven;
  }

  get uses(): PathUse[] {
    return [this.#unit, ...this.set.variants.values()].flatMap(({ program }) => pathUses(program));
  }

  get raw(): PathUse['place'][] {
    if (this.set.format === 'text') return [];
    return [this.#unit, ...this.set.variants.values()].flatMap(({ program }) => rawUses(program));
  }

  render(event: AuditEvent): Rendered {
    const result = this.inspect(event);
    return result.ok ? result : { ok: false, reason: reasonOf(result.problem) };
  }

  inspect(event: AuditEvent): Inspected {
    let body: string;
    try {
      this.#render ??= this.set.function(this.#unit);
      body = this.#render(event, this.#options ?? this.set.callOptions(event));
    } catch (error) {
      return { ok: false, problem: failureProblem(error) };
    }
    if (this.isJson && !this.isProvenJson) {
      try {
        JSON.parse(body);
      } catch {
        this.#tracer ??= createTracer(this.set, this.#unit);
        const trace = this.#tracer;
        return { ok: false, problem: jsonProblem(body, () => trace(event)) };
      }
    }
    return { ok: true, body };
  }
}
