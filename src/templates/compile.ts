import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import { bodyFormat } from './content-type.ts';
import type { TemplateProblem } from './problem.ts';
import { TextRenderer } from './text-renderer.ts';
import type { TemplateRenderer } from './renderer.ts';
import { TemplateSet } from './template-set.ts';
import { compileTreeBody } from './tree.ts';

export interface TemplateSetOptions {
  /** Folder of the partials; null: there are none. */
  partialsDir: string | null;
  /** Content-Type of the sink: decides how values are escaped. */
  contentType: string;
  /** The receiver reads Slack markup: `& < >` in values are escaped unless a Slack helper wrote them. */
  slack?: boolean;
  /** For `relative` and `date`; the system's by default. */
  clock?: Clock;
}

export type Compiled =
  | {
      ok: true;
      renderer: TemplateRenderer;
      /** It mentions `previous` or `changes`, so these have to be looked up for it. */
      usesPrevious: boolean;
    }
  | { ok: false; problems: TemplateProblem[] };

/** Compiles a template body; every problem is reported at its own line and column, all together. */
export function compileText(text: string, options: TemplateSetOptions): Compiled {
  const set = createSet(options, bodyFormat(options.contentType));
  const main = set.add(text);
  if (main === undefined || set.problems.length > 0) {
    return { ok: false, problems: set.problems.toSorted(byPlace) };
  }
  return { ok: true, renderer: new TextRenderer(set, main), usesPrevious: set.usesPrevious };
}

/**
 * Compiles a tree whose strings are templates. Strings are rendered without escaping and the whole is encoded
 * afterwards, as JSON or as form fields, so that no value can make it invalid.
 */
export function compileTree(tree: unknown, options: TemplateSetOptions): Compiled {
  const format = bodyFormat(options.contentType);
  return compileTreeBody(tree, createSet(options, 'text'), format);
}

/** Problems of the template itself first, then those of its partials. */
function byPlace(a: TemplateProblem, b: TemplateProblem): number {
  return (a.file ?? '').localeCompare(b.file ?? '') || a.line - b.line || a.column - b.column;
}

function createSet(options: TemplateSetOptions, format: ReturnType<typeof bodyFormat>): TemplateSet {
  const { partialsDir, slack = false, clock = systemClock } = options;
  return new TemplateSet({ partialsDir, format, slack, clock });
}
