import type { AuditEvent } from '../core/event.ts';
import type { BodyRenderer, Rendered } from '../core/render.ts';
import type { PathUse } from './path-uses.ts';
import type { TemplateProblem } from './problem.ts';
import type { TemplateSet } from './template-set.ts';

/** A rendered body, or the problem with its place. */
export type Inspected = { ok: true; body: string } | { ok: false; problem: TemplateProblem };

/** A compiled body; what `check` needs beside rendering. */
export interface TemplateRenderer extends BodyRenderer {
  render(event: AuditEvent): Rendered;
  /** As `render`, with the failure as a problem at its place. */
  inspect(event: AuditEvent): Inspected;
  readonly set: TemplateSet;
  /** Fields it reads, in its partials too. */
  readonly uses: readonly PathUse[];
  /** Places where a value is written into the body without any escaping. */
  readonly raw: readonly PathUse['place'][];
  /** The body is JSON. */
  readonly isJson: boolean;
}
