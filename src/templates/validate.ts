import { blockHelpers, helperSpecs } from './helpers/table.ts';
import type { BlockSpec } from './helpers/table.ts';
import { placeOf } from './problem.ts';
import type { TemplateProblem } from './problem.ts';
import { suggest } from '../core/suggest.ts';
import { forEachNode } from './walk.ts';

/** What a template refers to, gathered while it is checked. */
export interface References {
  /** Names of partials, with the calls. */
  partials: hbs.AST.PartialStatement[];
  /** Mentions `previous` or `changes`. */
  usesPrevious: boolean;
  /** Uses an @-variable, so that Handlebars has to carry data frames. */
  usesData: boolean;
  /** Names block parameters: `{{#each x as |item|}}`. */
  usesBlockParams: boolean;
}

const dataVariables = new Set(['root', 'index', 'key', 'first', 'last']);
const blockNames = Object.keys(blockHelpers);
const helperNames = [...Object.keys(helperSpecs), ...blockNames];
/** Names that Handlebars would take for a helper even without arguments. */
const takenForHelpers = new Set([...helperNames, 'log', 'helperMissing', 'blockHelperMissing']);

/**
 * Checks every name in a program against what there is, and the number of each helper's arguments. Rewrites a
 * bare `{{title}}` to the field of that name, since every helper needs an argument.
 */
export function validate(program: hbs.AST.Program): { references: References; problems: TemplateProblem[] } {
  const problems: TemplateProblem[] = [];
  const references: References = {
    partials: [],
    usesPrevious: false,
    usesData: false,
    usesBlockParams: false,
  };
  const blockParams = new Set<string>();
  forEachNode(program, (node) => {
    // Handlebars types the names as always there.
    const names = node.type === 'Program' ? (node as { blockParams?: string[] }).blockParams : undefined;
    for (const name of names ?? []) blockParams.add(name);
    switch (node.type) {
      case 'MustacheStatement':
      case 'SubExpression':
        checkCall(node as hbs.AST.MustacheStatement);
        break;
      case 'BlockStatement':
        checkBlock(node as hbs.AST.BlockStatement);
        break;
      case 'PartialStatement':
        checkPartial(node as hbs.AST.PartialStatement);
        break;
      case 'PartialBlockStatement':
        report(
          node,
          'unsupported',
          'partial blocks ({{#> …}}) are not supported',
          'write the partial as {{> name}}',
        );
        break;
      case 'Decorator':
      case 'DecoratorBlock':
        report(
          node,
          'unsupported',
          'decorators and inline partials ({{*…}}) are not supported',
          'put the partial in a file of its own',
        );
        break;
      case 'StringLiteral':
        unescape(node as hbs.AST.StringLiteral);
        break;
      case 'PathExpression':
        checkPath(node as hbs.AST.PathExpression);
        break;
      default:
    }
  });
  references.usesBlockParams = blockParams.size > 0;
  return { references, problems };

  function checkCall(node: hbs.AST.MustacheStatement): void {
    const { params } = node;
    if (node.path.type !== 'PathExpression') return;
    const path = node.path as hbs.AST.PathExpression;
    const name = simpleName(path);
    const isCall = params.length > 0 || hasHash(node.hash) || node.type === ('SubExpression' as string);
    if (name !== undefined && !isCall) {
      // A field, even where a helper has its name.
      if (name !== 'changes') readAsField(path, name);
      return;
    }
    const spec = name === undefined ? undefined : helperSpecs[name];
    if (spec === undefined) {
      const isBlock = name !== undefined && blockNames.includes(name);
      const wrong = isBlock ? `{{${name}}} is a block; it begins with {{#${name}}}` : undefined;
      if (isCall) unknownHelper(path, wrong);
      return;
    }
    checkArguments(node, spec);
  }

  /** A field, even where a helper has its name; a block parameter of that name comes first, as in Handlebars. */
  function readAsField(path: hbs.AST.PathExpression, name: string): void {
    if (takenForHelpers.has(name) && !blockParams.has(name)) path.original = `this.${name}`;
  }

  function checkBlock(node: hbs.AST.BlockStatement): void {
    const name = simpleName(node.path);
    if (name === undefined) {
      if (node.params.length > 0) unknownHelper(node.path, undefined);
      return;
    }
    const block = Object.hasOwn(blockHelpers, name) ? blockHelpers[name] : undefined;
    if (block !== undefined) checkArguments(node, block);
    else if (node.params.length === 0 && !hasHash(node.hash)) readAsField(node.path, name);
    else if (Object.hasOwn(helperSpecs, name)) {
      report(node.path, 'unknown_helper', `${name} cannot open a block`, `write {{#if (${name} …)}}`);
    } else unknownHelper(node.path, undefined);
  }

  function checkArguments(node: hbs.AST.MustacheStatement | hbs.AST.BlockStatement, spec: BlockSpec): void {
    const { params } = node;
    const name = (node.path as hbs.AST.PathExpression).original;
    const usage = `write {{${spec.usage}}}`;
    if (params.length < spec.min) {
      const least = spec.min === 1 ? '1 argument' : `${spec.min} arguments`;
      report(node.path, 'helper_arguments', `${name} needs at least ${least}, got ${params.length}`, usage);
    } else if (params.length > spec.max) {
      report(
        params[spec.max] ?? node,
        'helper_arguments',
        `${name} takes at most ${spec.max}, got ${params.length}`,
        usage,
      );
    }
    const named = spec.named ?? [];
    if (named === 'any') return;
    for (const pair of hasHash(node.hash) ? node.hash.pairs : []) {
      if (named.includes(pair.key)) continue;
      const meant = suggest(pair.key, named);
      report(
        pair,
        'helper_arguments',
        `${name} has no option ${JSON.stringify(pair.key)}`,
        meant === undefined ? usage : `did you mean ${meant}?`,
      );
    }
  }

  function unknownHelper(path: hbs.AST.PathExpression, message: string | undefined): void {
    const name = path.original;
    const meant = suggest(name, helperNames);
    const hint =
      meant === undefined ? `there are ${helperNames.toSorted().join(', ')}` : `did you mean ${meant}?`;
    report(
      path,
      'unknown_helper',
      message ?? `unknown helper ${JSON.stringify(name)}`,
      message === undefined ? hint : undefined,
    );
  }

  function checkPartial(node: hbs.AST.PartialStatement): void {
    if (node.name.type === 'SubExpression') {
      report(node.name, 'unsupported', 'the name of a partial must be written out');
    } else {
      references.partials.push(node);
    }
  }

  function checkPath(path: hbs.AST.PathExpression): void {
    const [first, second] = path.parts;
    if (path.data) {
      references.usesData = true;
      if (first !== undefined && !dataVariables.has(first)) {
        const meant = suggest(first, dataVariables);
        report(
          path,
          'unknown_variable',
          `unknown variable @${first}`,
          meant === undefined
            ? `there are ${[...dataVariables].map((name) => `@${name}`).join(', ')}`
            : `did you mean @${meant}?`,
        );
      }
    }
    const field = path.data && first === 'root' ? second : first;
    if (field === 'previous' || field === 'changes') references.usesPrevious = true;
  }

  function report(node: hbs.AST.Node, code: string, message: string, hint?: string): void {
    problems.push({
      severity: 'error',
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...placeOf(node.loc),
    });
  }
}

/** Handlebars knows no escapes but `\"`; people write `\n` in a text and mean a line break. */
function unescape(literal: hbs.AST.StringLiteral): void {
  literal.value = literal.value.replace(/\\([nt\\])/g, (_, char: string) =>
    char === 'n' ? '\n' : char === 't' ? '\t' : '\\',
  );
}

/** The name of a path that could be a helper's; undefined for `a.b`, `../a`, `@a` and `this.a`. */
function simpleName(path: hbs.AST.PathExpression): string | undefined {
  const [name] = path.parts;
  const isSimple = path.parts.length === 1 && path.depth === 0 && !path.data && path.original === name;
  return isSimple ? name : undefined;
}

/** Handlebars types the hash as always there; it is undefined where none was written. */
function hasHash(hash: hbs.AST.Hash | undefined): hash is hbs.AST.Hash {
  return hash !== undefined && hash.pairs.length > 0;
}
