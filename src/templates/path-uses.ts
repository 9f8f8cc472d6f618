import { pathKey } from './runtime.ts';
import { placeOf } from './problem.ts';
import type { TemplateProblem } from './problem.ts';
import { forEachNode } from './walk.ts';

/** One place where a template reads a field. */
export interface PathUse {
  /** Key of its reader in the runtime's table. */
  key: string;
  segments: readonly string[];
  place: Pick<TemplateProblem, 'line' | 'column' | 'length' | 'file'>;
  /** The template says what to do where the field is missing: `{{#if x}}`, `{{default x …}}`. */
  guarded: boolean;
}

const guards = new Set([
  'if',
  'unless',
  'each',
  'with',
  'let',
  'default',
  'or',
  'and',
  'not',
  'eq',
  'ne',
  'changes',
]);

/** The `{{{raw}}}` expressions of a program whose value is not JSON by itself. */
export function rawUses(program: hbs.AST.Program): PathUse['place'][] {
  const raw: PathUse['place'][] = [];
  forEachNode(program, (node) => {
    if (node.type !== 'MustacheStatement') return;
    const { escaped, path, loc } = node as hbs.AST.MustacheStatement;
    const isJson = path.type === 'PathExpression' && (path as hbs.AST.PathExpression).original === 'toJson';
    if (!escaped && !isJson) raw.push(placeOf(loc));
  });
  return raw;
}

/** Every field a program reads, in the order it is written. */
export function pathUses(program: hbs.AST.Program): PathUse[] {
  const uses: PathUse[] = [];
  visit(program, false);
  return uses;

  function visit(node: object, guarded: boolean): void {
    const type = 'type' in node ? node.type : undefined;
    if (type === 'PathExpression') return add(node as hbs.AST.PathExpression, guarded);
    const isCall = type === 'MustacheStatement' || type === 'SubExpression' || type === 'BlockStatement';
    let inside = guarded;
    let isHelper = false;
    if (isCall) {
      const { path, params, hash } = node as hbs.AST.MustacheStatement;
      // Handlebars types the hash as always there.
      const pairs = (hash as hbs.AST.Hash | undefined)?.pairs ?? [];
      isHelper = params.length > 0 || pairs.length > 0;
      const name = (path as hbs.AST.PathExpression).original;
      inside = (isHelper && guards.has(name)) || (!isHelper && type === 'BlockStatement') || guarded;
    }
    for (const [key, child] of Object.entries(node) as [string, unknown][]) {
      if (key === 'loc' || (isHelper && key === 'path') || (type === 'PartialStatement' && key === 'name'))
        continue;
      // What stands in a block's body is not guarded for other fields.
      const below = key === 'program' || key === 'inverse' ? false : inside;
      for (const item of Array.isArray(child) ? (child as unknown[]) : [child]) {
        if (typeof item === 'object' && item !== null) visit(item, below);
      }
    }
  }

  function add(path: hbs.AST.PathExpression, guarded: boolean): void {
    const segments = path.data ? path.parts.slice(1) : path.parts;
    if (segments.length === 0) return;
    uses.push({ key: pathKey(segments), segments, place: placeOf(path.loc), guarded });
  }
}
