import { separateBraces } from './braces.ts';
import { internals } from './handlebars.ts';
import type { ParserErrorHash } from './handlebars.ts';
import type { TemplateProblem } from './problem.ts';
import { forEachNode } from './walk.ts';

export type Parsed = { ok: true; program: hbs.AST.Program } | { ok: false; problem: TemplateProblem };

class SyntaxFailure extends Error {
  readonly problem: TemplateProblem;
  constructor(problem: TemplateProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** Parses a template; `file` is the partial's file, undefined for the template itself. */
export function parseTemplate(text: string, file: string | undefined): Parsed {
  const { text: readable, restore } = separateBraces(text);
  const { Parser } = internals;
  const original = Parser.parseError;
  // The parser is one shared object and reports through this method; parsing is synchronous.
  Parser.parseError = (_message, hash) => {
    throw new SyntaxFailure(syntaxProblem(text, hash));
  };
  try {
    const program = internals.parse(readable, file === undefined ? {} : { srcName: file });
    forEachNode(program, (node) => {
      if (node.type !== 'ContentStatement') return;
      const content = node as hbs.AST.ContentStatement;
      content.value = restore(content.value);
      // Handlebars types `original` wrongly as StripFlags.
      const written = content as unknown as { original: string };
      written.original = restore(written.original);
    });
    return { ok: true, program };
  } catch (error) {
    return { ok: false, problem: { ...failureOf(error), ...(file === undefined ? {} : { file }) } };
  } finally {
    Parser.parseError = original;
  }
}

function failureOf(error: unknown): TemplateProblem {
  if (error instanceof SyntaxFailure) return error.problem;
  // Handlebars' own exception: mismatched blocks and invalid paths, with the place at the message's end.
  const { message, lineNumber, column } = error as { message: string; lineNumber?: number; column?: number };
  const mismatch = /^(\S+) doesn't match (\S+)/.exec(message);
  return {
    severity: 'error',
    code: 'template_syntax',
    message:
      mismatch === null
        ? message.replace(/ - \d+:\d+$/, '')
        : `the block {{#${mismatch[1]}}} is closed by {{/${mismatch[2]}}}`,
    ...(mismatch === null ? {} : { hint: `close it with {{/${mismatch[1]}}}` }),
    line: lineNumber ?? 1,
    column: (column ?? 0) + 1,
  };
}

function syntaxProblem(text: string, hash: ParserErrorHash): TemplateProblem {
  const at = internals.Parser.lexer.yylloc;
  const place = {
    severity: 'error',
    code: 'template_syntax',
    line: at.first_line,
    column: at.first_column + 1,
  } as const;
  const expected = new Set((hash.expected ?? []).map((token) => token.replaceAll("'", '')));
  const { token } = hash;
  const opened = text.lastIndexOf('{{', offsetOf(text, at.first_line, at.first_column));
  if (opened >= 0 && !text.slice(opened).includes('}}')) {
    return {
      ...place,
      ...placeAt(text, opened),
      length: 2,
      message: 'this expression is never closed',
      hint: 'add }}',
    };
  }
  if (token === 'EOF' && expected.has('OPEN_ENDBLOCK')) {
    const open = unclosedBlock(text);
    if (open !== undefined) {
      return {
        ...place,
        ...placeAt(text, open.offset),
        length: open.length,
        message: `the block {{#${open.name}}} is never closed`,
        hint: `add {{/${open.name}}}`,
      };
    }
  }
  if (token === 'OPEN_ENDBLOCK') return { ...place, message: 'this closes a block that was not opened' };
  if (token === 'INVERSE' || token === 'OPEN_INVERSE_CHAIN') {
    return { ...place, message: '{{else}} stands outside of a block' };
  }
  if (token === 'CLOSE' && expected.has('CLOSE_UNESCAPED')) {
    return {
      ...place,
      message: 'an expression opened by {{{ must be closed by }}}',
      hint: 'for a JSON brace before an expression, put a space between: { {{',
    };
  }
  if (token === 'CLOSE' || token === 'CLOSE_UNESCAPED') {
    return {
      ...place,
      message: 'the expression ends too early',
      hint: 'write a field or a helper between the braces',
    };
  }
  const char = text[offsetOf(text, at.first_line, at.first_column)];
  return {
    ...place,
    message:
      char === undefined
        ? 'unexpected end of the template'
        : `unexpected ${JSON.stringify(char)} in an expression`,
  };
}

/** The last block that is opened and not closed. */
function unclosedBlock(text: string): { name: string; offset: number; length: number } | undefined {
  const stack: { name: string; offset: number; length: number }[] = [];
  for (const match of text.matchAll(/\{\{~?(?:!--[\s\S]*?--~?|![\s\S]*?|([#/])>?\s*([^\s}]+)[^}]*)\}\}/g)) {
    const [whole, kind, name = ''] = match;
    if (kind === '#') stack.push({ name, offset: match.index, length: whole.length });
    if (kind === '/') stack.pop();
  }
  return stack.at(-1);
}

function placeAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

function offsetOf(text: string, line: number, column: number): number {
  let offset = 0;
  for (let n = 1; n < line; n += 1) {
    const next = text.indexOf('\n', offset);
    if (next < 0) break;
    offset = next + 1;
  }
  return offset + column;
}
