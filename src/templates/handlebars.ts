import Handlebars from 'handlebars';
import { pathReader } from '../core/path.ts';
import type { PathReader } from '../core/path.ts';
import type { Escape, Position } from './escape.ts';

/** What Handlebars exports beside its types; version 4.7.10 is pinned, and the tests hold on to it. */
interface Internals {
  Parser: HandlebarsParser;
  Compiler: new () => AstCompiler;
  JavaScriptCompiler: new () => CodeGenerator;
  template(spec: unknown): TemplateFunction;
  parse(text: string, options?: { srcName?: string }): hbs.AST.Program;
  helpers: Record<string, (...args: never[]) => unknown>;
}
export interface HandlebarsParser {
  parseError(message: string, hash: ParserErrorHash): void;
  lexer: { yylloc: { first_line: number; first_column: number; last_line: number; last_column: number } };
}
export interface ParserErrorHash {
  token: string | null;
  line: number;
  expected?: string[];
}
type Code = string | { toString(): string } | Code[];
interface AstCompiler {
  compile(program: hbs.AST.Program, options: GeneratorOptions): unknown;
  opcode(name: string, ...args: unknown[]): void;
  SubExpression(node: hbs.AST.MustacheStatement): void;
}
interface CodeGenerator {
  options: GeneratorOptions;
  compile(environment: unknown, options: GeneratorOptions, context: undefined, asObject: true): unknown;
  quotedString(text: string): string;
  popStack(): Code;
  push(code: Code): unknown;
  pushSource(code: Code): void;
  appendToBuffer(code: Code): Code;
}
interface GeneratorOptions {
  data: boolean;
  knownHelpers: Record<string, boolean>;
  knownHelpersOnly: true;
  runtime: Runtime;
}
export type TemplateFunction = (context: unknown, options: object) => string;

export const internals = Handlebars as unknown as Internals;

/**
 * What compiled code reaches besides the event: helpers, escapers and path readers in one table, which is
 * handed to partials as it is. One for each template, so nothing is shared between sinks.
 */
export interface Runtime {
  table: Record<string, unknown>;
  knownHelpers: Record<string, boolean>;
}

const escapeKeys: Record<Position, string> = { inside: '\u0000inside', value: '\u0000value' };
const ownKey = '\u0000own';

export function createRuntime(helpers: Record<string, unknown>, escapers: Record<Position, Escape>): Runtime {
  const table: Record<string, unknown> = Object.assign(Object.create(null), helpers);
  for (const position of ['inside', 'value'] as const) table[escapeKeys[position]] = escapers[position];
  table[ownKey] = (parent: unknown, key: string): unknown => pathReader([key])(parent);
  return { table, knownHelpers: Object.fromEntries(Object.keys(helpers).map((name) => [name, true])) };
}

/** The key of a path's reader in the runtime's table. */
export function pathKey(segments: readonly string[]): string {
  return `\u0000path:${JSON.stringify(segments)}`;
}

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
    else this.opcode('append');
  }
}

class EventGenerator extends internals.JavaScriptCompiler {
  readonly compiler = EventGenerator;

  /** Equal programs are not merged: they may stand in different places of a JSON body. */
  matchExistingProgram(): undefined {}

  /** Reads own properties only, and helpers straight from their table. */
  nameLookup(parent: Code, name: string, type: string): Code {
    const key = this.quotedString(name);
    if (type === 'helper' || type === 'partial') return [parent, '[', key, ']'];
    return [`helpers[${this.quotedString(ownKey)}](`, parent, ',', key, ')'];
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

/** Options of a call: `partial` makes Handlebars use the tables as they are instead of copying them each time. */
export function callOptions(runtime: Runtime, partials: Record<string, unknown>, data: unknown): object {
  return {
    partial: true,
    helpers: runtime.table,
    partials,
    data,
    hooks: { blockHelperMissing: internals.helpers['blockHelperMissing'] },
  };
}
