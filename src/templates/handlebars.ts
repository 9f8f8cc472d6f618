import Handlebars from 'handlebars';
import type { Runtime } from './runtime.ts';

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
  parseError: (message: string, hash: ParserErrorHash) => void;
  lexer: { yylloc: { first_line: number; first_column: number; last_line: number; last_column: number } };
}
export interface ParserErrorHash {
  token: string | null;
  line: number;
  expected?: string[];
}
export type Code = string | { toString(): string } | Code[];
interface AstCompiler {
  compile(program: hbs.AST.Program, options: GeneratorOptions): unknown;
  opcode(name: string, ...args: unknown[]): void;
  SubExpression(node: hbs.AST.MustacheStatement): void;
  BlockStatement(node: hbs.AST.BlockStatement): void;
  compileProgram(program: hbs.AST.Program): number;
  accept(node: hbs.AST.Node): void;
}
interface CodeGenerator {
  options: GeneratorOptions;
  compile(environment: unknown, options: GeneratorOptions, context: undefined, asObject: true): unknown;
  source: { currentLocation: hbs.AST.SourceLocation | undefined };
  environment: { children: ChildProgram[] };
  context: { programs: unknown[] };
  useDepths: boolean | undefined;
  useBlockParams: boolean | undefined;
  contextName(depth: number): string;
  programExpression(guid: number): string;
  setupParams(helper: string, count: number, params: Code[]): { hash: Code };
  invokeKnownHelper(count: number, name: string): void;
  quotedString(text: string): string;
  popStack(): Code;
  push(code: Code): unknown;
  pushSource(code: Code): void;
  appendToBuffer(code: Code): Code;
}
/** A block's body, once it is compiled. */
export interface ChildProgram {
  index: number;
  blockParams: number;
}
export interface GeneratorOptions {
  data: boolean;
  knownHelpers: Record<string, boolean>;
  knownHelpersOnly: true;
  runtime: Runtime;
}
export type TemplateFunction = (context: unknown, options: object) => string;

export const internals = Handlebars as unknown as Internals;

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
