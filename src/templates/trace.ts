import { callOptions } from './handlebars.ts';
import { locIn } from './json-positions.ts';
import type { TemplateSet, Unit } from './template-set.ts';

/** A rendered body, and which statement of the template wrote which part of it. */
export interface Traced {
  body: string;
  /** The place in the template, or in a partial, that wrote the character at an offset of the body. */
  locate(offset: number): hbs.AST.SourceLocation | undefined;
}

/**
 * Compiles a template once more with a mark before every statement. Marks are made of control characters, which
 * no escaped value holds, so they can be told from everything else. Only used once a body has turned out wrong.
 */
export function createTracer(set: TemplateSet, unit: Unit): (event: unknown) => Traced {
  const statements: hbs.AST.Statement[] = [];
  const data = set.usesData;
  const partials = set.partialFunctions(marked);
  const render = set.function(unit, marked);
  return (event) => {
    const options = callOptions(set.runtime, partials, data ? { root: event } : undefined);
    return readMarks(render(event, options), statements);
  };

  function marked(program: hbs.AST.Program): hbs.AST.Program {
    const body = program.body.flatMap((statement) => {
      if (statement.type === 'BlockStatement') return [markedBlock(statement as hbs.AST.BlockStatement)];
      const value = `\u0001${statements.push(statement) - 1}\u0002`;
      return [{ ...statement, type: 'ContentStatement', value, original: value }, statement];
    });
    return { ...program, body: body };
  }

  function markedBlock(block: hbs.AST.BlockStatement): hbs.AST.BlockStatement {
    // Handlebars types both as always there.
    const program = block.program as hbs.AST.Program | undefined;
    const inverse = block.inverse as hbs.AST.Program | undefined;
    const copy = { ...block };
    if (program !== undefined) copy.program = marked(program);
    if (inverse !== undefined) copy.inverse = marked(inverse);
    return copy;
  }
}

function readMarks(output: string, statements: readonly hbs.AST.Statement[]): Traced {
  const starts: { offset: number; statement: hbs.AST.Statement }[] = [];
  let body = '';
  for (const [index, piece] of output.split('\u0001').entries()) {
    const end = index === 0 ? -1 : piece.indexOf('\u0002');
    const statement = end < 0 ? undefined : statements[Number(piece.slice(0, end))];
    if (statement !== undefined) starts.push({ offset: body.length, statement });
    body += piece.slice(end + 1);
  }
  return {
    body,
    locate(offset) {
      const start = starts.findLast((candidate) => candidate.offset <= offset);
      if (start === undefined) return undefined;
      const { statement } = start;
      if (statement.type !== 'ContentStatement') return statement.loc;
      return locIn(statement as hbs.AST.ContentStatement, offset - start.offset);
    },
  };
}
