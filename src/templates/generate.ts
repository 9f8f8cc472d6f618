import { pathReader } from '../core/path.ts';
import type { PathReader } from '../core/path.ts';
import type { Position } from './escape.ts';
import { internals } from './handlebars.ts';
import type { ChildProgram, Code, GeneratorOptions, TemplateFunction } from './handlebars.ts';
import { escapeKeys, ownKey, pathKey, rawKey, truthKey } from './runtime.ts';
import type { CallSite, Runtime } from './runtime.ts';

/** What a condition leads to: the number of a program, or its text. */
type Branch = number | string;

/** Positions of escaped expressions in a JSON body; an expression that is not listed is inside a string. */
export type Positions = WeakMap<hbs.AST.Node, Position>;

// The two subclasses exist per process, so the positions of the program being compiled are passed through
// this variable; compiling is synchronous.
let positions: Positions = new WeakMap();

class PositionCompiler extends internals.Compiler {
  // Handlebars creates children through this property.
  readonly compiler = PositionCompiler;

  /** As the original, but tells the generator where the value goes. */
  MustacheStatement(node: hbs.AST.MustacheStatement): void {
    this.SubExpression(node);
    if (node.escaped) this.opcode('appendEscaped', positions.get(node) ?? 'inside');
    else this.opcode('appendRaw');
  }

  /** `if` and `unless` become a plain condition instead of a helper's call. */
  override BlockStatement(node: hbs.AST.BlockStatement): void {
    const name = node.path.original;
    const [condition] = node.params;
    const isPlain =
      (name === 'if' || name === 'unless') && (node.hash as hbs.AST.Hash | undefined) === undefined;
    if (!isPlain || condition === undefined || node.path.depth > 0) {
      super.BlockStatement(node);
      return;
    }
    // Handlebars types both as always there.
    const then = node.program as hbs.AST.Program | undefined;
    const otherwise = node.inverse as hbs.AST.Program | undefined;
    const programs = [then, otherwise].map((part) => this.#branch(part));
    if (name === 'unless') programs.reverse();
    this.accept(condition);
    this.opcode('condition', ...programs);
    this.opcode('append');
  }

  /** A branch that is only text needs no program of its own. */
  #branch(program: hbs.AST.Program | undefined): Branch {
    if (program === undefined) return '';
    if (program.body.every(({ type }) => type === 'ContentStatement' || type === 'CommentStatement')) {
      const contents = program.body.filter(({ type }) => type === 'ContentStatement');
      return contents.map((content) => (content as hbs.AST.ContentStatement).value).join('');
    }
    return this.compileProgram(program);
  }
}

class EventGenerator extends internals.JavaScriptCompiler {
  readonly compiler = EventGenerator;

  /** Equal programs are not merged: they may stand in different places of a JSON body. */
  matchExistingProgram(): undefined {}

  /** `{{#if}}`: runs one of two programs, of which either may be missing. */
  condition(then: Branch, otherwise: Branch): void {
    const run = (branch: Branch): string =>
      typeof branch === 'string' ? this.quotedString(branch) : this.#callProgram(branch);
    const test = `(helpers[${this.quotedString(truthKey)}](`;
    this.push([test, this.popStack(), ') ? ', run(then), ' : ', run(otherwise), ')']);
  }

  /** A program that closes over nothing is called as the function it is, without Handlebars' wrapper. */
  #callProgram(guid: number): string {
    const child = this.environment.children[guid];
    if (child === undefined || this.#closes(child)) {
      return `${this.programExpression(guid)}(${this.contextName(0)})`;
    }
    const { runtime } = this.options;
    runtime.entries += 1;
    const key = `\u0000program:${runtime.entries}`;
    runtime.table[key] = this.context.programs[child.index];
    return `helpers[${this.quotedString(key)}](container,${this.contextName(0)},helpers,partials)`;
  }

  #closes(child: ChildProgram): boolean {
    return (
      this.options.data || this.useDepths === true || this.useBlockParams === true || child.blockParams > 0
    );
  }

  /** A program that closes over nothing is made once; Handlebars prepares it again at every call. */
  override programExpression(guid: number): string {
    const child = this.environment.children[guid];
    if (child === undefined || this.#closes(child)) return super.programExpression(guid);
    return `(container.programs[${child.index}] || container.program(${child.index}, undefined, 0))`;
  }

  override invokeKnownHelper(count: number, name: string): void {
    const { runtime } = this.options;
    if (!runtime.ours.has(name)) {
      super.invokeKnownHelper(count, name);
      return;
    }
    const args: Code[] = [];
    const { hash } = this.setupParams(name, count, args);
    const site: CallSite = { name, loc: this.source.currentLocation };
    runtime.entries += 1;
    const key = `\u0000site:${runtime.entries}`;
    runtime.table[key] = site;
    const list = args.flatMap((arg, index) => (index === 0 ? [arg] : [',', arg]));
    const helper = `helpers[${this.quotedString(name)}](${this.contextName(0)},helpers[${this.quotedString(key)}],`;
    this.push([helper, hash === '{}' ? 'undefined' : hash, ',[', ...list, '])']);
  }

  /** Reads own properties only, and helpers straight from their table. */
  nameLookup(parent: Code, name: string, type: string): Code {
    const key = this.quotedString(name);
    if (type === 'helper' || type === 'partial') return [parent, '[', key, ']'];
    return [`helpers[${this.quotedString(ownKey)}](`, parent, ',', key, ')'];
  }

  appendRaw(): void {
    this.pushSource(this.appendToBuffer([`helpers[${this.quotedString(rawKey)}](`, this.popStack(), ')']));
  }

  appendEscaped(position: Position): void {
    const escape = `helpers[${this.quotedString(escapeKeys[position])}](`;
    this.pushSource(this.appendToBuffer([escape, this.popStack(), ')']));
  }

  /** One call of a prepared reader for a whole path, by the rule of core/path.ts. */
  resolvePath(type: string, parts: readonly string[], from: number): void {
    let start = from;
    if (type === 'data') {
      // `@root.payload.key`: the variable itself, then a path from there. Without data there is nothing.
      this.push(['(data && ', this.nameLookup(this.popStack(), parts[start] ?? '', type), ')']);
      start += 1;
    }
    const segments = parts.slice(start);
    if (segments.length === 0) return;
    const key = pathKey(segments);
    this.options.runtime.table[key] ??= pathReader(segments) satisfies PathReader;
    this.push([`helpers[${this.quotedString(key)}](`, this.popStack(), ')']);
  }

  /** JSON holds no functions, so there is nothing to call. */
  resolvePossibleLambda(): void {}
}

/** Compiles a parsed program; `runtime` collects the path readers it needs. */
export function generate(
  program: hbs.AST.Program,
  runtime: Runtime,
  where: Positions,
  data: boolean,
): TemplateFunction {
  const options: GeneratorOptions = {
    data,
    knownHelpers: runtime.knownHelpers,
    knownHelpersOnly: true,
    runtime,
  };
  positions = where;
  const environment = new PositionCompiler().compile(program, options);
  return internals.template(new EventGenerator().compile(environment, options, undefined, true));
}
