/** A schema as JSON; only the keywords that {@link violations} knows may stand in it. */
export type Schema = { readonly [keyword: string]: unknown };

const known = new Set([
  '$ref',
  'type',
  'const',
  'enum',
  'format',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'items',
  'properties',
  'required',
  'additionalProperties',
  'unevaluatedProperties',
  'allOf',
  'anyOf',
  'description',
  'default',
]);

/** Where and how a value breaks a schema of `document` (JSON Schema 2020-12, as far as the API description needs it). */
export function violations(value: unknown, schema: Schema, document: Schema): string[] {
  return check(value, schema, document, '$').errors;
}

interface Result {
  errors: string[];
  /** Names of the properties that some part of the schema spoke about. */
  evaluated: Set<string>;
}

function check(value: unknown, schema: Schema, document: Schema, at: string): Result {
  const errors: string[] = [];
  const evaluated = new Set<string>();
  const fail = (message: string): void => {
    errors.push(`${at}: ${message}`);
  };
  const merge = (result: Result): void => {
    errors.push(...result.errors);
    for (const name of result.evaluated) evaluated.add(name);
  };
  for (const keyword of Object.keys(schema)) {
    if (!known.has(keyword)) throw new Error(`${at}: the checker does not know the keyword ${keyword}`);
  }

  if (typeof schema['$ref'] === 'string')
    merge(check(value, resolve(schema['$ref'], document), document, at));
  for (const part of list(schema['allOf'])) merge(check(value, part, document, at));
  const anyOf = list(schema['anyOf']);
  if (anyOf.length > 0) {
    const results = anyOf.map((part) => check(value, part, document, at));
    const fitting = results.find((result) => result.errors.length === 0);
    if (fitting === undefined) fail(`fits none of anyOf: ${results.flatMap((r) => r.errors).join('; ')}`);
    else merge(fitting);
  }

  const types = [(schema['type'] ?? []) as string | string[]].flat();
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) fail(`is not ${types.join(' or ')}`);
  if ('const' in schema && value !== schema['const']) fail(`is not ${JSON.stringify(schema['const'])}`);
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(value))
    fail(`is none of ${schema['enum'].join(', ')}`);
  if (schema['format'] === 'date-time' && typeof value === 'string') {
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value)) fail('is no RFC 3339 time in UTC');
  }
  if (typeof value === 'number') {
    if (typeof schema['minimum'] === 'number' && value < schema['minimum']) fail('is too small');
    if (typeof schema['maximum'] === 'number' && value > schema['maximum']) fail('is too large');
  }

  if (Array.isArray(value)) {
    if (typeof schema['minItems'] === 'number' && value.length < schema['minItems'])
      fail('has too few items');
    if (typeof schema['maxItems'] === 'number' && value.length > schema['maxItems'])
      fail('has too many items');
    if (schema['items'] !== undefined) {
      for (const [i, item] of value.entries()) {
        errors.push(...check(item, schema['items'] as Schema, document, `${at}[${i}]`).errors);
      }
    }
  } else if (typeof value === 'object' && value !== null) {
    const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
    for (const [name, item] of Object.entries(value)) {
      const property = properties[name];
      if (property !== undefined) {
        evaluated.add(name);
        errors.push(...check(item, property, document, `${at}.${name}`).errors);
      } else if (schema['additionalProperties'] === false) fail(`${name} is not described`);
    }
    for (const name of (schema['required'] ?? []) as string[]) {
      if (!Object.hasOwn(value, name)) fail(`${name} is missing`);
    }
    if (schema['unevaluatedProperties'] === false) {
      for (const name of Object.keys(value)) if (!evaluated.has(name)) fail(`${name} is not described`);
    }
  }
  return { errors, evaluated };
}

/** The part of the document that a local reference names. */
export function resolve(reference: string, document: Schema): Schema {
  let found: unknown = document;
  for (const step of reference.replace(/^#\//, '').split('/')) {
    found = (found as Record<string, unknown>)[step];
    if (found === undefined) throw new Error(`${reference} leads nowhere`);
  }
  return found as Schema;
}

function list(value: unknown): Schema[] {
  return Array.isArray(value) ? (value as Schema[]) : [];
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}
