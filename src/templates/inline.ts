import type { Unit } from './template-set.ts';

/** Statements a template may grow to by having its partials put in; beyond it they stay calls. */
const maxStatements = 2000;

/**
 * A program with its partials put in place of their calls, which costs nothing when it is rendered. Calls that
 * give a context or values of their own, are indented, or lead back into a partial being put in stay as they are.
 */
export function inlinePartials(
  program: hbs.AST.Program,
  variants: ReadonlyMap<string, Unit>,
): hbs.AST.Program {
  let statements = 0;
  return inlined(program, []);

  function inlined(node: hbs.AST.Program, within: readonly string[]): hbs.AST.Program {
    return { ...node, body: node.body.flatMap((statement) => put(statement, within)) };
  }

  function put(statement: hbs.AST.Statement, within: readonly string[]): hbs.AST.Statement[] {
    statements += 1;
    if (statement.type === 'BlockStatement') {
      const copy = { ...(statement as hbs.AST.BlockStatement) };
      // Handlebars types both as always there.
      if ((copy.program as hbs.AST.Program | undefined) !== undefined)
        copy.program = inlined(copy.program, within);
      if ((copy.inverse as hbs.AST.Program | undefined) !== undefined)
        copy.inverse = inlined(copy.inverse, within);
      return [copy];
    }
    if (statement.type !== 'PartialStatement' || statements > maxStatements) return [statement];
    const { name, params, hash, indent } = statement as hbs.AST.PartialStatement;
    if (name.type === 'SubExpression' || params.length > 0 || indent !== '') return [statement];
    if ((hash as hbs.AST.Hash | undefined) !== undefined || within.includes(name.original))
      return [statement];
    const variant = variants.get(name.original);
    if (variant === undefined) return [statement];
    return inlined(variant.program, [...within, name.original]).body;
  }
}
