import { parseDuration } from '../core/duration.ts';
import { suggest } from '../core/suggest.ts';
import { problem, type FieldProblem, type Reply } from './reply.ts';

/** One reading of a value: what it means, or what to write instead. */
export type Reading<T> = { ok: true; value: T } | { ok: false; message: string };

/** Reads the values of a request by name and gathers what is wrong with them, to tell it all at once. */
export class Parameters {
  readonly #given: ReadonlyMap<string, unknown>;
  readonly #errors: FieldProblem[] = [];
  readonly #known = new Set<string>();

  constructor(given: ReadonlyMap<string, unknown>) {
    this.#given = given;
  }

  /** Of a query string; a name that is given twice is wrong. */
  static ofQuery(query: URLSearchParams): Parameters {
    const parameters = new Parameters(new Map(query));
    for (const name of new Set(query.keys())) {
      if (query.getAll(name).length > 1) parameters.wrong(name, 'is given twice');
    }
    return parameters;
  }

  /** Of a JSON object; undefined when the body is anything else. */
  static ofBody(body: unknown): Parameters | undefined {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
    return new Parameters(new Map(Object.entries(body)));
  }

  /** Undefined when it is absent or wrong. */
  read<T>(name: string, parse: (value: unknown) => Reading<T>): T | undefined {
    this.#known.add(name);
    const given = this.#given.get(name);
    if (given === undefined) return undefined;
    const reading = parse(given);
    if (reading.ok) return reading.value;
    this.wrong(name, reading.message);
    return undefined;
  }

  wrong(field: string, message: string): void {
    this.#errors.push({ field, message });
  }

  /** The answer to a wrong request, or undefined when all is well. To be asked once everything was read. */
  refusal(): Reply | undefined {
    for (const name of this.#given.keys()) {
      if (this.#known.has(name)) continue;
      const near = suggest(name, this.#known);
      this.wrong(name, near === undefined ? 'is not known' : `is not known; did you mean "${near}"?`);
    }
    const [first] = this.#errors;
    if (first === undefined) return undefined;
    return problem(400, `${first.field} ${first.message}`, { errors: this.#errors });
  }
}

export function asText(value: unknown): Reading<string> {
  if (typeof value === 'string' && value !== '') return { ok: true, value };
  return { ok: false, message: 'must be a text that is not empty' };
}

export function asFlag(value: unknown): Reading<boolean> {
  if (typeof value === 'boolean') return { ok: true, value };
  return { ok: false, message: 'must be true or false' };
}

/** Reads a whole number in a query string. */
export function asCount(min: number, max: number): (value: unknown) => Reading<number> {
  return (value) => {
    const count = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    if (count >= min && count <= max) return { ok: true, value: count };
    return { ok: false, message: `must be a whole number from ${min} to ${max}` };
  };
}

/** Reads one or more of `words`, separated by commas. */
export function asWords<T extends string>(words: readonly T[]): (value: unknown) => Reading<T[]> {
  return (value) => {
    const given = String(value).split(',');
    const found = words.filter((word) => given.includes(word));
    if (given.every((word) => words.some((known) => known === word))) return { ok: true, value: found };
    return { ok: false, message: `must be one or more of ${words.join(', ')}, separated by commas` };
  };
}

export function asTexts(maxCount: number): (value: unknown) => Reading<string[]> {
  return (value) => {
    const isList = Array.isArray(value) && value.length > 0 && value.length <= maxCount;
    if (isList && value.every((item) => typeof item === 'string' && item !== '')) {
      return { ok: true, value: value as string[] };
    }
    return { ok: false, message: `must be a list of 1 to ${maxCount} texts` };
  };
}

/** Wall ms of an RFC 3339 time, or of a duration that lies so long ago. */
export function asTime(now: number): (value: unknown) => Reading<number> {
  return (value) => {
    const text = typeof value === 'string' ? value.trim() : '';
    const ago = parseDuration(text);
    // A `+` in a query string arrives as a space.
    const at = ago === undefined ? parseTime(text.replace(' ', text.includes('T') ? '+' : 'T')) : now - ago;
    if (Number.isSafeInteger(Math.round(at))) return { ok: true, value: Math.round(at) };
    return { ok: false, message: 'must be a time such as 2026-01-25T12:00:00Z, or a duration such as 24h' };
  };
}

/** Date.parse reads much that is no time, so the shape is checked first. */
function parseTime(text: string): number {
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
  return shape.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
}
