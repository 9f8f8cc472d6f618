import * as z from 'zod';
import { configSchema } from './schema.ts';
import { referencePattern } from './setting.ts';

/** The JSON Schema (2020-12) of the config, for editors; made from the schema that validates. */
export function configJsonSchema(): unknown {
  return describeConfig((schema) => {
    delete schema['kind'];
  });
}

type Node = z.core.JSONSchema.BaseSchema;

/** The JSON Schema with the last word on each node; `kind` is what the reference page calls it. */
export function describeConfig(finish: (schema: Node) => void): Node {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    reused: 'inline',
    override: ({ jsonSchema }) => {
      restoreShown(jsonSchema);
      allowReferences(jsonSchema);
      allowSingle(jsonSchema);
      // A section that is left out gets its defaults; `{}` tells nobody anything.
      if (isEmptyObject(jsonSchema.default)) delete jsonSchema.default;
      finish(jsonSchema);
    },
  });
  return { ...schema, title: 'auditsink config' };
}

/** See `shown` in setting.ts. */
function restoreShown(schema: Node): void {
  const { shownDefault, shownExamples } = schema;
  delete schema['shownDefault'];
  delete schema['shownExamples'];
  if (shownDefault !== undefined) schema.default ??= shownDefault;
  if (Array.isArray(shownExamples)) schema['examples'] = shownExamples;
}

/** A variable may stand in for one of a few words. */
function allowReferences(schema: Node): void {
  if (schema.enum === undefined) return;
  schema.anyOf = [{ enum: schema.enum }, { type: 'string', pattern: referencePattern }];
  delete schema.enum;
  delete schema.type;
}

/** A list of which the only entry may stand alone. */
function allowSingle(schema: Node): void {
  if (schema['singleAllowed'] !== true) return;
  delete schema['singleAllowed'];
  const { type, items } = schema;
  if (type !== 'array' || items === undefined || Array.isArray(items)) return;
  delete schema.type;
  delete schema.items;
  schema.anyOf = [items as Node, { type: 'array', items }];
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
