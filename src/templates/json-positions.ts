import type { Position } from './escape.ts';
import type { Positions } from './generate.ts';
import { placeOf } from './problem.ts';
import type { TemplateProblem } from './problem.ts';

/** Inside or outside of a JSON string, and where that string began. */
interface Quote {
  inside: boolean;
  opened: hbs.AST.SourceLocation | undefined;
}

/** What the walk needs to know of partials: a name for the variant compiled for a position. */
export interface PartialVariants {
  /** Position after the partial, which stands at `position`; renames the call to the variant. */
  enter(call: hbs.AST.PartialStatement, position: Position): Position;
}

/** Blocks whose body runs once or not at all; `each` and sections over a field may run it any number of times. */
const runsOnce = new Set(['if', 'unless', 'with', 'let']);

/**
 * Follows the quotes of a JSON body through its template, so that each `{{x}}` is written as its place
 * demands: escaped between quotes, as a whole JSON value outside of them. Both branches of a block have to
 * agree, otherwise a value could end up where its escaping does not hold; that is refused.
 */
export function jsonPositions(
  whole: hbs.AST.Program,
  start: Position,
  positions: Positions,
  partials: PartialVariants,
): { end: Position; problems: TemplateProblem[] } {
  const problems: TemplateProblem[] = [];
  const end = walk(whole, { inside: start === 'inside', opened: undefined });
  if (start === 'value' && end.inside && problems.length === 0) {
    report(
      end.opened ?? whole.loc,
      'json_string_open',
      'this JSON string is never closed',
      'add the closing quote',
    );
  }
  return { end: end.inside ? 'inside' : 'value', problems };

  function walk(node: hbs.AST.Program, before: Quote): Quote {
    let quote = before;
    for (const [index, statement] of node.body.entries()) {
      if (statement.type === 'ContentStatement') {
        quote = scan(statement as hbs.AST.ContentStatement, quote, index < node.body.length - 1);
      } else if (statement.type === 'MustacheStatement') {
        positions.set(statement, quote.inside ? 'inside' : 'value');
      } else if (statement.type === 'BlockStatement') {
        quote = block(statement as hbs.AST.BlockStatement, quote);
      } else if (statement.type === 'PartialStatement') {
        const after = partials.enter(
          statement as hbs.AST.PartialStatement,
          quote.inside ? 'inside' : 'value',
        );
        quote = { inside: after === 'inside', opened: quote.opened ?? statement.loc };
      }
    }
    return quote;
  }

  function block(statement: hbs.AST.BlockStatement, before: Quote): Quote {
    // Handlebars types both as always there; a `{{^x}}` block has no program.
    const program = statement.program as hbs.AST.Program | undefined;
    const inverse = statement.inverse as hbs.AST.Program | undefined;
    const after = program === undefined ? before : walk(program, before);
    const otherwise = inverse === undefined ? before : walk(inverse, before);
    const repeats = !runsOnce.has(statement.path.original);
    if (after.inside !== otherwise.inside || (repeats && after.inside !== before.inside)) {
      report(
        statement.loc,
        'json_quotes',
        'a JSON string begins or ends in only one way through this block',
        'put both of its quotes inside the block, or both outside',
      );
      return before;
    }
    return after;
  }

  function scan(content: hbs.AST.ContentStatement, before: Quote, hasNext: boolean): Quote {
    let { inside, opened } = before;
    let escaped = false;
    const { value } = content;
    for (let i = 0; i < value.length; i += 1) {
      const char = value[i];
      if (escaped) escaped = false;
      else if (inside && char === '\\') escaped = true;
      else if (char === '"') {
        inside = !inside;
        opened = inside ? locIn(content, i) : undefined;
      } else if (inside && (char === '\n' || char === '\r')) {
        report(
          opened ?? locIn(content, i),
          'json_line_break',
          'this JSON string runs over the end of the line',
          'close it with a quote, or write \\n for a line break',
        );
        inside = false;
      }
    }
    if (escaped && hasNext) {
      report(
        locIn(content, value.length - 1),
        'json_backslash',
        'a backslash directly before an expression would escape the first character of its value',
        'remove it, or write four for one backslash',
      );
    }
    return { inside, opened };
  }

  function report(loc: hbs.AST.SourceLocation, code: string, message: string, hint: string): void {
    problems.push({ severity: 'error', code, message, hint, ...placeOf(loc) });
  }
}

/** The place of the character at `offset` of a content's value, which may have lost whitespace at its ends. */
export function locIn(content: hbs.AST.ContentStatement, offset: number): hbs.AST.SourceLocation {
  // Handlebars types `original` wrongly as its StripFlags.
  const original = content.original as unknown as string;
  const before = original.slice(0, Math.max(0, original.indexOf(content.value)) + offset);
  const lines = before.split('\n');
  const last = lines.at(-1) ?? '';
  const line = content.loc.start.line + lines.length - 1;
  const column = lines.length === 1 ? content.loc.start.column + last.length : last.length;
  return { source: content.loc.source, start: { line, column }, end: { line, column: column + 1 } };
}
