import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Document, Node, Scalar, YAMLMap } from 'yaml';
import type { TemplatePlace } from './config.ts';
import { isSensitiveKey } from './excerpt.ts';
import type { Range } from './excerpt.ts';
import { hasReference, interpolate } from './interpolate.ts';
import type { Interpolated, Lookup } from './interpolate.ts';
import { inlinePlace, scalarOffsets } from './place.ts';
import { pointerOf } from './pointer.ts';
import type { Path } from './pointer.ts';
import type { Report } from './report.ts';
import { unmask } from './syntax.ts';

/** Stands for a string whose variable is missing: already reported, and nothing else is said about it. */
export const unresolved: unique symbol = Symbol('unresolved');

/** Where a value stands, and whether it may be shown. */
export interface Place {
  key: Range | null;
  value: Range | null;
  /** Something was put in from outside: never to be shown. */
  replaced: boolean;
  /** The exact place inside a string, for templates. */
  template: (() => TemplatePlace) | null;
}

/** Far more than any config; aliases of aliases would otherwise multiply without bound. */
const maxNodes = 200_000;

/** The config as plain values with the place of each; keys with an empty value hold `undefined`. */
export class Tree {
  readonly value: unknown;
  readonly #places = new Map<string, Place>();
  readonly #source: string;
  readonly #report: Report;
  readonly #lookup: Lookup;
  readonly #document: Document;
  readonly #open = new Set<Node>();
  #nodes = 0;

  constructor(document: Document, source: string, report: Report, lookup: Lookup) {
    this.#document = document;
    this.#source = source;
    this.#report = report;
    this.#lookup = lookup;
    this.value = this.#build(document.contents, [], null, null);
  }

  /** The place of the value at a path, or of the nearest thing around it. */
  place(path: Path): Place | undefined {
    for (let length = path.length; length >= 0; length -= 1) {
      const found = this.#places.get(pointerOf(path.slice(0, length)));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** True when the file has this very key or entry, be its value empty. */
  has(path: Path): boolean {
    return this.#places.has(pointerOf(path));
  }

  /** The plain value at a path. */
  at(path: Path): unknown {
    let value = this.value;
    for (const part of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
      value = (value as Record<string | number, unknown>)[part];
    }
    return value;
  }

  #build(node: unknown, path: Path, key: Scalar | null, via: Range | null): unknown {
    const range = via ?? rangeOf(node);
    this.#places.set(pointerOf(path), { key: rangeOf(key), value: range, replaced: false, template: null });
    this.#nodes += 1;
    if (this.#nodes > maxNodes) {
      if (this.#nodes === maxNodes + 1) {
        this.#report.add(range, {
          code: 'too_large',
          message: 'the config holds too many values',
          hint: 'are there aliases of aliases?',
        });
      }
      return undefined;
    }
    if (isAlias(node)) return this.#alias(node.resolve(this.#document), path, key, range);
    if (isScalar(node)) return this.#scalar(node, path, key, range);
    if (!isMap(node) && !isSeq(node)) return undefined;
    if (this.#open.has(node)) {
      this.#report.add(range, { code: 'alias', message: 'this alias stands inside the value it stands for' });
      return undefined;
    }
    this.#open.add(node);
    const value = isMap(node)
      ? Object.fromEntries(this.#entries(node, path, via))
      : node.items.map((item, i) => this.#build(item, [...path, i], null, via));
    this.#open.delete(node);
    return value;
  }

  #alias(target: unknown, path: Path, key: Scalar | null, range: Range | null): unknown {
    if (target === undefined) {
      this.#report.add(range, {
        code: 'alias',
        message: 'there is no anchor of this name above',
        hint: 'put a value that begins with `*` in quotes',
      });
      return unresolved;
    }
    return this.#build(target, path, key, range);
  }

  #entries(map: YAMLMap, path: Path, via: Range | null): Array<[string, unknown]> {
    const entries = new Map<string, unknown>();
    const merged: unknown[] = [];
    for (const pair of map.items) {
      if (!isScalar(pair.key)) {
        this.#report.add(rangeOf(pair.key), { code: 'bad_key', message: 'a key must be a plain word' });
        continue;
      }
      const key = keyText(pair.key);
      if (key === '<<' && pair.key.type === 'PLAIN') {
        merged.push(pair.value);
        continue;
      }
      // Of headers the values are secret, and not the names.
      const isSecret = isSensitiveKey(key) && !(key === 'headers' && isMap(pair.value));
      if (isSecret || path.at(-1) === 'headers') this.#hide(pair.value);
      entries.set(key, this.#build(pair.value, [...path, key], via === null ? pair.key : null, via));
    }
    // What a map says itself wins over what is merged into it, whatever the order.
    for (const source of merged) this.#merge(source, path, entries);
    return [...entries];
  }

  #merge(source: unknown, path: Path, entries: Map<string, unknown>): void {
    const range = rangeOf(source);
    const target = isAlias(source) ? source.resolve(this.#document) : source;
    if (isSeq(target)) {
      for (const item of target.items) this.#merge(item, path, entries);
      return;
    }
    if (!isMap(target)) {
      this.#report.add(range, { code: 'alias', message: '`<<` takes a map, or an alias of one' });
      return;
    }
    for (const pair of target.items) {
      if (!isScalar(pair.key)) continue;
      const key = keyText(pair.key);
      if (!entries.has(key)) entries.set(key, this.#build(pair.value, [...path, key], null, range));
    }
  }

  #hide(value: unknown): void {
    const range = rangeOf(value);
    if (range !== null) this.#report.excerpts.hide(range);
  }

  #scalar(node: Scalar, path: Path, key: Scalar | null, range: Range | null): unknown {
    if (node.value === null) return undefined;
    if (typeof node.value !== 'string') {
      // `X-Version: 1.0` is the text 1.0 as a header, not the number 1.
      return path.at(-2) === 'headers' && node.source !== undefined ? node.source : node.value;
    }
    const raw = unmask(node.value);
    const offsets = (): ((index: number) => number) => scalarOffsets(node, raw, this.#source);
    const result: Interpolated = interpolate(raw, this.#lookup);
    this.#places.set(pointerOf(path), {
      key: rangeOf(key),
      value: range,
      replaced: result.replaced,
      template: () =>
        inlinePlace({
          file: this.#report.file,
          ...result,
          offsets: offsets(),
          excerpts: this.#report.excerpts,
        }),
    });
    for (const problem of result.problems) {
      const at = offsets();
      this.#report.add([at(problem.start), at(problem.start + problem.length)], problem);
    }
    if (result.problems.length > 0) return unresolved;
    return result.unset ? undefined : result.text;
  }
}

function keyText(key: Scalar): string {
  if (typeof key.value === 'string') return unmask(key.value);
  return key.source ?? String(typeof key.value === 'symbol' ? key.value.description : key.value);
}

function rangeOf(node: unknown): Range | null {
  if (typeof node !== 'object' || node === null || !('range' in node)) return null;
  const range = (node as Node).range;
  return range === null || range === undefined ? null : [range[0], range[1]];
}

/** True when a key was meant to be replaced; variables work in values only. */
export function isReferenceKey(key: string): boolean {
  return hasReference(key);
}
