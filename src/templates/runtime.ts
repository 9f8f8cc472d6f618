import { pathReader } from '../core/path.ts';
import { plainText } from './escape.ts';
import type { Escape, Position } from './escape.ts';

/**
 * A helper of ours as compiled code calls it: `this`, the place of the call, its named values, its arguments.
 * Handlebars' own way builds an options object with a location at every call, which costs more than most
 * helpers do.
 */
export type BoundHelper = (
  context: unknown,
  site: CallSite,
  hash: Record<string, unknown> | undefined,
  args: readonly unknown[],
) => unknown;

/** What is known of a helper's call when it is compiled. */
export interface CallSite {
  readonly name: string;
  readonly loc: hbs.AST.SourceLocation | undefined;
}

/**
 * What compiled code reaches besides the event: helpers, escapers and path readers in one table, which is
 * handed to partials as it is. One for each template, so nothing is shared between sinks.
 */
export interface Runtime {
  table: Record<string, unknown>;
  knownHelpers: Record<string, boolean>;
  /** Helpers that are called as {@link BoundHelper}; the others are Handlebars' own. */
  ours: ReadonlySet<string>;
  /** Call sites and programs added to the table so far. */
  entries: number;
}

export interface RuntimeParts {
  helpers: Readonly<Record<string, BoundHelper>>;
  /** Block helpers, in the form Handlebars calls. */
  blocks: Readonly<Record<string, unknown>>;
  /** What `{{#if}}` takes for true. */
  isTrue: (value: unknown) => boolean;
  escapers: Record<Position, Escape>;
}

// No name that can be written in a template begins with this character.
export const escapeKeys: Record<Position, string> = { inside: '\u0000inside', value: '\u0000value' };
export const ownKey = '\u0000own';
export const rawKey = '\u0000raw';
export const truthKey = '\u0000true';

/** The key of a path's reader in the runtime's table. */
export function pathKey(segments: readonly string[]): string {
  return `\u0000path:${JSON.stringify(segments)}`;
}

export function createRuntime({ helpers, blocks, isTrue, escapers }: RuntimeParts): Runtime {
  const table: Record<string, unknown> = {
    ...helpers,
    ...blocks,
    [escapeKeys.inside]: escapers.inside,
    [escapeKeys.value]: escapers.value,
    [ownKey]: (parent: unknown, key: string): unknown => pathReader([key])(parent),
    [rawKey]: plainText,
    [truthKey]: isTrue,
  };
  const names = [...Object.keys(helpers), ...Object.keys(blocks)];
  const knownHelpers = Object.fromEntries(names.map((name) => [name, true]));
  return { table, knownHelpers, ours: new Set(Object.keys(helpers)), entries: 0 };
}
