import type { Clock } from '../core/clock.ts';
import { Marked } from './marked.ts';
import type { BoundHelper, CallSite } from './runtime.ts';
import { plainText } from './escape.ts';
import { TemplateError } from './problem.ts';

/** One helper: how it may be called, checked when a template is compiled, and what it does. */
export interface HelperSpec {
  /** For messages and the documentation: `truncate text length`. */
  usage: string;
  min: number;
  max: number;
  /** Names that may be given as `name=value`. */
  named?: readonly string[];
  run(args: readonly unknown[], call: HelperCall): unknown;
}

/** One call of a helper; its methods check arguments and name helper, argument and type, never the value. */
export class HelperCall {
  readonly #site: CallSite;
  /** Values given as `name=value`. */
  readonly hash: Readonly<Record<string, unknown>>;
  readonly clock: Clock;
  /** What `this` is where the helper is called. */
  readonly context: unknown;

  constructor(site: CallSite, hash: Readonly<Record<string, unknown>>, clock: Clock, context: unknown) {
    this.#site = site;
    this.hash = hash;
    this.clock = clock;
    this.context = context;
  }

  /** Text of a text, number or boolean; empty for what is missing. */
  text(value: unknown, what = 'text'): string {
    if (typeof value === 'string') return value;
    if (value instanceof Marked) return value.text;
    if (typeof value === 'object' && value !== null) {
      throw this.error(`needs ${what}, got ${typeName(value)}`, 'write (toJson …) to use it as text');
    }
    return plainText(value);
  }

  number(value: unknown, what: string): number {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
    throw this.error(`needs ${what}, got ${typeName(value)}`);
  }

  error(message: string, hint?: string): TemplateError {
    const text = `${this.#site.name} ${message}${hint === undefined ? '' : `; ${hint}`}`;
    return new TemplateError(text, this.#site.loc);
  }
}

/** The type of a value as a person would say it. */
export function typeName(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (value instanceof Marked) return 'text';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}

const nothingNamed = Object.freeze({});

/** A helper in the form compiled code calls. */
export function bindHelper(spec: HelperSpec, clock: Clock): BoundHelper {
  return (context, site, hash, args) =>
    spec.run(args, new HelperCall(site, hash ?? nothingNamed, clock, context));
}
