import * as z from 'zod';
import { configSchema } from './schema.ts';
import type { Path } from './pointer.ts';

/** The keys that a section of the config may have; a source's depend on its `type`. */
export function knownKeys(path: Path, type?: unknown): string[] {
  let schema: unknown = configSchema;
  for (const part of path) {
    const [option] = objects(schema, type);
    if (typeof part === 'number')
      schema = unwrap(schema) instanceof z.ZodArray ? (unwrap(schema) as z.ZodArray).element : undefined;
    else schema = option?.shape[part];
  }
  return [...new Set(objects(schema, type).flatMap((object) => Object.keys(object.shape)))];
}

/** The sections, with words for where they are; a source's depends on its type. */
const places: ReadonlyArray<readonly [path: Path, words: string, type?: string]> = [
  [[], 'at the top of the file'],
  [['log'], 'in `log`'],
  [['admin'], 'in `admin`'],
  [['journal'], 'in `journal`'],
  [['sinks', 0], 'in a sink'],
  [['sinks', 0, 'retry'], 'in `retry` of a sink'],
  [['sinks', 0, 'circuit_breaker'], 'in `circuit_breaker` of a sink'],
  [['sinks', 0, 'batch'], 'in `batch` of a sink'],
  [['sinks', 0, 'tls'], 'in `tls` of a sink'],
  [['sources', 0], 'in a file source', 'file'],
  [['sources', 0], 'in an http source', 'http'],
  [['sources', 0, 'verify'], 'in `verify` of an http source'],
];

/** Every key there is, in whatever section. */
export function allKeys(): Set<string> {
  return new Set(places.flatMap(([path, , type]) => knownKeys(path, type)));
}

/** Where in the config a key is known, in words: "in `retry` of a sink". */
export function sectionsWith(key: string): string | undefined {
  return places.find(([path, , type]) => knownKeys(path, type).includes(key))?.[1];
}

function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodPipe)
    return unwrap(schema.in instanceof z.ZodTransform ? schema.out : schema.in);
  return schema;
}

function objects(schema: unknown, type: unknown): z.ZodObject[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return [inner];
  if (!(inner instanceof z.ZodDiscriminatedUnion)) return [];
  const options = inner.options.filter((option) => option instanceof z.ZodObject);
  const chosen = options.filter((option) => {
    const literal: unknown = option.shape['type'];
    return literal instanceof z.ZodLiteral && literal.value === type;
  });
  return chosen.length > 0 ? chosen : options;
}
