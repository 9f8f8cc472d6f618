/** Something wrong in a template, at its place in the template text itself. */
export interface TemplateProblem {
  /** `error` where nothing could be sent; `warning` for what may be meant. */
  severity: 'error' | 'warning';
  /** Stable machine name, e.g. `template_syntax`, `unknown_helper`. */
  code: string;
  message: string;
  hint?: string;
  /** 1-based. */
  line: number;
  /** 1-based. */
  column: number;
  /** Characters to underline. */
  length?: number;
  /** Tree bodies: JSON pointer of the string the problem stands in. */
  pointer?: string;
  /** Set when it stands in a partial: the path of the partial's file. */
  file?: string;
}

/** A failure while rendering: what failed and where, never with a value. */
export class TemplateError extends Error {
  readonly loc: hbs.AST.SourceLocation | undefined;

  constructor(message: string, loc: hbs.AST.SourceLocation | undefined) {
    super(message);
    this.name = 'TemplateError';
    this.loc = loc;
  }
}

/** Where a node begins, and how long it is when it ends on the same line. */
export function placeOf(
  loc: hbs.AST.SourceLocation,
): Pick<TemplateProblem, 'line' | 'column' | 'length' | 'file'> {
  const { start, end, source } = loc;
  const oneLine = start.line === end.line && end.column > start.column;
  return {
    line: start.line,
    column: start.column + 1,
    ...(oneLine ? { length: end.column - start.column } : {}),
    // Handlebars types it as a string; it is undefined for the template itself.
    ...((source as string | undefined) === undefined ? {} : { file: source }),
  };
}
